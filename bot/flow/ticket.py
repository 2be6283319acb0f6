"""
`/infra ticket <text>`: what no command does is asked for in words.

Nobody has to approve it, since nothing is changed; it is written down with the job that
opens the issue before the person is told so. The text is data: it is decoded as it was
seen when typed, kept, quoted, and read by nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.domain.audit import Event, EventName
from bot.domain.decode import atoms
from bot.domain.errors import BadArguments, Refused
from bot.domain.message import Message
from bot.domain.operation import SHORT
from bot.domain.writes import Delivery, Duplicate, Job, Task, Writes
from bot.flow.door import Knock, enter, turn_away

if TYPE_CHECKING:
    from bot.flow.door import Caller
    from bot.ports import Front

WORD: Final = "ticket"
_SHORTEST: Final = 10


async def ticket(knock: Knock, *, front: Front) -> Message:
    """Store what is asked for and return what to tell the person at once."""
    try:
        caller = enter(knock, front=front)
        text = _text(knock.text)
    except Refused as refusal:
        return await turn_away(knock, refusal=refusal, front=front)
    ticket_id = front.new_id()
    answer = Message.of("ticket.noted", {"id": ticket_id[:SHORT]})
    writes = Writes(
        client=caller.client.id,
        at=front.now(),
        delivery=Delivery(key=knock.delivery, answer=answer),
        events=(_asked(ticket_id, text, caller),),
        jobs=(Job(task=Task.TICKET, operation=ticket_id),),
    )
    try:
        await front.store.write(writes)
    except Duplicate as duplicate:
        return duplicate.answer or answer
    return answer


def _text(line: str) -> str:
    """Return the words after `ticket` as the person saw them."""
    shown = "".join(
        f"{'@' if one.mention.kind == 'member' else '#'}{one.mention.id}"
        if one.mention is not None
        else one.text
        for one in atoms(line)
    )
    text = shown.strip().removeprefix(WORD).strip()
    if len(text) < _SHORTEST:
        raise BadArguments(Message.of("refused.ticket-usage"))
    return text


def _asked(ticket_id: str, text: str, caller: Caller) -> Event:
    room = next(
        (
            f"#{one.name}"
            for one in caller.client.channels
            if (one.team, one.id) == (caller.knock.team, caller.knock.channel)
        ),
        caller.knock.channel,
    )
    return Event(
        name=EventName.TICKET_ASKED,
        actor=caller.person.id,
        source=caller.knock.source,
        operation=ticket_id,
        body={
            "text": text,
            "requester": caller.person.name,
            "organisation": caller.person.organisation,
            "channel_name": room,
            "team": caller.knock.team,
            "channel": caller.knock.channel,
            "user": caller.knock.user,
        },
    )
