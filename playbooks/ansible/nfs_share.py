"""A folder of a host, exported by NFS to named hosts, and seen to be so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

from pydantic import Field

from bot.sdk import AnsiblePlaybook, HostPath, Line, LiveState, Message, ShareName

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.sdk import Scalar

_OPTIONS: Final = "rw,sync,no_subtree_check,root_squash"
_SHOWN: Final = ("folder", "exported", "fits")


class NfsShare(AnsiblePlaybook, name="ansible.nfs_share"):
    """Make a folder and export it, in a file of its own below `/etc/exports.d`."""

    share: ShareName
    root: HostPath
    exports: HostPath
    # Addresses with commas between them, as the catalog has them.
    clients: str
    bytes: Annotated[int, Field(ge=1)]

    @property
    def path(self) -> str:
        """The folder that is exported."""
        return f"{self.root}/{self.share}"

    @property
    def line(self) -> str:
        """The line of exports(5)."""
        to = (f"{one}({_OPTIONS})" for one in self.clients.split(","))
        return " ".join((self.path, *to))

    def variables(self) -> Mapping[str, Scalar]:
        return {
            "path": self.path,
            "root": self.root,
            "exports": self.exports,
            "fragment": f"{self.exports}/{self.share}.exports",
            "line": self.line,
            "bytes": self.bytes,
        }

    def call(self) -> str:
        return f"export {self.line} on {self.host}"

    def facts(self, state: LiveState) -> tuple[Line, ...]:
        mount = f"{self.address}:{self.path} /mnt/{self.share} nfs defaults 0 0"
        found = dict(state.items)
        return (
            *(
                Line(label=Message.of(f"playbook.nfs.fact-{name}"), value=found[name])
                for name in _SHOWN
                if name in found
            ),
            Line(label=Message.of("playbook.nfs.fact-mount"), value=mount),
        )

    def objection(self, state: LiveState) -> Message | None:
        about: dict[str, str | int | Message] = {"path": self.path, "host": self.host}
        if state.value("line") != "-":
            return Message.of("playbook.nfs.there-already", about)
        if state.value("folder") != "none":
            return Message.of("playbook.nfs.folder-already", about)
        if state.value("fits") != "yes":
            return Message.of("playbook.nfs.no-room", about)
        return None

    def warnings(self, state: LiveState) -> tuple[Message, ...]:  # noqa: ARG002 - it is always so
        return (Message.of("playbook.nfs.no-limit"),)

    def reached(self, state: LiveState) -> bool:
        wanted = ",".join(sorted(self.clients.split(",")))
        return (
            state.value("folder") == "there"
            and state.value("line") == self.line
            and state.value("exported") == wanted
        )

    def undo(self) -> Message | None:
        return Message.of("playbook.nfs.no-undo", {"path": self.path})
