"""The one error of the stand-in, printed the way terraform prints its own."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Where:
    """A place in a configuration file; lines and columns count from one."""

    file: str
    line: int
    column: int = 1
    text: str = ""


class TerraformError(Exception):
    """Ends the run with exit code 1; the person reads the summary, place and detail."""

    def __init__(
        self, summary: str, *, detail: str = "", where: Where | None = None
    ) -> None:
        super().__init__(summary)
        self.summary = summary
        self.detail = detail
        self.where = where

    def __str__(self) -> str:
        lines = [f"Error: {self.summary}"]
        if self.where is not None:
            lines += ["", f"  on {self.where.file} line {self.where.line}:"]
            first = self.where.text.splitlines()[:1]
            lines += [f"  {self.where.line:>4}: {text}" for text in first]
        if self.detail:
            lines += ["", self.detail]
        return "\n".join(lines)


def not_evaluated(what: str, where: Where) -> TerraformError:
    """Return the refusal of a piece of the language that the stand-in leaves out."""
    return TerraformError(
        "Not evaluated by the sandbox's stand-in",
        detail=f"{where.file}:{where.line}: the sandbox's terraform stand-in does not "
        f"evaluate {what}; install terraform to run it for real.",
        where=where,
    )
