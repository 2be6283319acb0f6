"""
The stand-in's memory on disk: one SQLite file, one row a record.

Each `save` is one transaction, so a kill -9 leaves either all of a step or none of it.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Self, TypeVar

from deploy.sandbox.gitlab.records import Record

if TYPE_CHECKING:
    from pathlib import Path

R = TypeVar("R", bound=Record)


class Store:
    """Records by class and id, written through to SQLite."""

    def __init__(self, file: Path) -> None:
        # Handlers and runner share one event loop; the check would only forbid a
        # server that runs in another thread than the one that opened the world.
        self._db = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS record"
            " (kind TEXT, id INTEGER, body TEXT NOT NULL, PRIMARY KEY (kind, id))"
        )
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS sequence (name TEXT PRIMARY KEY, last INTEGER)"
        )

    def load(self, kind: type[R]) -> dict[int, R]:
        """Return all records of one class by id, oldest first."""
        rows = self._db.execute(
            "SELECT id, body FROM record WHERE kind = ? ORDER BY id", (kind.__name__,)
        )
        return {key: kind.model_validate_json(body) for key, body in rows}

    def save(self, *records: Record) -> None:
        """Write these records in one transaction."""
        self._db.execute("BEGIN IMMEDIATE")
        self._db.executemany(
            "INSERT OR REPLACE INTO record VALUES (?, ?, ?)",
            [(type(r).__name__, r.id, r.model_dump_json()) for r in records],
        )
        self._db.execute("COMMIT")

    def next(self, name: str) -> int:
        """Return the next number of a named sequence, from 1, never twice."""
        row = self._db.execute(
            "INSERT INTO sequence VALUES (?, 1)"
            " ON CONFLICT (name) DO UPDATE SET last = last + 1 RETURNING last",
            (name,),
        ).fetchone()
        return int(row[0])

    def close(self) -> None:
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
