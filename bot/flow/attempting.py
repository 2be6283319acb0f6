"""
An operation is moved by a person: read, judged, written, until nobody was faster.

What the judgement is, is the stage's that hands it in: deciding, cancelling, settling.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from bot.domain.errors import NotAllowed, Refused, Unavailable, WrongState
from bot.domain.message import Message
from bot.domain.writes import Duplicate, Overtaken
from bot.flow.door import enter, turn_away
from bot.flow.finding import find
from bot.flow.holding import around
from bot.flow.turns import ACTS_ON

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from bot.domain.decision import Decision
    from bot.domain.operation import Operation
    from bot.domain.writes import Writes
    from bot.flow.door import Caller, Knock
    from bot.flow.holding import Around
    from bot.ports import Front

_TRIES: Final = 8


async def attempt(
    knock: Knock,
    *,
    operation: str,
    make: Callable[[Operation, tuple[Decision, ...], Caller, Around], Writes],
    front: Front,
    at_rest: bool = False,
) -> Message:
    """
    Read, judge and write until nobody was faster in between; return what to say.

    With `at_rest`, only while no worker acts on the operation or looks what came of it.
    """
    try:
        caller = enter(knock, front=front)
        for _ in range(_TRIES):
            found = await find(caller, operation, front=front)
            async with _resting(found, wanted=at_rest, front=front):
                told = await _once(found, caller, make=make, front=front)
            if told is not None:
                return told
    except Refused as refusal:
        return await turn_away(knock, refusal=refusal, front=front)
    except Duplicate as duplicate:
        return duplicate.answer or Message.of("decided.already-delivered")
    raise Unavailable("the database", "too many decided at once")


async def _once(
    found: Operation,
    caller: Caller,
    *,
    make: Callable[[Operation, tuple[Decision, ...], Caller, Around], Writes],
    front: Front,
) -> Message | None:
    """Judge and write what was read; None when somebody was faster."""
    decisions = await front.store.decisions(caller.client.id, operation=found.id)
    near = await around(found, front=front)
    try:
        writes = make(found, decisions, caller, near)
    except NotAllowed as refusal:
        # Two reads, and somebody may have decided in between: then the reason would be
        # of a moment that never was.
        if await _moved(found, front=front):
            return None
        return await turn_away(
            caller.knock, refusal=refusal, front=front, operation=found.id
        )
    try:
        await front.store.write(writes)
    except Overtaken:
        return None
    return _answer(writes)


@asynccontextmanager
async def _resting(
    operation: Operation, *, wanted: bool, front: Front
) -> AsyncIterator[None]:
    """Keep workers away from it, if wanted; WrongState while one is at it."""
    if not wanted:
        yield
        return
    async with front.store.exclusive(ACTS_ON + operation.id) as idle:
        if not idle:
            raise WrongState(Message.of("refused.at-work", {"id": operation.short}))
        yield


async def _moved(operation: Operation, *, front: Front) -> bool:
    """Whether somebody moved the operation since it was read."""
    now = await front.store.operation(operation.client, id=operation.id)
    return now is None or now.version != operation.version


def _answer(writes: Writes) -> Message:
    if writes.delivery is None:
        return Message.of("decided.already-delivered")
    return writes.delivery.answer
