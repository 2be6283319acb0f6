"""
Stage 2, `prepare`: what was asked is looked at, and laid before those who decide.

For a merge request: the edit is made on a branch, the merge request opened, its plan
awaited. For a direct action: it is previewed. Either way the stage may be run again
from the beginning at any time; what it has brought about it finds again.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from bot.domain.audit import EventName
from bot.domain.aws_error import AwsRefusal
from bot.domain.change import (
    ClientRequest,
    MergeRequest,
    TrustMove,
    ValueChange,
    is_merged,
)
from bot.domain.errors import Refused
from bot.domain.glass import LASTS
from bot.domain.message import Message
from bot.domain.operation import Operation, State
from bot.domain.policy import able_to_decide
from bot.domain.proposal import digest
from bot.domain.route import Route
from bot.domain.scope import Risk
from bot.domain.suggest import look_alikes
from bot.domain.timing.when import by_clock
from bot.domain.writes import Job, Task, Writes
from bot.flow.changes import (
    client_request,
    direct_action,
    merge_request,
    trust,
    value,
)
from bot.flow.changes.gathered import NotYet, Ready
from bot.flow.changes.observing import client_of
from bot.flow.envelope import facts_of, let_pass, open_envelopes
from bot.flow.escalate import is_quiet
from bot.flow.holders import holders_now
from bot.flow.holding import standing_for
from bot.flow.naming import called
from bot.flow.saying import card, thread, told
from bot.flow.trusting import level_now
from bot.flow.turns import neighbours

if TYPE_CHECKING:
    from datetime import datetime

    from bot.domain.proposal import Proposal
    from bot.ports import Back

# From the moment on that something was scheduled for: a worker may be down for a while,
# but what was meant for the night does not run in the morning.
_BEGINS_WITHIN: Final = timedelta(minutes=30)


async def prepare(client: str, operation_id: str, *, back: Back) -> None:
    """Bring an asked operation to where people can decide on it, or refuse it."""
    operation = await back.store.operation(client, id=operation_id)
    if operation is None:
        return
    if operation.ended:
        await _tidy(operation, back=back)
    if operation.state is not State.ASKED:
        return
    if back.now() >= operation.expires_at:
        return  # `sweep` says so; there is nothing to prepare any more
    try:
        gathered = await _gather(operation, back=back)
        if isinstance(gathered, NotYet):
            await _wait(gathered, back=back)
            return
        await _propose(gathered, back=back)
    except AwsRefusal as refusal:
        why = Message.of(
            "refused.aws", {"code": refusal.code, "operation": refusal.operation}
        )
        await _refuse_latest(operation, why, back=back)
    except Refused as refusal:
        await _refuse_latest(operation, refusal.message, back=back)


async def _refuse_latest(operation: Operation, why: Message, *, back: Back) -> None:
    """Refuse the operation as it stands by now: preparing it may have moved it."""
    latest = await back.store.operation(operation.client, id=operation.id)
    if latest is not None and latest.state is State.ASKED:
        await _refuse(latest, why, back=back)


async def _gather(operation: Operation, *, back: Back) -> NotYet | Ready:
    if isinstance(operation.change, MergeRequest):
        return await merge_request.open_and_gather(operation, back=back)
    if isinstance(operation.change, ClientRequest):
        return await client_request.gather(operation, back=back)
    if isinstance(operation.change, ValueChange):
        return await value.open_and_gather(operation, back=back)
    if isinstance(operation.change, TrustMove):
        return await trust.gather(operation, back=back)
    return await direct_action.gather(operation, back=back)


async def _wait(gathered: NotYet, *, back: Back) -> None:
    """Come back later; nothing is in flight meanwhile that a crash could lose."""
    operation = gathered.operation
    job = Job(task=Task.PREPARE, operation=operation.id, after=back.pace.poll)
    await back.store.write(Writes(client=operation.client, at=back.now(), jobs=(job,)))


async def _propose(ready: Ready, *, back: Back) -> None:
    operation, proposal = ready.operation, ready.proposal
    route = await route_for(operation, proposal=proposal, back=back)
    expires_at = _expires(operation, route=route, risk=proposal.risk, back=back)
    bound = proposal.bound.model_copy(update={"expires_at": expires_at})
    notes = (
        *proposal.notes,
        *await _undoes(operation, back=back),
        *await neighbours(operation, back=back),
        *_look_alikes(operation, back=back),
    )
    proposal = proposal.model_copy(update={"bound": bound, "notes": notes})
    proposed = operation.proposed(proposal, digest=digest(bound), route=route)
    quiet = proposed.glass is None and is_quiet(proposed, front=back)
    update = {"proposed_at": back.now(), "called": not quiet}
    proposed = proposed.model_copy(update=update)
    body: dict[str, object] = {
        "digest": proposed.digest,
        "bound": bound.model_dump(mode="json"),
        "risk": proposal.risk.name.lower(),
        "route": route.model_dump(mode="json"),
        "findings": [one.model_dump(mode="json") for one in proposal.findings],
    }
    event = told(EventName.OPERATION_PROPOSED, operation, body)
    if route.envelope is not None:
        await back.store.write(let_pass(proposed, proposal=event, back=back))
        return
    await back.store.write(
        Writes(
            client=operation.client,
            at=back.now(),
            saves=(proposed,),
            events=(event,),
            says=(
                card(operation),
                thread(operation, await _call(proposed, back=back)),
            ),
        )
    )


def _expires(operation: Operation, *, route: Route, risk: Risk, back: Back) -> datetime:
    """
    Return when it ends if it has not begun by then.

    What is scheduled has a while from its moment on; what waits for people has the time
    that its route gives it, and the quiet part of the night is not counted in.
    """
    if operation.scheduled_for is not None:
        return operation.scheduled_for + _BEGINS_WITHIN
    if operation.glass is not None:
        return back.now() + min(route.expires, LASTS)
    quiet = back.catalog.current().provider.quiet
    if quiet is not None and risk is Risk.LOW:
        return quiet.stretched(back.now(), lasts=route.expires)
    return back.now() + route.expires


async def _call(proposed: Operation, *, back: Back) -> Message:
    """Call those who may decide: a card that is drawn anew calls nobody."""
    until = by_clock(proposed.decide_by, now=back.now())
    if proposed.glass is not None:
        who = called((proposed.requester,), team=proposed.place.team, front=back)
        return Message.of("thread.glass-proposed", {"until": until, "who": who})
    if not proposed.called:
        return Message.of("thread.proposed-quiet", {"until": until})
    standing = await standing_for(proposed.client, front=back)
    holders = holders_now(proposed, standing=standing, front=back)
    able = able_to_decide(proposed, holders=holders)
    if not able:
        return Message.of("thread.proposed-nobody", {"until": until})
    who = called(able, team=proposed.place.team, front=back)
    return Message.of("thread.proposed", {"until": until, "who": who})


async def _undoes(operation: Operation, *, back: Back) -> tuple[Message, ...]:
    """Say which operation this one takes back, if it was asked as an undo."""
    undone = (
        await back.store.operation(operation.client, id=operation.undoes)
        if operation.undoes is not None
        else None
    )
    if undone is None:
        return ()
    title = undone.change.title
    return (Message.of("note.undoes", {"id": undone.short, "title": title}),)


def _look_alikes(operation: Operation, *, back: Back) -> tuple[Message, ...]:
    """Point out the client's targets that are easily mistaken for this one."""
    client = client_of(operation, back=back)
    alike = look_alikes(operation.target, client.names)
    if not alike:
        return ()
    args: dict[str, str | int | Message] = {
        "target": operation.target,
        "names": ", ".join(alike),
    }
    return (Message.of("note.look-alikes", args),)


