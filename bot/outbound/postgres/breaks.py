"""Broken glasses and their reviews, as the database keeps them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Column, DateTime, Table, Text, select

from bot.domain.glass import Break
from bot.outbound.postgres.tables import metadata

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

_MOMENT = DateTime(timezone=True)
_glass = Table(
    "glass",
    metadata,
    Column("operation", Text, primary_key=True),
    Column("client", Text, nullable=False),
    Column("member", Text, nullable=False),
    Column("organisation", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("at", _MOMENT, nullable=False),
    Column("opened_at", _MOMENT),
    Column("reminded_at", _MOMENT),
    Column("closed_at", _MOMENT),
    Column("closed_by", Text),
    Column("finding", Text),
)


async def breaks(
    connection: AsyncConnection, *, operation: str | None
) -> tuple[Break, ...]:
    """Return the glass broken for one operation, or all whose review is open."""
    wanted = (
        _glass.c.closed_at.is_(None)
        if operation is None
        else _glass.c.operation == operation
    )
    query = select(_glass).where(wanted).order_by(_glass.c.at, _glass.c.operation)
    rows = (await connection.execute(query)).mappings().all()
    return tuple(Break.model_validate(dict(row)) for row in rows)
