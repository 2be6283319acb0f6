"""
`/infra review`: what came of a broken glass is looked at by somebody else, and said.

Until it is, who broke it breaks no other. Without an id it lists what is open here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.domain.audit import Event, EventName
from bot.domain.errors import BadArguments, NotAllowed, Refused
from bot.domain.glass import may_review
from bot.domain.glass_text import REVIEW, fit
from bot.domain.message import Message
from bot.domain.operation import SHORT
from bot.domain.outgoing import Outgoing, Way
from bot.domain.people import members
from bot.domain.policy import Denied
from bot.domain.rights import Action
from bot.domain.writes import Closing, Delivery, Duplicate, Glass, Overtaken, Writes
from bot.flow.door import Caller, Knock, arrive, turn_away
from bot.flow.explaining import refused
from bot.flow.finding import find
from bot.flow.glass import able_to_review
from bot.flow.holding import standing_now
from bot.flow.naming import in_names
from bot.flow.rights import about_client, ruling
from bot.flow.saying import card, direct, thread

if TYPE_CHECKING:
    from bot.domain.glass import Break
    from bot.domain.operation import Operation
    from bot.ports import Front

WORDS: Final = (REVIEW,)
_ID: Final = 4
_PARTS: Final = 2


async def review(knock: Knock, *, front: Front) -> Message:
    """Close a review, or list those that are open; return what to say of it."""
    found: Operation | None = None
    try:
        caller = await arrive(knock, front=front)
        _, _, rest = knock.text.strip().partition(" ")
        if not rest.strip():
            return await _listed(caller, front=front)
        short, finding = _read(rest)
        found = await find(caller, short, front=front)
        writes, answer = await _closed(found, caller, finding=finding, front=front)
        await front.store.write(writes)
    except Overtaken:
        gone = NotAllowed(Message.of("refused.review-none"), rule="review-none")
        return await turn_away(knock, refusal=gone, front=front)
    except Refused as refusal:
        about = found.id if found else None
        return await turn_away(knock, refusal=refusal, front=front, operation=about)
    except Duplicate as duplicate:
        return duplicate.answer or Message.of("decided.already-delivered")
    return answer


def _read(rest: str) -> tuple[str, str]:
    """Return the id and what was found; BadArguments says how to type it."""
    parts = rest.split(maxsplit=1)
    short = parts[0].lstrip("#").lower()
    if len(parts) < _PARTS or len(short) < _ID or not short.isalnum():
        raise BadArguments(Message.of("refused.review-usage"))
    return short, fit(parts[1], key="refused.review-finding")


async def _listed(caller: Caller, *, front: Front) -> Message:
    """Return what was broken here and is not reviewed yet, one line each."""
    told: Message | None = None
    for one in reversed(await front.store.breaks(caller.client.id)):
        line = Message.of("review.line", _about(one))
        told = Message.of("review.and", {"one": line, "rest": told or ""})
    found = told or Message.of("review.nothing")
    return in_names(found, team=caller.knock.team, front=front)


def _about(one: Break) -> dict[str, str | int | Message]:
    return {
        "id": one.operation[:SHORT],
        "who": members((one.member,)),
        "reason": one.reason,
        "at": f"{one.at:%Y-%m-%d %H:%M} UTC",
    }


async def _closed(
    operation: Operation, caller: Caller, *, finding: str, front: Front
) -> tuple[Writes, Message]:
    client = caller.client.id
    breaks = await front.store.breaks(client, operation=operation.id)
    if not breaks:
        raise NotAllowed(Message.of("refused.review-none"), rule="review-none")
    made = breaks[0]
    verdict = may_review(
        made,
        person=caller.person,
        state=operation.state,
        able=[one.id for one in able_to_review(client, made.member, front)],
    )
    if isinstance(verdict, Denied):
        raise NotAllowed(verdict.reason, rule=verdict.rule)
    asked = about_client(Action.ADMINISTER, caller=caller, front=front)
    ruled = ruling(asked, front=front)
    if not ruled.allowed:
        standing = await standing_now(front)
        raise refused(asked, ruled, standing=standing, front=front)
    return _writes(operation, made, caller, finding=finding, front=front)


def _writes(
    operation: Operation, made: Break, caller: Caller, *, finding: str, front: Front
) -> tuple[Writes, Message]:
    args: dict[str, str | int | Message] = {
        "id": operation.short,
        "who": members((caller.person.id,)),
        "of": members((made.member,)),
        "finding": finding,
    }
    told = Message.of("review.closed", args)
    told = in_names(told, team=operation.place.team, front=front)
    broke = front.catalog.current().member(made.member)
    own = front.catalog.current().provider.escalation_channel.id
    event = Event(
        name=EventName.REVIEW_CLOSED,
        actor=caller.person.id,
        source=caller.knock.source,
        operation=operation.id,
        body={
            "finding": finding,
            "of": made.member,
            "organisation": caller.person.organisation,
            "slack": f"{caller.knock.team}/{caller.knock.user}",
        },
    )
    closing = Closing(operation=operation.id, by=caller.person.id, finding=finding)
    writes = Writes(
        client=operation.client,
        at=front.now(),
        delivery=Delivery(key=caller.knock.delivery, answer=told),
        glass=Glass(closed=(closing,)),
        events=(event,),
        says=(
            card(operation),
            thread(operation, told),
            Outgoing(way=Way.ANNOUNCE, place=own, message=told),
            *direct(operation, told, people=(broke,) if broke else ()),
        ),
    )
    return writes, told