async def route_for(operation: Operation, *, proposal: Proposal, back: Back) -> Route:
    """
    Return the route of the catalog in force; Refused when nobody may decide.

    Of an emergency it says past whom it goes; no envelope lets that pass by itself.
    """
    risk, glass = proposal.risk, operation.glass is not None
    route = back.catalog.current().route(
        client=operation.client,
        risk=risk,
        environment=operation.environment,
        command=operation.command,
        facts=await facts_of(operation, proposal=proposal, back=back),
        used={} if glass else await open_envelopes(operation, back=back),
        trust=await level_now(operation.client, operation.environment, front=back),
    )
    if route is None and glass:
        return Route(needs=(), expires=LASTS, remind_before=timedelta())
    if route is None:
        raise Refused(
            Message.of(
                "refused.no-route",
                {
                    "command": operation.command,
                    "environment": operation.environment.value,
                    "risk": risk.name.lower(),
                },
            )
        )
    return route


async def _tidy(operation: Operation, *, back: Back) -> None:
    """
    Have it tidied up after an operation that was called off while it was prepared.

    Whoever called it off may not have known of the merge request yet.
    """
    if isinstance(operation.change, MergeRequest):
        job = Job(task=Task.TIDY, operation=operation.id)
        await back.store.write(
            Writes(client=operation.client, at=back.now(), jobs=(job,))
        )


async def _refuse(operation: Operation, why: Message, *, back: Back) -> None:
    refused = operation.to(State.REFUSED, at=back.now(), outcome=why)
    tidy = Job(task=Task.TIDY, operation=operation.id)
    await back.store.write(
        Writes(
            client=operation.client,
            at=back.now(),
            saves=(refused,),
            events=(
                told(
                    EventName.OPERATION_REFUSED,
                    operation,
                    {"reason": why.model_dump(mode="json")},
                ),
            ),
            says=(card(operation), thread(operation, why)),
            jobs=(tidy,) if is_merged(operation.change) else (),
        )
    )
