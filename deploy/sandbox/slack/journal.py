"""
How the world survives a kill: one line of JSON for each thing that changed.

The last line about a thing wins. A line is written in one call and handed to the
operating system before the change is answered, so `kill -9` loses nothing; a power cut
may (there is no fsync). A torn last line is dropped.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from deploy.sandbox.slack.workspace import Json


def lines_of(path: Path) -> Iterator[Json]:
    """Yield each whole line of a JSONL file; a line that was cut short ends it."""
    if not path.exists():
        return
    with path.open(encoding="utf-8", errors="replace") as file:
        for line in file:
            try:
                yield json.loads(line)
            except ValueError:
                return


def append_line(path: Path, value: Json) -> None:
    """Append one line in one write, and leave no handle open."""
    data = (json.dumps(value, separators=(",", ":")) + "\n").encode()
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(handle, data)
    finally:
        os.close(handle)


class Journal:
    """Remembers values by (kind, id); in memory alone when no path is given."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._loaded: dict[tuple[str, str], Json] = {}
        if path is not None:
            self._load(path)

    def _load(self, path: Path) -> None:
        for line in lines_of(path):
            key = (line["kind"], line["id"])
            if line["value"] is None:
                self._loaded.pop(key, None)
            else:
                self._loaded[key] = line["value"]
        # Rewritten folded, so that a long life does not make a long start.
        fresh = path.with_suffix(".fresh")
        fresh.unlink(missing_ok=True)
        rows = (
            json.dumps({"kind": kind, "id": name, "value": value})
            for (kind, name), value in self._loaded.items()
        )
        fresh.write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")
        fresh.replace(path)

    def loaded(self, kind: str) -> Iterator[Json]:
        """Yield what an earlier life of this world left of one kind."""
        for (each, _), value in self._loaded.items():
            if each == kind:
                yield value

    def put(self, kind: str, name: str, value: Json) -> None:
        if self._path is not None:
            append_line(self._path, {"kind": kind, "id": name, "value": value})

    def drop(self, kind: str, name: str) -> None:
        if self._path is not None:
            append_line(self._path, {"kind": kind, "id": name, "value": None})
