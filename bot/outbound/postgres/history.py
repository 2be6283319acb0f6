"""What became lately of one command in one environment, the client's own alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from bot.domain.history import Past

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection

    from bot.domain.scope import Environment

# What is in doubt has not ended, so it is found by itself, by the index of open ones.
_PAST: Final = text(
    """
    SELECT recent.ended_at, recent.state = 'done' AS done, later.ended_at AS undone_at,
      recent.body->>'undoes' IS NULL AND recent.body->>'glass' IS NULL AS counts
    FROM (
      (SELECT ended_at, state, body FROM operation
       WHERE environment = :environment AND command = :command
         AND state IN ('done', 'failed') AND ended_at >= :since
       ORDER BY ended_at DESC LIMIT :most)
      UNION ALL
      (SELECT ended_at, state, body FROM operation
       WHERE environment = :environment AND command = :command
         AND state = 'in_doubt' AND ended_at IS NULL LIMIT 1)
    ) AS recent
    LEFT JOIN operation AS later
      ON later.id = recent.body->>'undone_by' AND later.state = 'done'
    """
)


async def past(
    connection: AsyncConnection,
    *,
    environment: Environment,
    command: str,
    since: datetime,
    most: int,
) -> tuple[Past, ...]:
    """Return how the latest of them ended, and one that is in doubt, if any is."""
    values = {
        "environment": environment.value,
        "command": command,
        "since": since,
        "most": most,
    }
    rows = (await connection.execute(_PAST, values)).mappings().all()
    return tuple(Past.model_validate(dict(row)) for row in rows)
