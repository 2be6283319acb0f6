"""
Stage 3, `decide`: a click becomes an approval, a denial or a cancellation, or is
refused.

Rights are looked up at the moment of the click, from the signed request and the catalog
in force. The decision, the state it leads to and the next job are one transaction; when
two click at once the database lets one through, and the other is told who it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.domain.audit import Event, EventName
from bot.domain.change import is_merged
from bot.domain.decision import Decision, Verdict
from bot.domain.errors import NotAllowed, Refused
from bot.domain.message import Message
from bot.domain.operation import Operation, State
from bot.domain.outgoing import Outgoing, Way
from bot.domain.people import members
from bot.domain.policy import (
    NOT_A_DECIDER,
    Decider,
    Denied,
    able_to_decide,
    may_cancel,
    may_decide,
    own_people,
)
from bot.domain.rights import Action
from bot.domain.writes import Delivery, Job, Task, Writes
from bot.flow.able import refuse_unless
from bot.flow.attempting import attempt
from bot.flow.door import Caller, Knock, enter, turn_away
from bot.flow.explaining import refused
from bot.flow.finding import find
from bot.flow.holders import holders_now, still_missing
from bot.flow.holding import FROZEN_NOW, Around, around, told_of
from bot.flow.rights import about_operation, ruling

if TYPE_CHECKING:
    from bot.ports import Front


@dataclass(frozen=True, slots=True)
class Choice:
    """What is chosen about which operation; `digest` is what the person was shown."""

    operation: str
    digest: str
    verdict: Verdict
    reason: str = ""


async def decide(knock: Knock, *, choice: Choice, front: Front) -> Message:
    """Record the choice and return what to tell the person who made it."""

    def make(
        operation: Operation,
        decisions: tuple[Decision, ...],
        caller: Caller,
        near: Around,
    ) -> Writes:
        return _decided(
            operation, decisions, caller, choice=choice, near=near, front=front
        )

    return await attempt(knock, operation=choice.operation, make=make, front=front)


async def may_open(knock: Knock, *, choice: Choice, front: Front) -> Message | None:
    """Return why this person may not decide, or nothing; nothing is recorded yet."""
    try:
        caller = enter(knock, front=front)
        operation = await find(caller, choice.operation, front=front)
        decisions = await front.store.decisions(
            caller.client.id, operation=operation.id
        )
    except Refused as refusal:
        return await turn_away(knock, refusal=refusal, front=front)
    near = await around(operation, front=front)
    by = _decider(operation, decisions, caller, choice=choice, near=near, front=front)
    verdict = may_decide(operation, by=by)
    if isinstance(verdict, Denied):
        barred = _barred(verdict, operation, by=by, near=near, front=front)
        return await turn_away(
            knock, refusal=barred, front=front, operation=operation.id
        )
    return None


async def cancel(knock: Knock, *, operation: str, front: Front) -> Message:
    """Call an operation off for its requester and return what to tell them."""

    def make(
        found: Operation, _: tuple[Decision, ...], caller: Caller, near: Around
    ) -> Writes:
        verdict = may_cancel(found, person=caller.person)
        refuse_unless(
            verdict, found, caller, action=Action.CANCEL, near=near, front=front
        )
        return _cancelled(found, caller, front=front)

    return await attempt(knock, operation=operation, make=make, front=front)


def _decider(
    operation: Operation,
    decisions: tuple[Decision, ...],
    caller: Caller,
    *,
    choice: Choice,
    near: Around,
    front: Front,
) -> Decider:
    return Decider(
        person=caller.person,
        digest=choice.digest,
        verdict=choice.verdict,
        now=front.now(),
        holders=holders_now(operation, standing=near.standing, front=front),
        decisions=decisions,
    )


def _decided(
    operation: Operation,
    decisions: tuple[Decision, ...],
    caller: Caller,
    *,
    choice: Choice,
    near: Around,
    front: Front,
) -> Writes:
    by = _decider(operation, decisions, caller, choice=choice, near=near, front=front)
    verdict = may_decide(operation, by=by)
    if isinstance(verdict, Denied):
        raise _barred(verdict, operation, by=by, near=near, front=front)
    if near.hold is not None and choice.verdict is Verdict.APPROVE:
        # After the others: who may not decide at all learns that first.
        frozen = told_of(near.hold, operation.client, key=FROZEN_NOW, front=front)
        raise NotAllowed(frozen, rule="frozen")
    decision = Decision(
        operation=operation.id,
        member=caller.person.id,
        organisation=caller.person.organisation,
        verdict=choice.verdict,
        digest=choice.digest,
        reason=choice.reason,
        at=by.now,
        source=caller.knock.source,
        shown_in=caller.knock.channel,
    )
    after, event, jobs = _outcome(
        operation, (*decisions, decision), by=by, near=near, front=front
    )
    body: dict[str, object] = {
        "verdict": choice.verdict.value,
        "digest": choice.digest,
        "reason": choice.reason,
        "organisation": caller.person.organisation,
        "slack": f"{caller.knock.team}/{caller.knock.user}",
        "channel": caller.knock.channel,
    }
    events = [_event(EventName.DECISION_MADE, operation, caller, body)]
    if event is not None:
        events.append(_event(event, operation, caller, {}))
    return Writes(
        client=operation.client,
        at=by.now,
        delivery=Delivery(
            key=caller.knock.delivery,
            answer=Message.of(
                f"decided.{choice.verdict.value}", {"id": operation.short}
            ),
        ),
        saves=(after,),
        decisions=(decision,),
        events=tuple(events),
        says=(_card(operation), _thread(operation, decision, caller)),
        jobs=jobs,
    )


def _barred(
    verdict: Denied,
    operation: Operation,
    *,
    by: Decider,
    near: Around,
    front: Front,
) -> NotAllowed:
    """
    Return the refusal of a decision.

    The policies are part of who holds the roles of a route; where one of them is why
    this person does not, it is named.
    """
    if verdict.rule == NOT_A_DECIDER:
        own = _by_the_asker(operation, by=by, near=near)
        if own is not None:
            who = members(able_to_decide(operation, holders=by.holders))
            args: dict[str, str | int | Message] = {
                "giver": members((own,)),
                "who": who,
            }
            return NotAllowed(
                Message.of("refused.delegate-of-requester", args),
                rule="delegate-of-requester",
            )
        asked = about_operation(
            Action.DECIDE,
            operation,
            person=by.person,
            at=by.now,
            standing=near.standing,
            front=front,
        )
        ruled = ruling(asked, front=front)
        if not ruled.allowed:
            able = able_to_decide(operation, holders=by.holders)
            people = front.catalog.current().people(operation.client)
            barred = frozenset(one.id for one in people if one.id not in able)
            return refused(
                asked, ruled, standing=near.standing, front=front, barred=barred
            )
    return NotAllowed(verdict.reason, rule=verdict.rule)


def _by_the_asker(operation: Operation, *, by: Decider, near: Around) -> str | None:
    """Return who lent this person a role of the route, if it is that one's own."""
    own, route = own_people(operation), operation.route
    for need in route.needs if route else ():
        for one in near.standing.delegations:
            mine = (one.role, one.taker) == (need.role, by.person.id)
            if mine and one.giver in own and one.covers(by.now):
                return one.giver
    return None


