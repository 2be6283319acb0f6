"""What a playbook or an observation is given while the worker runs it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.domain.errors import Broken
from bot.domain.writes import Writes
from bot.flow.repository import ClientRepository
from bot.flow.saying import thread

if TYPE_CHECKING:
    from datetime import datetime

    from bot.domain.host import HostSession
    from bot.domain.message import Message
    from bot.domain.operation import Operation
    from bot.domain.playbook import AwsSession
    from bot.ports import Back


@dataclass(frozen=True, slots=True)
class WorkerRun:
    """One run for one operation, with the session that was lent for it."""

    of: Operation
    back: Back
    aws_session: AwsSession | None = None
    host_session: HostSession | None = None

    @property
    def before(self) -> str:
        """Fingerprint of the live state that was approved."""
        proposal = self.of.proposal
        return "" if proposal is None else proposal.bound.live_state

    @property
    def aws(self) -> AwsSession:
        """AWS, if that is what was lent."""
        if self.aws_session is None:
            raise Broken(f"no AWS session was lent for operation {self.of.id}")
        return self.aws_session

    @property
    def host(self) -> HostSession:
        """The host, if that is what was lent."""
        if self.host_session is None:
            raise Broken(f"no host was lent for operation {self.of.id}")
        return self.host_session

    @property
    def repository(self) -> ClientRepository:
        """The client's project."""
        return ClientRepository(self.of, self.back)

    @property
    def operation(self) -> str:
        """The operation's id, from which names that must not repeat are made."""
        return self.of.id

    @property
    def client(self) -> str:
        """The client whose things are touched."""
        return self.of.client

    async def progress(self, message: Message) -> None:
        """Say how far it is, under the card."""
        await self.back.store.write(
            Writes(
                client=self.of.client,
                at=self.back.now(),
                says=(thread(self.of, message),),
            )
        )

    async def sleep(self, seconds: float) -> None:
        """Wait, on the clock that was handed in."""
        await self.back.sleep(seconds)

    def now(self) -> datetime:
        """Return the moment it is."""
        return self.back.now()
