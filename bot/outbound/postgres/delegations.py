"""Roles lent for a while, as the database keeps them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Column, DateTime, Table, Text, select

from bot.domain.timing.lent import Delegation
from bot.outbound.postgres.tables import metadata

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection

_MOMENT = DateTime(timezone=True)
_delegation = Table(
    "delegation",
    metadata,
    Column("id", Text, primary_key=True),
    Column("client", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("giver", Text, nullable=False),
    Column("taker", Text, nullable=False),
    Column("begins", _MOMENT, nullable=False),
    Column("until", _MOMENT, nullable=False),
    Column("revoked_at", _MOMENT),
)


async def delegations(
    connection: AsyncConnection, *, after: datetime
) -> tuple[Delegation, ...]:
    """Return what is or was lent and ends later than this, revoked or not."""
    query = (
        select(_delegation)
        .where(_delegation.c.until > after)
        .order_by(_delegation.c.begins, _delegation.c.id)
    )
    rows = (await connection.execute(query)).mappings().all()
    return tuple(Delegation.model_validate(dict(row)) for row in rows)
