"""
The ledger: every call that changed something or was refused, in the order it happened.

It is the oracle of tests and storms: what the cloud saw, whatever the bot believes. One
JSON line an entry, appended only. The last performed entry also travels with the
world's own state (`world.py`), so that a kill between the two loses neither.
"""

from __future__ import annotations

import fnmatch
import os
import threading
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from pathlib import Path

Outcome = Literal["performed", "failed", "denied"]


class Entry(BaseModel):
    """One call: who, what, on what, and what became of it. Holds no secret."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seq: int
    at: datetime
    principal: str
    session: str
    action: str
    region: str
    resources: tuple[str, ...]
    parameters: dict[str, str]
    outcome: Outcome
    code: str = ""
    fault: str = ""


class Ledger:
    """The entries of one world, in memory and in a file."""

    def __init__(self, path: Path) -> None:
        """Read what an earlier process left; a torn last line is cut off."""
        self._path = path
        self._lock = threading.Lock()
        kept = path.read_bytes() if path.exists() else b""
        whole = kept[: kept.rfind(b"\n") + 1]
        if len(whole) != len(kept):
            os.truncate(path, len(whole))
        self._entries = [Entry.model_validate_json(line) for line in whole.splitlines()]

    @property
    def next_seq(self) -> int:
        """The number that the next entry must carry."""
        return len(self._entries)

    def append(self, entry: Entry) -> None:
        """Add an entry that carries `next_seq`; one already there is left alone."""
        with self._lock:
            if entry.seq < len(self._entries):
                return
            line = entry.model_dump_json().encode() + b"\n"
            with self._path.open("ab", buffering=0) as file:
                file.write(line)
            self._entries.append(entry)

    def entries(self, *, since: int = 0) -> tuple[Entry, ...]:
        """Return the entries from number `since` on."""
        with self._lock:
            return tuple(self._entries[since:])

    def effects(self, action: str = "*") -> tuple[Entry, ...]:
        """Return what was really done, by action (`rds:*` and the like)."""
        return self._with("performed", action)

    def denials(self, action: str = "*") -> tuple[Entry, ...]:
        """Return what was refused for want of rights, by action."""
        return self._with("denied", action)

    def _with(self, outcome: Outcome, action: str) -> tuple[Entry, ...]:
        """Return the entries of one outcome whose action fits the pattern."""
        return tuple(
            entry
            for entry in self.entries()
            if entry.outcome == outcome and fnmatch.fnmatchcase(entry.action, action)
        )
