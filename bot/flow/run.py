"""What a playbook or an observation is given while the worker runs it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.domain.audit import EventName, instant
from bot.domain.errors import Broken, OutcomeUnknown, Refused, Unavailable
from bot.domain.message import Message
from bot.domain.outgoing import Outgoing, Way
from bot.domain.writes import Writes
from bot.flow.repository import ClientRepository
from bot.flow.saying import thread, told

if TYPE_CHECKING:
    from datetime import datetime

    from pydantic import SecretStr

    from bot.domain.certificate import TlsSession
    from bot.domain.database import DatabaseSession
    from bot.domain.host import HostSession
    from bot.domain.lease import Minted, Wrapped
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
    database_session: DatabaseSession | None = None
    # What was lent, where a secret may be wrapped with it.
    minted: Minted | None = None
    tls_session: TlsSession | None = None

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
    def database(self) -> DatabaseSession:
        """The database server, if that is what was lent."""
        if self.database_session is None:
            raise Broken(f"no database was lent for operation {self.of.id}")
        return self.database_session

    @property
    def handed(self) -> bool:
        """Whether a secret was handed over before this run began."""
        return self.of.progress.handed

    @property
    def tls(self) -> TlsSession:
        """The domain, if certificates for one were lent."""
        if self.tls_session is None:
            raise Broken(f"no domain was lent for operation {self.of.id}")
        return self.tls_session

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

    async def hand_over(self, secret: SecretStr, *, what: Message) -> None:
        """
        Send the one who asked a token that opens the secret once.

        That it was handed over, the audit of it and the message are one transaction: a
        crash before it leaves a token that nobody knows, which dies within the hour.
        """
        wrapped = await self._wrapped(secret)
        latest = await self.back.store.operation(self.of.client, id=self.of.id)
        if latest is None:
            raise Broken(f"operation {self.of.id} is gone")
        until = instant(wrapped.expires_at)
        progress = latest.progress.model_copy(update={"handed": True})
        body: dict[str, object] = {
            "what": what.model_dump(mode="json"),
            "to": latest.requester,
            "until": until,
            "accessor": wrapped.accessor,
        }
        await self.back.store.write(
            Writes(
                client=latest.client,
                at=self.back.now(),
                saves=(latest.advanced(progress),),
                events=(told(EventName.HANDOVER_MADE, latest, body),),
                says=self._letters(wrapped, what=what),
            )
        )

    async def _wrapped(self, secret: SecretStr) -> Wrapped:
        if self.minted is None:
            raise Broken(f"nothing was lent to wrap a secret of {self.of.id} with")
        try:
            return await self.back.lender.wrap(self.minted, secret)
        except OutcomeUnknown as unknown:
            # A token that nobody got opens nothing for anybody: no doubt about it.
            raise Unavailable(unknown.system, unknown.detail) from unknown

    def _letters(self, wrapped: Wrapped, *, what: Message) -> tuple[Outgoing, ...]:
        """Return the direct message, where the one who asked is known by a user."""
        person = self.back.catalog.current().member(self.of.requester)
        users = [
            one.user
            for one in (person.slack if person is not None else ())
            if one.team == self.of.place.team
        ]
        if not users:
            raise Refused(Message.of("handover.nobody"))
        token = wrapped.token.get_secret_value()
        line = f"bao unwrap -address={wrapped.address} {token}"
        args: dict[str, str | int | Message] = {
            "what": what,
            "token": Message.of("text.exact", {"text": token}),
            "line": Message.of("text.exact", {"text": line}),
            "until": f"{wrapped.expires_at:%H:%M} UTC",
        }
        return tuple(
            Outgoing(
                way=Way.DIRECT,
                place=user,
                user=user,
                operation=self.of.id,
                message=Message.of("handover.told", args),
            )
            for user in users[:1]
        )

    async def sleep(self, seconds: float) -> None:
        """Wait, on the clock that was handed in."""
        await self.back.sleep(seconds)

    def now(self) -> datetime:
        """Return the moment it is."""
        return self.back.now()
