"""
What `sweep` does when nobody decides: the next person on the rota, then the managers.

Each step is taken once, audited and said, after the delays that the catalog declares.
A request of low risk disturbs nobody while it is quiet: it is called in the morning.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.audit import EventName
from bot.domain.catalog.duty import next_change
from bot.domain.catalog.people import ProviderRole
from bot.domain.message import Message
from bot.domain.outgoing import Outgoing, Way
from bot.domain.policy import able_to_decide
from bot.domain.scope import Risk
from bot.domain.timing.when import by_clock
from bot.domain.writes import Writes
from bot.flow.holders import holders_now, still_missing
from bot.flow.holding import standing_for
from bot.flow.naming import called
from bot.flow.saying import thread, told

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.catalog import Person
    from bot.domain.operation import Operation
    from bot.domain.timing.rota import Standing
    from bot.ports import Back, Front

_NEXT, _MANAGERS = 1, 2


def is_quiet(operation: Operation, *, front: Front) -> bool:
    """Whether it is of low risk and now is no time to disturb anybody for it."""
    quiet = front.catalog.current().provider.quiet
    low = operation.risk is Risk.LOW and operation.scheduled_for is None
    return low and quiet is not None and quiet.is_quiet(front.now())


async def call_in_the_morning(operation: Operation, *, back: Back) -> Operation:
    """Call those who decide on what came in the night; return it as it is then."""
    if operation.called or is_quiet(operation, front=back):
        return operation
    standing = await standing_for(operation.client, front=back)
    holders = holders_now(operation, standing=standing, front=back)
    able = able_to_decide(operation, holders=holders)
    until = by_clock(operation.decide_by, now=back.now())
    who = called(able, team=operation.place.team, front=back)
    args: dict[str, str | int | Message] = {"until": until, "who": who}
    message = Message.of("thread.proposed" if able else "thread.proposed-nobody", args)
    woken = operation.model_copy(update={"called": True})
    await back.store.write(
        Writes(
            client=operation.client,
            at=back.now(),
            saves=(woken,),
            says=(thread(operation, message),),
        )
    )
    return woken.model_copy(update={"version": woken.version + 1})


async def escalate(operation: Operation, *, back: Back) -> None:
    """Tell the next who should know that nobody has decided, if it is time to."""
    if operation.glass is not None:
        return  # it waits for nobody but who asked
    step = _step(operation, back=back)
    if step <= operation.escalated or is_quiet(operation, front=back):
        return
    standing = await standing_for(operation.client, front=back)
    decisions = await back.store.decisions(operation.client, operation=operation.id)
    empty = still_missing(operation, decisions=decisions, standing=standing, front=back)
    if not any(need.role.startswith("provider.") for need in empty):
        return  # it waits for the client alone
    people = _people(step, standing=standing, back=back)
    people = [one for one in people if one.id != operation.requester]
    await back.store.write(_writes(operation, step, people, back=back))


def _step(operation: Operation, *, back: Back) -> int:
    """Return how far it should be escalated by now."""
    rules = back.catalog.current().provider.escalation
    since, now = operation.proposed_at, back.now()
    if rules is None or since is None:
        return 0
    if operation.scheduled_for is not None:
        # There is time: it gets urgent as its moment comes near.
        since = max(since, operation.scheduled_for - 2 * rules.manager_after)
    if now - since >= rules.manager_after:
        return _MANAGERS
    return _NEXT if now - since >= rules.next_after else 0


def _people(step: int, *, standing: Standing, back: Back) -> Sequence[Person]:
    catalog, now = back.catalog.current(), back.now()
    if step == _MANAGERS:
        found = (catalog.member(one.id) for one in catalog.provider.members)
        return [one for one in found if one and ProviderRole.MANAGER in one.roles]
    called_now = catalog.on_call(now, standing=standing)
    if len(called_now) > 1:
        return called_now[1:]
    change = next_change(catalog.provider, standing=standing, at=now)
    after = catalog.on_call(change, standing=standing) if change else ()
    return [one for one in after if one not in called_now]


def _writes(
    operation: Operation, step: int, people: Sequence[Person], *, back: Back
) -> Writes:
    args: dict[str, str | int | Message] = {
        "id": operation.short,
        "title": operation.change.title,
        "until": by_clock(operation.decide_by, now=back.now()),
        "who": ", ".join(one.name for one in people) or "-",
    }
    key = "escalated.managers" if step == _MANAGERS else "escalated.next"
    asks = [
        Outgoing(
            way=Way.DIRECT,
            place=account.user,
            user=account.user,
            operation=operation.id,
            message=Message.of(key, args),
        )
        for person in people
        for account in person.slack
        if account.team == operation.place.team
    ]
    body: dict[str, object] = {"people": [one.id for one in people], "step": step}
    event = told(EventName.OPERATION_ESCALATED, operation, body, source="timer")
    said = thread(operation, Message.of("escalated.thread", args))
    return Writes(
        client=operation.client,
        at=back.now(),
        saves=(operation.model_copy(update={"escalated": step}),),
        events=(event,),
        says=(said, *asks),
    )
