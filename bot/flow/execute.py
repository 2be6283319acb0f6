"""
Stage 4, `execute`: an approved operation is carried out, once.

Announce, act, reconcile: RUNNING is committed before the first call that cannot be
taken back. Whoever finds an operation already RUNNING asks the world what happened;
what the world cannot tell is IN_DOUBT, said so to people, and never simply done again.
The lock is held by the process' database connection, so it ends exactly when the
process does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.domain.audit import EventName
from bot.domain.aws_error import AwsRefusal
from bot.domain.change import (
    ClientRequest,
    MergeRequest,
    TrustMove,
    ValueChange,
    is_merged,
)
from bot.domain.errors import Broken, OutcomeUnknown, Refused
from bot.domain.ladder import is_two_sided
from bot.domain.message import Message
from bot.domain.operation import State
from bot.domain.proposal import differences, digest, voided
from bot.domain.timing.hours import all_open
from bot.domain.writes import Job, Overtaken, Task, Writes
from bot.flow.carrying import client_request as carry_client_request
from bot.flow.carrying import direct_action as carry_action
from bot.flow.carrying import merge_request as carry_request
from bot.flow.carrying import trust as carry_trust
from bot.flow.carrying import value as carry_value
from bot.flow.carrying.ends import Done, Doubt, End, Failed, Later, aws_refused
from bot.flow.changes import direct_action, merge_request, trust
from bot.flow.changes.again import rebound
from bot.flow.glass import still_broken
from bot.flow.history import broken_since
from bot.flow.holders import still_missing
from bot.flow.holding import FROZEN, held, standing_for, told_of
from bot.flow.saying import card, thread, told
from bot.flow.trusting import moved_since
from bot.flow.turns import ACTS_ON, running_on

if TYPE_CHECKING:
    from bot.domain.audit import Event
    from bot.domain.operation import Operation
    from bot.ports import Back

TURN = "tandem target "


async def execute(client: str, operation_id: str, *, back: Back) -> None:
    """Carry an approved operation out, or go on with one that was begun."""
    async with back.store.exclusive(ACTS_ON + operation_id) as mine:
        if not mine:
            raise Overtaken(f"operation {operation_id} is in other hands")
        operation = await back.store.operation(client, id=operation_id)
        if operation is None:
            return
        if operation.glass is not None:
            back = replace(back, pace=back.pace.in_emergency())
        if operation.state is State.APPROVED:
            operation = await _start(operation, back=back)
        elif operation.state is State.RUNNING and not operation.progress.announced:
            operation = await _started_before(operation, back=back)
        if operation is not None and operation.state in (State.RUNNING, State.IN_DOUBT):
            await _carry(operation, back=back)


async def _start(operation: Operation, *, back: Back) -> Operation | None:
    """Check everything once more and announce; None when it may not run, or not yet."""
    if await _waits(operation, back=back):
        return None
    objection = await _objection(operation, back=back)
    if objection is not None:
        await _end(operation, objection.state, objection.why, back=back)
        return None
    # Held only while it is looked and written: two that start at once would both find
    # that nobody is at work.
    turn = f"{TURN}{operation.client}/{operation.target}"
    async with back.store.exclusive(turn) as alone:
        if not alone or await running_on(operation, back=back) is not None:
            await _wait_turn(operation, back=back)
            return None
        if await _held(operation, back=back):
            return None  # looking at everything took a while
        return await _announce(operation, back=back)


async def _waits(operation: Operation, *, back: Back) -> bool:
    """Whether it is too early, frozen, or another is at work on the same target."""
    if operation.wait(back.now()) is not None:
        return True  # `sweep` sees to it that somebody comes back
    if await _held(operation, back=back):
        return True
    if await running_on(operation, back=back) is not None:
        await _wait_turn(operation, back=back)
        return True
    return False


async def _announce(operation: Operation, *, back: Back) -> Operation:
    """Commit that it runs, before anything is done."""
    progress = operation.progress.model_copy(update={"waiting_for": None})
    running = operation.to(State.RUNNING).advanced(progress)
    body: dict[str, object] = {"digest": operation.digest}
    await back.store.write(
        Writes(
            client=operation.client,
            at=back.now(),
            saves=(running,),
            events=(told(EventName.OPERATION_STARTED, operation, body),),
            says=(card(operation),),
        )
    )
    return running.model_copy(update={"version": running.version + 1})


async def _wait_turn(operation: Operation, *, back: Back) -> None:
    """Come back later: another operation is at work on the same target."""
    ahead = await running_on(operation, back=back)
    waiting = operation.progress.waiting_for
    if ahead is not None:
        waiting = Message.of("waiting.turn", {"id": ahead.short})
    new = waiting != operation.progress.waiting_for
    progress = operation.progress.model_copy(update={"waiting_for": waiting})
    after = back.pace.poll
    await back.store.write(
        Writes(
            client=operation.client,
            at=back.now(),
            saves=(operation.advanced(progress),) if new else (),
            says=(card(operation),) if new else (),
            jobs=(Job(task=Task.EXECUTE, operation=operation.id, after=after),),
        )
    )


async def _started_before(operation: Operation, *, back: Back) -> Operation | None:
    """
    Check again what was started and never acted: that may be hours ago.

    An outage or a crash stood between the check and the first call, and rights, target
    and time have gone on meanwhile.
    """
    if await _held(operation, back=back):
        return None
    objection = await _objection(operation, back=back)
    if objection is None:
        progress = operation.progress.model_copy(update={"waiting_for": None})
        return operation.advanced(progress)
    await _end(operation, State.FAILED, objection.why, back=back)
    return None


async def _held(operation: Operation, *, back: Back) -> bool:
    """
    Whether a freeze holds it back now; that is said once, and `sweep` comes back.

    None holds back what runs behind a broken glass: that is what it was broken for.
    Its time runs on meanwhile, so that an approval never outlives what it was given
    for.
    """
    if operation.glass is not None:
        return False
    hold = await held(operation, at=back.now(), front=back)
    if hold is None or back.now() >= operation.expires_at:
        return False
    waiting = told_of(hold, operation.client, key=FROZEN, front=back)
    if operation.progress.waiting_for == waiting:
        return True
    progress = operation.progress.model_copy(update={"waiting_for": waiting})
    body: dict[str, object] = {"until": hold.until.isoformat(), "by": hold.by}
    event = told(EventName.OPERATION_PAUSED, operation, body | {"reason": hold.reason})
    await back.store.write(
        Writes(
            client=operation.client,
            at=back.now(),
            saves=(operation.advanced(progress),),
            events=(event,),
            says=(card(operation), thread(operation, waiting)),
        )
    )
    return True


@dataclass(frozen=True, slots=True)
class _Objection:
    """Why it may not act, and how it ends if it was not started yet."""

    state: State
    why: Message


async def _objection(operation: Operation, *, back: Back) -> _Objection | None:
    """Look at time, rights and everything that is bound, right before acting."""
    if back.now() >= operation.expires_at:
        return _Objection(State.EXPIRED, Message.of("ended.expired-approved"))
    if not await _still_approved(operation, back=back):
        return _Objection(State.VOIDED, Message.of("voided.rights"))
    if await moved_since(operation, front=back):
        return _Objection(State.VOIDED, Message.of("voided.trust"))
    if operation.glass is None and await broken_since(operation, front=back):
        return _Objection(State.VOIDED, Message.of("voided.history"))
    if _is_closed(operation, back=back):
        return _Objection(State.VOIDED, Message.of("voided.hours"))
    try:
        why = await _moved(operation, back=back)
    except Refused as refusal:
        why = refusal.message
    except AwsRefusal as refusal:
        args: dict[str, str | int | Message] = {
            "code": refusal.code,
            "operation": refusal.operation,
        }
        why = Message.of("refused.aws", args)
    return None if why is None else _Objection(State.VOIDED, why)


async def _moved(operation: Operation, *, back: Back) -> Message | None:
    """Return what is different now from what was shown, or nothing."""
    if operation.proposal is None:
        raise Broken(f"operation {operation.id} was never proposed")
    if is_merged(operation.change):
        fresh, request = await rebound(operation, back=back, in_full=True)
        gone = merge_request.gone(request)
        if gone is not None:
            return gone
    elif isinstance(operation.change, TrustMove):
        fresh = await trust.rebound(operation, back=back)
    else:
        fresh = await direct_action.rebound(operation, back=back)
    if digest(fresh) == operation.digest:
        return None
    return voided(differences(operation.proposal.bound, fresh))


async def _still_approved(operation: Operation, *, back: Back) -> bool:
    """Whether the quorum, or who broke the glass, still stands by today's catalog."""
    if operation.glass is not None:
        return await still_broken(operation, front=back)
    decisions = await back.store.decisions(operation.client, operation=operation.id)
    if operation.route is None:
        return False
    requester = back.catalog.current().member(operation.requester)
    if requester is None or requester.deactivated:
        return False
    needs = operation.route.needs
    if not needs:
        return operation.route.envelope is not None
    if isinstance(operation.change, TrustMove) and not is_two_sided(needs):
        return False
    standing = await standing_for(operation.client, front=back)
    return not still_missing(
        operation, decisions=decisions, standing=standing, front=back
    )


