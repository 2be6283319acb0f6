"""
Breaking the glass: who asked in an emergency lets it run, on what the card showed.

As with a decision, rights are looked up at the moment of the click, and all of it is
one transaction: the state, the row that a review hangs on, the audit, the next job, and
that both companies are told. Of two clicks the database lets one through.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.domain.audit import Event, EventName
from bot.domain.errors import NotAllowed, Refused, Unavailable
from bot.domain.glass import Break, Breaker, may_break_glass
from bot.domain.message import Message
from bot.domain.operation import State
from bot.domain.outgoing import Outgoing, Way
from bot.domain.people import members
from bot.domain.policy import Denied
from bot.domain.writes import Delivery, Duplicate, Glass, Job, Overtaken, Task, Writes
from bot.flow.door import Caller, Knock, enter, turn_away
from bot.flow.finding import find
from bot.flow.glass import able_to_review, refuse_by_policy, unreviewed
from bot.flow.holding import held
from bot.flow.naming import in_names
from bot.flow.saying import card, direct

if TYPE_CHECKING:
    from bot.domain.operation import Operation
    from bot.domain.timing.freeze import Hold
    from bot.ports import Front

_TRIES: Final = 8


@dataclass(frozen=True, slots=True)
class Shown:
    """Which operation's glass is broken; `digest` is what the person was shown."""

    operation: str
    digest: str


async def break_glass(knock: Knock, *, shown: Shown, front: Front) -> Message:
    """Let it run without anybody else, and return what to tell who broke it."""
    found: Operation | None = None
    try:
        caller = enter(knock, front=front)
        for _ in range(_TRIES):
            found = await find(caller, shown.operation, front=front)
            try:
                return await _broken(found, caller, shown=shown, front=front)
            except Overtaken:
                continue
    except Refused as refusal:
        about = found.id if found else None
        return await turn_away(knock, refusal=refusal, front=front, operation=about)
    except Duplicate as duplicate:
        return duplicate.answer or Message.of("decided.already-delivered")
    raise Unavailable("the database", "too many decided at once")


async def _broken(
    operation: Operation, caller: Caller, *, shown: Shown, front: Front
) -> Message:
    person = caller.person
    verdict = may_break_glass(
        operation,
        by=Breaker(
            person=person,
            digest=shown.digest,
            now=front.now(),
            unreviewed=await unreviewed(person, front=front),
            able=[one.id for one in able_to_review(operation.client, person.id, front)],
        ),
    )
    if isinstance(verdict, Denied):
        raise NotAllowed(verdict.reason, rule=verdict.rule)
    await refuse_by_policy(operation, person=person, front=front)
    hold = await held(operation, at=front.now(), front=front)
    made = Break(
        operation=operation.id,
        client=operation.client,
        member=person.id,
        organisation=person.organisation,
        reason=operation.glass or "",
        digest=shown.digest,
        at=front.now(),
    )
    answer = Message.of("glass.broken", {"id": operation.short})
    writes = Writes(
        client=operation.client,
        at=front.now(),
        delivery=Delivery(key=caller.knock.delivery, answer=answer),
        saves=(operation.to(State.APPROVED),),
        glass=Glass(broken=(made,)),
        events=(_event(made, caller, hold=hold),),
        says=(
            card(operation),
            *_loudly(operation, caller, hold=hold, front=front),
        ),
        jobs=(Job(task=Task.EXECUTE, operation=operation.id),),
    )
    await front.store.write(writes)
    return answer


def _event(made: Break, caller: Caller, *, hold: Hold | None) -> Event:
    body: dict[str, object] = {
        "reason": made.reason,
        "digest": made.digest,
        "organisation": made.organisation,
        "slack": f"{caller.knock.team}/{caller.knock.user}",
        "channel": caller.knock.channel,
        "frozen_by": hold.by if hold else None,
    }
    return Event(
        name=EventName.GLASS_BROKEN,
        actor=caller.person.id,
        source=caller.knock.source,
        operation=made.operation,
        body=body,
    )


def _loudly(
    operation: Operation, caller: Caller, *, hold: Hold | None, front: Front
) -> tuple[Outgoing, ...]:
    """Tell both companies: their channels, and whoever has to answer for it."""
    catalog = front.catalog.current()
    owner = catalog.client(operation.client)
    args: dict[str, str | int | Message] = {
        "who": members((caller.person.id,)),
        "client": owner.name if owner else operation.client,
        "title": operation.change.title,
        "id": operation.short,
        "reason": operation.glass or "",
        "frozen": "yes" if hold else "no",
    }
    told = Message.of("glass.announced", args)
    told = in_names(told, team=operation.place.team, front=front)
    own = catalog.provider.escalation_channel.id
    return (
        Outgoing(way=Way.ANNOUNCE, place=operation.place.channel, message=told),
        Outgoing(way=Way.ANNOUNCE, place=own, message=told),
        *direct(
            operation,
            told,
            people=able_to_review(operation.client, caller.person.id, front),
        ),
    )
