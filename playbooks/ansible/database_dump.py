"""A copy of a database that runs on a host, made there and kept there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from bot.sdk import (
    AnsiblePlaybook,
    HostDatabaseName,
    HostPath,
    Line,
    LiveState,
    Message,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.sdk import Run, Scalar

_SUFFIX = {"mysql": "sql", "postgresql": "dump"}
_SHOWN = ("file", "bytes", "sha256")


class DatabaseDump(AnsiblePlaybook, name="ansible.database_dump"):
    """
    Have mysqldump or pg_dump write one database into a file named after the operation.

    How to log in stands in a file on the host and never leaves it.
    """

    database: HostDatabaseName
    engine: Literal["mysql", "postgresql"]
    access: HostPath
    folder: HostPath

    def variables(self) -> Mapping[str, Scalar]:
        return {
            "database": self.database,
            "engine": self.engine,
            "access": self.access,
            "folder": self.folder,
        }

    async def given(self, run: Run) -> Mapping[str, Scalar]:
        return {**self.variables(), "file": self.file(run.operation)}

    def file(self, operation: str) -> str:
        """Return where this operation's copy is; no other has it."""
        name = f"{self.database}-{operation}.{_SUFFIX[self.engine]}"
        return f"{self.folder}/{name}"

    def call(self) -> str:
        return f"copy {self.database} ({self.engine}) into {self.folder} on {self.host}"

    def facts(self, state: LiveState) -> tuple[Line, ...]:
        return tuple(
            Line(label=Message.of(f"playbook.dump.fact-{name}"), value=value)
            for name, value in state.items
            if name in _SHOWN and state.value("file") != "-"
        )

    def objection(self, state: LiveState) -> Message | None:
        about: dict[str, str | int | Message]
        about = {"database": self.database, "host": self.host}
        if state.value("folder") != "there":
            return Message.of("playbook.dump.no-folder", about)
        found = state.value("file") or "-"
        if found != "-":
            return Message.of("playbook.dump.there-already", {"file": found})
        if state.value("fits") != "yes":
            return Message.of("playbook.dump.no-room", about)
        return None

    def reached(self, state: LiveState) -> bool:
        """Whether the copy is there, is not empty and has the checksum noted of it."""
        return (
            state.value("file") != "-"
            and state.value("bytes") not in (None, "0")
            and state.value("sha256") not in (None, "-")
        )

    def undo(self) -> Message | None:
        return Message.of("playbook.dump.no-undo")
