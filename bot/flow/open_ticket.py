"""
Stage `open_ticket`: the issue of a ticket is opened in the client's project, once.

Its state is what the audit tells of it. The call is announced before it is made; who
finds it announced and not ended looks for the issue by the ticket's id and never opens
a second one. When it does not show for long, people are told that nobody opened it. An
outage is said once, and Tandem goes on by itself.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.domain.audit import Event, EventName
from bot.domain.errors import OutcomeUnknown, Refused, Unavailable
from bot.domain.message import Message
from bot.domain.outgoing import Outgoing, Way
from bot.domain.ticket_text import LABELS, Ticket, description, mark, title
from bot.domain.writes import Job, Task, Writes
from bot.flow.lending import borrowed
from bot.flow.missing import context_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic import SecretStr

    from bot.domain.audit import Record
    from bot.domain.catalog import Client
    from bot.domain.forge import IssueState
    from bot.ports import Back

LOCK = "tandem ticket "
_SHOWN = 200
_ENDS = (EventName.TICKET_OPENED, EventName.TICKET_REFUSED, EventName.TICKET_LOST)
_CALLS = (EventName.TICKET_ANNOUNCED, EventName.TICKET_POSTPONED)


async def open_ticket(client: str, ticket_id: str, *, back: Back) -> None:
    """Open the issue, or find out what came of opening it."""
    async with back.store.exclusive(LOCK + ticket_id) as mine:
        owner = back.catalog.current().client(client)
        records = await back.store.records(client, operation=ticket_id)
        asked = next((r for r in records if r.event is EventName.TICKET_ASKED), None)
        if not mine or asked is None or any(r.event in _ENDS for r in records):
            return
        opening = _Opening(client, asked, records, back)
        if owner is None:
            gone = Message.of("ticket.client-gone")
            await opening.ends(EventName.TICKET_REFUSED, gone)
            return
        try:
            await opening.go_on(owner)
        except OutcomeUnknown as unknown:
            await opening.doubts(unknown)
        except Refused as refusal:
            await opening.ends(EventName.TICKET_REFUSED, refusal.message)
        except Unavailable as error:
            await opening.postponed(error)
            raise


@dataclass(frozen=True, slots=True)
class _Opening:
    """One ticket, everything the audit has of it, and what is done next."""

    client: str
    asked: Record
    records: Sequence[Record]
    back: Back

    async def go_on(self, owner: Client) -> None:
        async with borrowed(
            self.back, client=owner.id, action="gitlab-prepare", operation=self._id
        ) as minted:
            token = await self.back.lender.forge_token(
                minted, client=owner.id, purpose="gitlab-prepare"
            )
            found = await self.back.forge.find_issue(
                owner.gitlab.project, mark=mark(self._id), token=token
            )
            announced = self._announced()
            if found is None and announced is not None:
                await self._missing(announced)
                return
            issue = found or await self._open(owner, token)
        await self._opened(issue)

    async def _open(self, owner: Client, token: SecretStr) -> IssueState:
        ticket = self._ticket()
        context = await context_of(self.asked, ticket.text, owner, back=self.back)
        ticket = replace(ticket, context=context)
        await self._write(EventName.TICKET_ANNOUNCED)
        return await self.back.forge.open_issue(
            owner.gitlab.project,
            title=title(ticket),
            description=description(ticket),
            labels=LABELS,
            token=token,
        )

    async def _opened(self, issue: IssueState) -> None:
        args: dict[str, str | int | Message] = {
            "who": str(self._body["requester"]),
            "title": self._ticket().text[:_SHOWN],
            "iid": issue.iid,
            "url": issue.url,
        }
        said = Outgoing(
            way=Way.ANNOUNCE,
            place=str(self._body["channel"]),
            message=Message.of("ticket.opened", args),
        )
        body: dict[str, object] = {"iid": issue.iid, "url": issue.url}
        await self._write(EventName.TICKET_OPENED, body=body, says=(said,))

    async def _missing(self, announced: Record) -> None:
        """Look again later; after long enough, say that nobody opened it."""
        if self.back.now() < announced.at + self.back.pace.doubt_settles:
            await self._again()
        else:
            await self.ends(EventName.TICKET_LOST, Message.of("ticket.lost"))

    async def doubts(self, unknown: OutcomeUnknown) -> None:
        """Say that it is not known yet, and look again later."""
        said = Message.of("ticket.unknown", {"system": unknown.system})
        await self.back.store.write(
            Writes(
                client=self.client,
                at=self.back.now(),
                says=(self._whisper(said),),
                jobs=(self._later(),),
            )
        )

    async def postponed(self, error: Unavailable) -> None:
        """Take an announcement back, since nothing was sent; say so the first time."""
        first = not any(r.event is EventName.TICKET_POSTPONED for r in self.records)
        latest = await self.back.store.records(self.client, operation=self._id)
        calls = [r.event for r in latest if r.event in _CALLS]
        if not first and calls[-1] is EventName.TICKET_POSTPONED:
            return
        said = Message.of("ticket.postponed", {"system": error.system})
        says = (self._whisper(said),) if first else ()
        body: dict[str, object] = {"system": error.system}
        await self._write(EventName.TICKET_POSTPONED, body=body, says=says)

    async def ends(self, name: EventName, why: Message) -> None:
        """Write down that no issue was opened, and tell the one who asked."""
        said = Message.of("ticket.not-opened", {"reason": why})
        body: dict[str, object] = {"reason": why.model_dump(mode="json")}
        await self._write(name, body=body, says=(self._whisper(said),))

    @property
    def _id(self) -> str:
        return str(self.asked.operation)

    @property
    def _body(self) -> dict[str, object]:
        body: dict[str, object] = json.loads(self.asked.body)
        return body

    def _announced(self) -> Record | None:
        """Return the announcement of a call that may have been made, if there is."""
        calls = [r for r in self.records if r.event in _CALLS]
        if calls and calls[-1].event is EventName.TICKET_ANNOUNCED:
            return calls[-1]
        return None

    def _ticket(self) -> Ticket:
        body = self._body
        return Ticket(
            id=self._id,
            text=str(body["text"]),
            requester=str(body["requester"]),
            organisation=str(body["organisation"]),
            channel=str(body["channel_name"]),
            at=self.asked.at,
        )

    def _whisper(self, message: Message) -> Outgoing:
        body = self._body
        return Outgoing(
            way=Way.WHISPER,
            place=str(body["channel"]),
            user=str(body["user"]),
            message=message,
        )

    def _later(self) -> Job:
        return Job(task=Task.TICKET, operation=self._id, after=self.back.pace.poll_most)

    async def _again(self) -> None:
        await self.back.store.write(
            Writes(client=self.client, at=self.back.now(), jobs=(self._later(),))
        )

    async def _write(
        self,
        name: EventName,
        *,
        body: dict[str, object] | None = None,
        says: tuple[Outgoing, ...] = (),
    ) -> None:
        event = Event(
            name=name,
            actor="tandem",
            source="worker",
            operation=self._id,
            body=body or {},
        )
        await self.back.store.write(
            Writes(client=self.client, at=self.back.now(), events=(event,), says=says)
        )
