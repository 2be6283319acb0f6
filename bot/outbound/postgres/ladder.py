"""The trust ladder as the database keeps it, and a client's own numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import Column, DateTime, Table, Text, select, text
from sqlalchemy.dialects.postgresql import JSONB

from bot.domain.ladder import COMMAND, Agreed, Seen
from bot.domain.ladder_advice import Numbers
from bot.outbound.postgres.tables import metadata

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection

    from bot.domain.scope import Environment

_MOMENT = DateTime(timezone=True)
_protection = Table(
    "branch_protection",
    metadata,
    Column("client", Text, primary_key=True),
    Column("found", JSONB, nullable=False),
    Column("wanted", JSONB, nullable=False),
    Column("since", _MOMENT, nullable=False),
    Column("tried_at", _MOMENT),
)
_AGREED: Final = text(
    """
    SELECT DISTINCT ON (environment)
      operation, environment, level, declared, at, lapsed_at
    FROM trust_level ORDER BY environment, at DESC, operation
    """
)
# Who has to decide is written down with the operation; a policy's own approval, too. An
# operation that another was done to take back was undone.
_NUMBERS: Final = text(
    """
    SELECT
      count(*) FILTER (WHERE state IN
        ('approved', 'running', 'in_doubt', 'done', 'failed')) AS approved,
      count(*) FILTER (WHERE state = 'denied') AS denied,
      count(*) FILTER (WHERE state = 'done') AS done,
      count(*) FILTER (WHERE state IN ('failed', 'in_doubt')) AS failed,
      count(*) FILTER (WHERE state = 'done' AND EXISTS (
        SELECT FROM operation AS later
        WHERE later.id = operation.body->>'undone_by' AND later.state = 'done'
      )) AS undone
    FROM operation
    WHERE environment = :environment AND asked_at >= :since AND command <> :moving
    """
)


async def agreed(connection: AsyncConnection) -> tuple[Agreed, ...]:
    """Return the latest agreement for each environment."""
    rows = (await connection.execute(_AGREED)).mappings().all()
    return tuple(Agreed.model_validate(dict(row)) for row in rows)


async def protection(connection: AsyncConnection) -> Seen | None:
    """Return how the branch was last seen to be protected."""
    columns = [one for one in _protection.c if one.name != "client"]
    row = (await connection.execute(select(*columns))).mappings().one_or_none()
    return None if row is None else Seen.model_validate(dict(row))


async def numbers(
    connection: AsyncConnection, *, environment: Environment, since: datetime
) -> Numbers:
    """Return what became of the operations of one environment since a moment."""
    values = {"environment": environment.value, "since": since, "moving": COMMAND}
    row = (await connection.execute(_NUMBERS, values)).mappings().one()
    return Numbers.model_validate(dict(row))
