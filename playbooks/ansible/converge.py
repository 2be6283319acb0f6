"""A host converged by Chef, once, and what its client ended with."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from bot.sdk import (
    AnsiblePlaybook,
    Happened,
    HostPath,
    Line,
    LiveState,
    Message,
    NotVerified,
    Preview,
    Verified,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.sdk import Run, Scalar

_ENDED: Final = re.compile(r"([a-z0-9-]{8,60}) ([0-9]{1,3})")
# https://docs.chef.io/ctl_chef_client/: with these the run itself is through.
_THROUGH: Final = frozenset({0, 35, 37})
_MEANINGS: Final = {
    1: "failed",
    2: "interrupted",
    3: "terminated",
    35: "reboot-scheduled",
    37: "reboot-needed",
    41: "reboot-failed",
    42: "audit-failed",
    213: "upgraded",
}


class Converge(AnsiblePlaybook, name="ansible.converge"):
    """Run the Chef client of a host once."""

    client: HostPath

    def variables(self) -> Mapping[str, Scalar]:
        return {"client": self.client}

    async def given(self, run: Run) -> Mapping[str, Scalar]:
        return {**self.variables(), "operation": run.operation}

    def call(self) -> str:
        return f"{self.client} --once on {self.host}"

    def facts(self, state: LiveState) -> tuple[Line, ...]:
        version = state.value("version") or "-"
        return (
            Line(label=Message.of("playbook.converge.fact-version"), value=version),
        )

    def objection(self, state: LiveState) -> Message | None:
        if (state.value("version") or "-") == "-":
            about: dict[str, str | int | Message]
            about = {"client": self.client, "host": self.host}
            return Message.of("playbook.converge.absent", about)
        return None

    def warnings(self, state: LiveState) -> tuple[Message, ...]:  # noqa: ARG002 - it is always so
        return (Message.of("playbook.converge.blind"),)

    def reached(self, state: LiveState) -> bool:
        found = _ENDED.fullmatch(state.value("ended") or "")
        return found is not None and int(found[2]) in _THROUGH

    async def preview(self, run: Run) -> Preview:
        """Show no diff: what is known beforehand is which program would be run."""
        seen = await super().preview(run)
        return seen.model_copy(update={"diff": ""})

    async def verify(self, run: Run) -> Verified | NotVerified:
        found = _ENDED.fullmatch((await self.read(run)).value("ended") or "")
        if found is None or found[1] != run.operation:
            return self.lost()
        code = int(found[2])
        meaning = _MEANINGS.get(code, "other")
        key = f"playbook.converge.code-{meaning}"
        told = Message.of(
            "playbook.converge.ended",
            {"code": code, "host": self.host, "meaning": Message.of(key)},
        )
        if code not in _THROUGH:
            return NotVerified(reason=told)
        label = Message.of("playbook.converge.fact-ended")
        facts = [Line(label=label, value=str(code))]
        if code:
            facts.append(Line(label=Message.of(key), value=str(code)))
        return Verified(facts=tuple(facts))

    async def happened(self, run: Run) -> Happened:
        """Return what the host has noted of this very operation."""
        noted = await self.read(run)
        ended = _ENDED.fullmatch(noted.value("ended") or "")
        if ended is not None and ended[1] == run.operation:
            return Happened.YES
        if noted.value("begun") == run.operation:
            return Happened.UNKNOWN
        return Happened.NO

    def undo(self) -> Message | None:
        return Message.of("playbook.converge.no-undo")
