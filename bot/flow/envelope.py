"""
Envelopes: what the operator's policy approves by itself, so many a day.

A part of `prepare`, in its transaction: the use is counted where the approval is
written, so that of two that take the last place the database lets one through. Never
while frozen, and never while a calendar is closed, now or when it would run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.audit import EventName
from bot.domain.errors import Broken
from bot.domain.message import Message
from bot.domain.operation import Operation, State
from bot.domain.route import Facts
from bot.domain.timing.hours import all_open
from bot.domain.timing.marks import Marks, Use
from bot.domain.timing.zone import wall, zone
from bot.domain.writes import Job, Task, Writes
from bot.flow.history import successes_now
from bot.flow.holding import held
from bot.flow.saying import card, thread, told

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from bot.domain.audit import Event
    from bot.domain.proposal import Proposal
    from bot.ports import Back, Front


async def facts_of(operation: Operation, *, proposal: Proposal, back: Back) -> Facts:
    """Return what rules look at: hours at the time it would run, plan and history."""
    calendars = back.catalog.current().calendars(operation.client)
    effects = proposal.effects
    return Facts(
        is_open=all_open(calendars, operation.runs_at(back.now())),
        destroys=effects.destroys,
        replaces=effects.replaces,
        addresses=effects.addresses,
        cost=proposal.bound.cost,
        successes=await successes_now(operation, front=back),
    )


async def open_envelopes(operation: Operation, *, back: Back) -> Mapping[str, int]:
    """Return how often each envelope was used today; none while it may not be."""
    now = back.now()
    calendars = back.catalog.current().calendars(operation.client)
    for moment in {now, operation.runs_at(now)}:
        if not all_open(calendars, moment):
            return {}
        if await held(operation, at=moment, front=back) is not None:
            return {}
    return await used_today(operation.client, front=back)


async def used_today(client: str, *, front: Front) -> Mapping[str, int]:
    """Return how often each envelope was used for this client today."""
    routes, day = front.catalog.current().routes, _day(client, front=front)
    envelopes = {rule.envelope.name for rule in routes if rule.envelope}
    return {
        name: await front.store.used(client, envelope=name, day=day)
        for name in sorted(envelopes)
    }


def let_pass(proposed: Operation, *, proposal: Event, back: Back) -> Writes:
    """Return what is written when the policy approves: all of it in one transaction."""
    passed = proposed.route.envelope if proposed.route else None
    if passed is None:
        raise Broken(f"operation {proposed.id} is in no envelope")
    now = back.now()
    # Two steps, two saves: the second is of the version that the first leaves behind.
    second = proposed.model_copy(update={"version": proposed.version + 1})
    approved = second.to(State.APPROVED)
    use = Use(
        envelope=passed.name,
        day=_day(proposed.client, front=back),
        number=passed.number,
        operation=proposed.id,
    )
    body: dict[str, object] = passed.model_dump(mode="json")
    event = told(EventName.OPERATION_APPROVED, proposed, body, actor="policy")
    wait = proposed.wait(now)
    execute = Job(task=Task.EXECUTE, operation=proposed.id, after=wait)
    args: dict[str, str | int | Message] = {
        "envelope": passed.name,
        "number": passed.number,
        "most": passed.per_day,
    }
    return Writes(
        client=proposed.client,
        at=now,
        saves=(proposed, approved),
        events=(proposal, event),
        says=(
            card(proposed),
            thread(proposed, Message.of("thread.envelope", args)),
        ),
        jobs=(execute,),
        timing=Marks(uses=(use,)),
    )


def _day(client: str, *, front: Front) -> date:
    """Return the day on the client's own calendar, by which uses are counted."""
    timezone = front.catalog.current().timezone(client)
    return wall(front.now(), of=zone(timezone)).date()