def _outcome(
    operation: Operation,
    decisions: tuple[Decision, ...],
    *,
    by: Decider,
    near: Around,
    front: Front,
) -> tuple[Operation, EventName | None, tuple[Job, ...]]:
    if by.verdict is Verdict.DENY:
        denied = operation.to(State.DENIED, at=by.now)
        return denied, EventName.OPERATION_DENIED, _tidy(operation)
    if operation.route is None or still_missing(
        operation, decisions=decisions, standing=near.standing, front=front
    ):
        return operation, None, ()
    wait = operation.wait(by.now)
    execute = Job(task=Task.EXECUTE, operation=operation.id, after=wait)
    return operation.to(State.APPROVED), EventName.OPERATION_APPROVED, (execute,)


def _cancelled(operation: Operation, caller: Caller, *, front: Front) -> Writes:
    now = front.now()
    return Writes(
        client=operation.client,
        at=now,
        delivery=Delivery(
            key=caller.knock.delivery,
            answer=Message.of("decided.cancelled", {"id": operation.short}),
        ),
        saves=(operation.to(State.CANCELLED, at=now),),
        events=(_event(EventName.OPERATION_CANCELLED, operation, caller, {}),),
        says=(_card(operation),),
        jobs=_tidy(operation),
    )


def _tidy(operation: Operation) -> tuple[Job, ...]:
    """A merge request that will never be merged is closed, with the reason."""
    if is_merged(operation.change):
        return (Job(task=Task.TIDY, operation=operation.id),)
    return ()


def _event(
    name: EventName, operation: Operation, caller: Caller, body: dict[str, object]
) -> Event:
    return Event(
        name=name,
        actor=caller.person.id,
        source=caller.knock.source,
        operation=operation.id,
        body=body,
    )


def _card(operation: Operation) -> Outgoing:
    return Outgoing(way=Way.CARD, place=operation.place.channel, operation=operation.id)


def _thread(operation: Operation, decision: Decision, caller: Caller) -> Outgoing:
    key = f"thread.{decision.verdict.value}" + ("-because" if decision.reason else "")
    return Outgoing(
        way=Way.THREAD,
        place=operation.place.channel,
        operation=operation.id,
        message=Message.of(key, {"who": caller.person.name, "reason": decision.reason}),
    )
