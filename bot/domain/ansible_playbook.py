"""
A playbook that Ansible carries out on one host.

Such a playbook is a typed class and a folder of its name beside it: `read.yml` tells
the state (`set_stats`, changing nothing), `run.yml` makes the change and
`argument_specs.yml` says which variables there are. The folder is read once, when the
class is made: what was hashed and approved is what runs, whatever happens on disk.
"""

from __future__ import annotations

import hashlib
import json
import sys
from abc import abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

from bot.domain.errors import Broken, Refused
from bot.domain.host import Play, Step, StepStatus
from bot.domain.message import Message
from bot.domain.playbook import (
    Happened,
    LiveState,
    NotVerified,
    Playbook,
    Preview,
    Verified,
)
from bot.domain.scope import (
    HostAddress,
    HostName,
    Port,
    SshHostKey,
    SshPrincipal,
    SshScope,
    UnixUser,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import SecretStr

    from bot.domain.catalog import Host
    from bot.domain.change import Scalar
    from bot.domain.host import Played
    from bot.domain.playbook import Run
    from bot.domain.proposal import Line
    from bot.domain.scope import Scope

_READ: Final = "read.yml"
_RUN: Final = "run.yml"


class AnsiblePlaybook(Playbook):
    """A change of one host, made by the Ansible playbook in the folder of its name."""

    files: ClassVar[tuple[tuple[str, str], ...]] = ()

    host: HostName
    address: HostAddress
    port: Port
    user: UnixUser
    principal: SshPrincipal
    host_key: SshHostKey
    python: str
    become: bool

    def __init_subclass__(cls, *, name: str = "", **more: object) -> None:
        """Take the folder beside the class's own file into memory and into the hash."""
        super().__init_subclass__(name=name, **more)
        if not name:
            return
        folder = Path(str(sys.modules[cls.__module__].__file__)).with_suffix("")
        found = sorted(one for one in folder.rglob("*") if one.is_file())
        cls.files = tuple(
            (one.relative_to(folder).as_posix(), one.read_text(encoding="utf-8"))
            for one in found
        )
        if not {_READ, _RUN} <= dict(cls.files).keys():
            raise Broken(f"playbook {name!r} needs {_READ} and {_RUN}")
        whole = json.dumps([cls.source_hash, cls.files])
        cls.source_hash = hashlib.sha256(whole.encode()).hexdigest()

    @classmethod
    def on(cls, host: Host, **inputs: Scalar) -> Self:
        """
        Return this procedure for a host of the catalog, with its other inputs.

        Refused, with the catalog's reason, while the host is out of reach.
        """
        if host.out_of_reach is not None:
            args: dict[str, str | int | Message]
            args = {"host": host.name, "reason": host.out_of_reach}
            raise Refused(Message.of("host.out-of-reach", args))
        return cls.model_validate(
            {"host": host.name, **host.ssh.model_dump(), **inputs}
        )

    @classmethod
    def actions(cls) -> tuple[str, ...]:
        """Return no name: the right to log in is the host's, not a playbook's."""
        return ()

    def preview_scope(self) -> Scope:
        return self.login()

    def scope(self, operation: str) -> Scope:  # noqa: ARG002 - its key is new anyway
        return self.login()

    def login(self) -> SshScope:
        """Return the right to log in on this host."""
        reach = {name: getattr(self, name) for name in SshScope.model_fields}
        return SshScope.model_validate(reach)

    @abstractmethod
    def variables(self) -> Mapping[str, Scalar]:
        """Return the variables of `read.yml` and `run.yml`."""

    async def given(self, run: Run) -> Mapping[str, Scalar]:  # noqa: ARG002 - for those that ask the world
        """Return the variables, with those that only the world knows."""
        return self.variables()

    @abstractmethod
    def call(self) -> str:
        """Return in one line what is done, as the card shows it."""

    @abstractmethod
    def facts(self, state: LiveState) -> tuple[Line, ...]:
        """Return what the card shows of the state."""

    @abstractmethod
    def reached(self, state: LiveState) -> bool:
        """Return whether this is the state that the change is to bring about."""

    def begun(self, state: LiveState) -> bool:  # noqa: ARG002 - for those that can tell
        """
        Return whether this is half the change, and to make it again makes it whole.

        Only for what may be repeated, and only where nobody else can have begun it.
        """
        return False

    def objection(self, state: LiveState) -> Message | None:  # noqa: ARG002 - to be looked at
        """Return why it cannot or need not be done from this state."""
        return None

    def warnings(self, state: LiveState) -> tuple[Message, ...]:  # noqa: ARG002 - as above
        """Return what is dangerous about doing it in this state."""
        return ()

    async def preview(self, run: Run) -> Preview:
        seen, state = await self._seen(run)
        objection = self.objection(state)
        if objection is not None:
            raise Refused(objection)
        return Preview(
            facts=self.facts(state),
            calls=(self.call(),),
            state=state,
            diff=seen.diff,
            warnings=self.warnings(state),
        )

    async def run(self, run: Run) -> None:
        await self.make(run, variables=await self.given(run))

    async def make(
        self,
        run: Run,
        *,
        variables: Mapping[str, Scalar],
        secrets: Mapping[str, SecretStr] | None = None,
    ) -> None:
        """Make the change; Refused with the host's words if a task failed."""
        play = Play(files=self.files, entry=_RUN)
        await self.played(run, play, variables, secrets=secrets)

    async def played(
        self,
        run: Run,
        play: Play,
        variables: Mapping[str, Scalar],
        *,
        secrets: Mapping[str, SecretStr] | None = None,
    ) -> Played:
        """Run a play, telling in the thread what it did; Refused where it failed."""

        async def hear(step: Step) -> None:
            if step.status in (StepStatus.CHANGED, StepStatus.FAILED):
                args: dict[str, str | int | Message] = {"task": step.task}
                key = f"playbook.ansible.{step.status.value}"
                await run.progress(Message.of(key, args))

        played = await run.host.play(
            play, variables=variables, secrets=secrets, hear=hear
        )
        self.must_have_gone_well(played)
        return played

    async def verify(self, run: Run) -> Verified | NotVerified:
        state = await self.read(run)
        return Verified(facts=self.facts(state)) if self.reached(state) else self.lost()

    def lost(self) -> NotVerified:
        """Return that the host is not as promised."""
        return NotVerified(
            reason=Message.of("playbook.ansible.not-there", {"call": self.call()})
        )

    async def moved(self, run: Run) -> bool:
        """Return whether the state is another than the one that was approved."""
        _, state = await self._seen(run)
        return state.fingerprint != run.before

    async def happened(self, run: Run) -> Happened:
        """
        Return YES only if the state moved from the one approved to the one wanted.

        The approved state was compared right before the change was announced, so what
        is still the same was not changed. What was only begun has not happened yet.
        """
        _, state = await self._seen(run)
        if state.fingerprint == run.before:
            return Happened.NO
        if self.reached(state):
            return Happened.YES
        return Happened.NO if self.begun(state) else Happened.UNKNOWN

    async def _seen(self, run: Run) -> tuple[Played, LiveState]:
        """Return what would be done, and the state, which that is part of."""
        state = await self.read(run)
        would = await run.host.play(
            Play(files=self.files, entry=_RUN),
            variables=await self.given(run),
            check=True,
        )
        self.must_have_gone_well(would)
        digest = hashlib.sha256(would.diff.encode()).hexdigest()
        return would, LiveState(items=(*state.items, ("diff", digest)))

    async def read(self, run: Run) -> LiveState:
        """Return what `read.yml` tells of the host."""
        played = await run.host.play(
            Play(files=self.files, entry=_READ), variables=await self.given(run)
        )
        self.must_have_gone_well(played)
        if played.changed:
            raise Broken(f"{self.name}/{_READ} changed the host")
        return LiveState(items=played.said)

    def must_have_gone_well(self, played: Played) -> None:
        """Raise what the host said where a task failed."""
        if played.failed is None:
            return
        args: dict[str, Any] = {
            "host": self.host,
            "task": played.failed.task,
            "reason": played.failed.reason,
        }
        raise Refused(Message.of("playbook.ansible.task-failed", args))
