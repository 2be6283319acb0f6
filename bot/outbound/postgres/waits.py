"""How long decisions took: from a card that can be decided on to the last decision."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import text

if TYPE_CHECKING:
    from datetime import timedelta

    from sqlalchemy.ext.asyncio import AsyncConnection

# Only what came to a decision counts: expiry says nothing of a wait.
_WAITS: Final = text(
    """
    SELECT decided.at - (recent.body->>'proposed_at')::timestamptz
    FROM (
      SELECT id, body FROM operation
      WHERE state IN ('approved', 'running', 'in_doubt', 'done', 'failed', 'denied')
      ORDER BY asked_at DESC, id LIMIT :most
    ) AS recent
    JOIN LATERAL (
      SELECT max(at) AS at FROM decision WHERE decision.operation = recent.id
    ) AS decided ON decided.at IS NOT NULL
    WHERE recent.body->>'proposed_at' IS NOT NULL
    """
)


async def waits(connection: AsyncConnection, *, most: int) -> tuple[timedelta, ...]:
    """Return how long each of the latest decided operations waited for its decision."""
    found = await connection.execute(_WAITS, {"most": most})
    return tuple(found.scalars().all())