def _is_closed(operation: Operation, *, back: Back) -> bool:
    """Whether only a policy approved it, and nobody is there while it would run."""
    if operation.route is None or operation.route.envelope is None:
        return False
    calendars = back.catalog.current().calendars(operation.client)
    return not all_open(calendars, back.now())


async def _carry(operation: Operation, *, back: Back) -> None:
    """Act, or find out what came of acting, and write down how it ended."""
    if isinstance(operation.change, MergeRequest):
        carry = carry_request.carry
    elif isinstance(operation.change, ClientRequest):
        carry = carry_client_request.carry
    elif isinstance(operation.change, ValueChange):
        carry = carry_value.carry
    elif isinstance(operation.change, TrustMove):
        carry = carry_trust.carry
    else:
        carry = carry_action.carry
    try:
        end = await carry(operation, back=back)
    except OutcomeUnknown as unknown:
        end = Doubt(Message.of("doubt.unknown", {"system": unknown.system}))
    except (Refused, AwsRefusal) as refusal:
        end = await _turned_down(operation, refusal, back=back)
    latest = await back.store.operation(operation.client, id=operation.id)
    if latest is not None and not latest.ended:
        await _close(latest, end, back=back)


async def _turned_down(
    operation: Operation, refusal: Refused | AwsRefusal, *, back: Back
) -> End:
    """
    Return what a refusal means that nobody on the way could make sense of.

    Before anything was announced nothing was done. After that it tells of one call, and
    not of the effect, which may be there.
    """
    if isinstance(refusal, Refused):
        why = refusal.message
    elif refusal.expired:
        return Later(back.pace.poll)
    else:
        why = aws_refused(refusal)
    latest = await back.store.operation(operation.client, id=operation.id)
    if latest is None or not latest.progress.announced:
        return Failed(why)
    return Doubt(Message.of("doubt.refused", {"reason": why}))


