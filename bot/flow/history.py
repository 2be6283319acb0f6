"""How often a command went well in a row: read where it counts, and at that moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.history import LOOKED_AT, PERIOD, successes

if TYPE_CHECKING:
    from bot.domain.operation import Operation
    from bot.ports import Front


async def successes_now(operation: Operation, *, front: Front) -> int:
    """Return how often its command went well in a row, for its client, there."""
    past = await front.store.past(
        operation.client,
        environment=operation.environment,
        command=operation.command,
        since=front.now() - PERIOD,
        most=LOOKED_AT,
    )
    return successes(past)


async def broken_since(operation: Operation, *, front: Front) -> bool:
    """
    Whether its route counts on more successes in a row than there are by now.

    More of them loosen nothing: the route stays the one that was shown.
    """
    grounds = operation.route.grounds if operation.route else None
    if grounds is None or not grounds.relied_on:
        return False
    return await successes_now(operation, front=front) < grounds.relied_on
