"""
What really happened, append-only: the oracle of the tests.

Every mutating API call (performed or refused), push, merge, job run, and everything
GitLab would read into a person's text is one line of `ledger.jsonl`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict

from deploy.sandbox import clock

if TYPE_CHECKING:
    from pathlib import Path

Kind = Literal[
    "api.called",
    "branch.pushed",
    "merge_request.merged",
    "job.started",
    "job.finished",
    "hook.sent",
    "hook.dropped",
    "quick_action.performed",
    "mention.sent",
    "reference.made",
    "issue.opened",
]


class Entry(BaseModel):
    """One effect. `status` is the HTTP status or the job's; `detail` what it was on."""

    model_config = ConfigDict(frozen=True)

    at: str
    kind: Kind
    actor: str
    project: str
    status: str = ""
    detail: dict[str, str | int] = {}


class Ledger:
    """Append-only entries, in memory and in one file; an old file is read back."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.entries: list[Entry] = []
        if file.exists():
            lines = file.read_text("utf-8").split("\n")
            # A kill in the middle of a write leaves at most one torn last line.
            self.entries = [Entry.model_validate_json(line) for line in lines[:-1]]
            file.write_text("".join(f"{line}\n" for line in lines[:-1]), "utf-8")

    def add(
        self,
        kind: Kind,
        *,
        actor: str,
        project: str,
        status: str = "",
        detail: dict[str, str | int] | None = None,
    ) -> None:
        """Append one entry; it is in the file when this returns."""
        entry = Entry(
            at=clock.now().isoformat(),
            kind=kind,
            actor=actor,
            project=project,
            status=status,
            detail=detail or {},
        )
        self.entries.append(entry)
        with self._file.open("a", encoding="utf-8") as out:
            out.write(json.dumps(entry.model_dump()) + "\n")

    def of(self, kind: Kind) -> list[Entry]:
        """Return the entries of one kind, oldest first."""
        return [entry for entry in self.entries if entry.kind == kind]