async def _close(operation: Operation, end: End, *, back: Back) -> None:
    match end:
        case Later(after=after):
            job = Job(task=Task.EXECUTE, operation=operation.id, after=after)
            await back.store.write(
                Writes(client=operation.client, at=back.now(), jobs=(job,))
            )
        case Done(message=message):
            await _end(operation, State.DONE, message, back=back)
        case Failed(message=message, events=more):
            await _end(operation, State.FAILED, message, more=more, back=back)
        case _ if operation.state is State.RUNNING:
            await _end(operation, State.IN_DOUBT, end.message, back=back)
        case _:
            pass  # it is in doubt and that was said; `sweep` asks again


_EVENTS = {
    State.DONE: EventName.OPERATION_DONE,
    State.FAILED: EventName.OPERATION_FAILED,
    State.IN_DOUBT: EventName.OPERATION_DOUBTED,
    State.VOIDED: EventName.OPERATION_VOIDED,
    State.EXPIRED: EventName.OPERATION_EXPIRED,
}


async def _end(
    operation: Operation,
    state: State,
    why: Message,
    *,
    more: tuple[Event, ...] = (),
    back: Back,
) -> None:
    unmerged = state is not State.IN_DOUBT and operation.progress.merged_sha is None
    tidies = unmerged and is_merged(operation.change)
    tidy = Job(task=Task.TIDY, operation=operation.id)
    ended = operation.to(state, at=back.now(), outcome=why)
    progress = ended.progress.model_copy(update={"waiting_for": None})
    reason: dict[str, object] = {"reason": why.model_dump(mode="json")}
    says = [card(operation), thread(operation, why)]
    if state is State.IN_DOUBT:
        look = Message.of("doubt.look", {"id": operation.short})
        says.append(thread(operation, look))
    await back.store.write(
        Writes(
            client=operation.client,
            at=back.now(),
            saves=(ended.advanced(progress),),
            events=(*more, told(_EVENTS[state], operation, reason)),
            says=tuple(says),
            jobs=(tidy,) if tidies else (),
        )
    )
