"""
What really happened, in order: the oracle that tests and storms trust.

Every call the app made (accepted or refused), every delivery to it and every person's
gesture is one numbered entry. Tokens are never in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from deploy.sandbox.slack.journal import append_line, lines_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from deploy.sandbox.slack.workspace import Json

Kind: TypeAlias = Literal["api", "delivery", "response_url", "person", "breach"]


class Entry(BaseModel):
    """One thing that happened. `outcome` is "ok" or the error that was answered."""

    model_config = ConfigDict(frozen=True)

    n: int
    at: str
    kind: Kind
    name: str
    outcome: str
    channel: str = ""
    user: str = ""
    ts: str = ""
    detail: dict[str, Any] = Field(default_factory=dict)

    @property
    def ok(self) -> bool:
        return self.outcome == "ok"


class Ledger:
    """Append-only; numbers go on rising over restarts when a file is given."""

    def __init__(self, now: Callable[[], datetime], path: Path | None = None) -> None:
        self._now = now
        self._path = path
        self.entries: list[Entry] = []
        if path is not None:
            self.entries.extend(read_entries(path))
            self._mend(path)

    def _mend(self, path: Path) -> None:
        """End a line that a kill cut short, so that the next one stands alone."""
        if path.exists() and not path.read_bytes().endswith(b"\n"):
            self._rewrite(path)

    def _rewrite(self, path: Path) -> None:
        fresh = path.with_suffix(".fresh")
        rows = (entry.model_dump_json() + "\n" for entry in self.entries)
        fresh.write_text("".join(rows), encoding="utf-8")
        fresh.replace(path)

    def note(
        self,
        kind: Kind,
        name: str,
        *,
        outcome: str = "ok",
        channel: str = "",
        user: str = "",
        ts: str = "",
        detail: Json | None = None,
    ) -> Entry:
        """Append one entry and return it."""
        entry = Entry(
            n=self.entries[-1].n + 1 if self.entries else 1,
            at=self._now().isoformat(),
            kind=kind,
            name=name,
            outcome=outcome,
            channel=channel,
            user=user,
            ts=ts,
            detail=detail or {},
        )
        self.entries.append(entry)
        if self._path is not None:
            append_line(self._path, entry.model_dump(mode="json"))
        return entry

    def calls(self, method: str | None = None) -> list[Entry]:
        """Every Web API call, or those of one method, refused ones included."""
        return [e for e in self.entries if e.kind == "api" and method in {None, e.name}]

    def posts(self, channel: str | None = None) -> list[Entry]:
        """Every `chat.postMessage` that made a message, whoever heard the answer."""
        return [
            e
            for e in self.calls("chat.postMessage")
            if e.ts and channel in {None, e.channel}
        ]

    def updates(self, channel: str, ts: str) -> list[Entry]:
        """Every accepted `chat.update` of one message, oldest first."""
        wanted = (channel, ts)
        return [
            e for e in self.calls("chat.update") if e.ok and (e.channel, e.ts) == wanted
        ]

    def refused(self) -> list[Entry]:
        """Every call of the app that was refused."""
        ours = {"api", "response_url"}
        return [e for e in self.entries if e.kind in ours and not e.ok]

    def deliveries(self, name: str | None = None) -> list[Entry]:
        """Every delivery to the app: `/infra`, `block_actions`, `view_submission`."""
        return [
            e for e in self.entries if e.kind == "delivery" and name in {None, e.name}
        ]

    def breaches(self) -> list[Entry]:
        """Payloads of this stand-in that its own contract refused: must be none."""
        return [e for e in self.entries if e.kind == "breach"]

    def since(self, n: int) -> list[Entry]:
        """Every entry numbered above `n`."""
        return [e for e in self.entries if e.n > n]


def read_entries(path: Path) -> list[Entry]:
    """Read a ledger file from another process; a half-written last line is left out."""
    return [Entry.model_validate(line) for line in lines_of(path)]
