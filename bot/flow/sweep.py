"""
What time does: reminders, expiry, second looks, reviews, forgotten loans, checkpoints.

One sweep at a time over all replicas; each finding is a transaction of its own, so a
sweep that dies has done what it had done. What fails for one client, or for one
operation, is logged under a reference and keeps nobody else from being looked at.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import structlog

from bot.domain.audit import EventName
from bot.domain.change import is_merged
from bot.domain.errors import Unavailable
from bot.domain.message import Message
from bot.domain.operation import ENDED, State
from bot.domain.outgoing import Outgoing, Way
from bot.domain.policy import able_to_decide
from bot.domain.reference import reference
from bot.domain.timing.when import by_clock
from bot.domain.writes import Job, Overtaken, Task, Writes
from bot.flow.checkpoint import last_signed, sign
from bot.flow.escalate import call_in_the_morning, escalate, is_quiet
from bot.flow.feeds import refresh
from bot.flow.holders import holders_now
from bot.flow.holding import standing_for
from bot.flow.lending import give_back
from bot.flow.notice import notice_job
from bot.flow.protect import protect_job
from bot.flow.reviewing import look_at_reviews
from bot.flow.saying import card, thread, told
from bot.flow.turns import ACTS_ON

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from datetime import timedelta

    from bot.domain.operation import Operation
    from bot.domain.writes import Lent
    from bot.ports import Back

_log = structlog.get_logger()
_ACTING = (State.RUNNING, State.IN_DOUBT)


async def sweep(*, back: Back, left: Collection[str] = ()) -> None:
    """
    Go through every client once, unless another replica is at it.

    `left` are clients that were in the catalog and no longer are: for them only what
    needs no catalog is done, and what of theirs has not ended is logged as an error.
    """
    async with back.store.exclusive("tandem sweep") as mine:
        if not mine:
            return
        catalog = back.catalog.current()
        clients = [client.id for client in catalog.clients]
        for client in (*clients, *left):
            look = _left_behind if client in left else _operations
            with _alone("operations", client):
                await look(client, back=back)
            with _alone("reviews", client):
                await look_at_reviews(client, back=back)
            with _alone("loans", client):
                await _loans(client, back=back)
            with _alone("prune", client):
                await _prune(client, back=back)
        with _alone("feeds", catalog.provider.id):
            await refresh(back=back)
        for chain in (*clients, *left, catalog.provider.id):
            with _alone("checkpoint", chain):
                await _checkpoint(chain, back=back)


@contextmanager
def _alone(part: str, client: str, operation: str = "") -> Iterator[None]:
    """Keep a fault to whom it belongs to: it is logged, and the sweep goes on."""
    log = _log.bind(part=part, client=client, operation=operation)
    try:
        yield
    except Overtaken:
        return  # somebody moved it in this very moment; the next sweep sees it
    except Unavailable as error:
        log.warning("sweep.unavailable", system=error.system, detail=str(error))
    except Exception as error:
        found = reference(part, client, operation, type(error).__name__)
        log.exception("sweep.broken", reference=found)


async def _operations(client: str, *, back: Back) -> None:
    """Look at what has not ended; see to it that somebody will go on with it."""
    jobs = [
        notice_job(client, after=back.pace.watch),
        protect_job(client, after=back.pace.watch),
    ]
    for operation in await back.store.unfinished(client):
        with _alone("operation", client, operation.id):
            job = await _look(operation, back=back)
            if job is not None:
                jobs.append(job)
    await back.store.write(Writes(client=client, at=back.now(), jobs=tuple(jobs)))


async def _left_behind(client: str, *, back: Back) -> None:
    """Let requests of a client that left expire; nothing else can be done for them."""
    found = await back.store.unfinished(client)
    if found:
        open_ones = [operation.short for operation in found]
        _log.error("client.left_the_catalog", client=client, unfinished=open_ones)
    for operation in found:
        with _alone("operation", client, operation.id):
            if _is_late(operation, back=back):
                await _expire(operation, back=back)


async def _look(operation: Operation, *, back: Back) -> Job | None:
    """
    Return the job that must exist for an operation that stands like this.

    Mostly there is one and this adds none. But a job can get lost where the queue is
    the only one who knows of it: a frozen worker that comes back finishes a job that
    another has meanwhile put back.
    """
    if _is_late(operation, back=back):
        await _expire(operation, back=back)
        return None
    match operation.state:
        case State.ASKED:
            return Job(task=Task.PREPARE, operation=operation.id, once=True)
        case State.APPROVED | State.RUNNING:
            return Job(
                task=Task.EXECUTE,
                operation=operation.id,
                after=operation.wait(back.now()),
                once=True,
            )
        case State.IN_DOUBT:
            return Job(
                task=Task.EXECUTE,
                operation=operation.id,
                after=_next_look(operation, back=back),
                once=True,
            )
        case _:
            operation = await call_in_the_morning(operation, back=back)
            if not await _remind(operation, back=back):
                await escalate(operation, back=back)
    if not is_merged(operation.change):
        return None
    return Job(
        task=Task.WATCH, operation=operation.id, after=back.pace.watch, once=True
    )


def _next_look(operation: Operation, *, back: Back) -> timedelta:
    """Return when to ask the world again: soon at first, seldom after a long doubt."""
    fresh = back.now() < operation.expires_at
    return back.pace.poll_most if fresh else back.pace.doubt_settles


def _is_late(operation: Operation, *, back: Back) -> bool:
    """Whether it still waits for a start, and its time is over."""
    waits = operation.state in (State.ASKED, State.PROPOSED, State.APPROVED)
    if operation.state is State.PROPOSED:
        return back.now() >= operation.decide_by
    return waits and back.now() >= operation.expires_at


async def _expire(operation: Operation, *, back: Back) -> None:
    why = Message.of(f"ended.expired-{operation.state.value}")
    # Of a client that left the catalog nobody knows the project any more.
    known = back.catalog.current().client(operation.client) is not None
    tidies = known and is_merged(operation.change)
    tidy = Job(task=Task.TIDY, operation=operation.id)
    await back.store.write(
        Writes(
            client=operation.client,
            at=back.now(),
            saves=(operation.to(State.EXPIRED, at=back.now(), outcome=why),),
            events=(told(EventName.OPERATION_EXPIRED, operation, source="timer"),),
            says=(card(operation), thread(operation, why)),
            jobs=(tidy,) if tidies else (),
        )
    )


async def _remind(operation: Operation, *, back: Back) -> bool:
    """Remind those who decide, once, and tell whether it was done now."""
    route = operation.route
    if route is None or operation.reminded or operation.glass is not None:
        return False
    if back.now() < operation.decide_by - route.remind_before:
        return False
    if is_quiet(operation, front=back):
        return False
    catalog, standing = (
        back.catalog.current(),
        await standing_for(operation.client, front=back),
    )
    holders = holders_now(operation, standing=standing, front=back)
    able = able_to_decide(operation, holders=holders)
    people = {one: person for one in able if (person := catalog.member(one))}
    args: dict[str, str | int | Message] = {
        "id": operation.short,
        "title": operation.change.title,
        "until": by_clock(operation.decide_by, now=back.now()),
    }
    asks = tuple(
        Outgoing(
            way=Way.DIRECT,
            place=identity.user,
            user=identity.user,
            operation=operation.id,
            message=Message.of("remind.direct", args),
        )
        for person in people.values()
        for identity in person.slack
        if identity.team == operation.place.team
    )
    await back.store.write(
        Writes(
            client=operation.client,
            at=back.now(),
            saves=(operation.reminded_now(),),
            events=(
                told(
                    EventName.OPERATION_REMINDED,
                    operation,
                    {"people": sorted(people)},
                    source="timer",
                ),
            ),
            says=(thread(operation, Message.of("remind.thread", args)), *asks),
        )
    )
    return True


async def _loans(client: str, *, back: Back) -> None:
    """Give back what a crash left lent."""
    for lent in await back.store.open_leases(client):
        with _alone("loan", client, lent.operation):
            await _loan(lent, client=client, back=back)


async def _loan(lent: Lent, *, client: str, back: Back) -> None:
    ends = max(lent.expires_at, lent.session_dies_at or lent.expires_at)
    if back.now() >= ends:
        await give_back(back, client=client, lent=lent)
        return
    # Whoever ends an operation gives back right afterwards: not to be hurried.
    if (lent.lent_at or back.now()) + back.pace.afterwards >= back.now():
        return
    operation = await back.store.operation(client, id=lent.operation)
    if operation is None or operation.state in ENDED:
        await give_back(back, client=client, lent=lent)
    elif operation.state in _ACTING:
        # Whoever acts on it holds its lock. If nobody does, a crash left this lent; and
        # what is in doubt may stay so for long, so that its end is not waited for.
        async with back.store.exclusive(ACTS_ON + operation.id) as idle:
            if idle:
                await give_back(back, client=client, lent=lent)


async def _prune(client: str, *, back: Back) -> None:
    """Forget what was said and delivered long ago; the audit keeps what happened."""
    gone = await back.outbox.prune(client, before=back.now() - back.pace.keep)
    if gone:
        _log.info("outbox.pruned", client=client, rows=gone)


async def _checkpoint(client: str, *, back: Back) -> None:
    """Sign the chain if the last signature is old enough."""
    since = await last_signed(client, front=back)
    if back.now() >= since + back.pace.checkpoint:
        await sign(client, front=back, notary=back.notary, source="timer")
