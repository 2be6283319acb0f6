"""A service of a host: restarted, started or stopped, and seen to be so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from bot.sdk import (
    AnsiblePlaybook,
    HostPath,
    Line,
    LiveState,
    Message,
    ServiceName,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.sdk import NotVerified, Run, Scalar, Verified

Wanted = Literal["restarted", "started", "stopped"]
_VERBS: Final[Mapping[str, str]] = {
    "restarted": "restart",
    "started": "start",
    "stopped": "stop",
}


class Service(AnsiblePlaybook, name="ansible.service"):
    """Restart, start or stop one service that the catalog allows."""

    service: ServiceName
    wanted: Wanted
    manager: Literal["systemd", "sysvinit"]
    scripts: HostPath = "/etc/init.d"
    pids: HostPath = "/run"

    def variables(self) -> Mapping[str, Scalar]:
        return {
            "service": self.service,
            "wanted": self.wanted,
            "verb": _VERBS[self.wanted],
            "manager": self.manager,
            "scripts": self.scripts,
            "pids": self.pids,
        }

    def call(self) -> str:
        return f"{_VERBS[self.wanted]} {self.service} ({self.manager}) on {self.host}"

    def facts(self, state: LiveState) -> tuple[Line, ...]:
        return tuple(
            Line(label=Message.of(f"playbook.service.fact-{name}"), value=value)
            for name, value in state.items
            if name in ("active", "pid")
        )

    def objection(self, state: LiveState) -> Message | None:
        about: dict[str, str | int | Message]
        about = {"service": self.service, "host": self.host}
        active = state.value("active") == "yes"
        if self.wanted == "started" and active:
            return Message.of("playbook.service.runs-already", about)
        if self.wanted == "stopped" and not active:
            return Message.of("playbook.service.stopped-already", about)
        return None

    def warnings(self, state: LiveState) -> tuple[Message, ...]:
        if self.wanted == "stopped":
            return (
                Message.of("playbook.service.will-stop", {"service": self.service}),
            )
        if self.wanted == "restarted" and state.value("active") != "yes":
            return (Message.of("playbook.service.was-down", {"service": self.service}),)
        return ()

    def reached(self, state: LiveState) -> bool:
        return (state.value("active") == "yes") == (self.wanted != "stopped")

    async def verify(self, run: Run) -> Verified | NotVerified:
        """Also for a restart: the main process is another one than was approved."""
        found = await super().verify(run)
        if self.wanted == "restarted" and not await self.moved(run):
            return self.lost()
        return found
