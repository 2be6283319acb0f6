"""What time left in the database: freezes, overrides, feeds, uses of envelopes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import (
    Column,
    Date,
    DateTime,
    Integer,
    Table,
    Text,
    case,
    func,
    literal,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB

from bot.domain.timing.freeze import Freeze
from bot.domain.timing.rota import Duty, Feed, Standing
from bot.outbound.postgres.tables import metadata

if TYPE_CHECKING:
    from datetime import date

    from sqlalchemy.ext.asyncio import AsyncConnection

_MOMENT = DateTime(timezone=True)
# What was told of before it was ever read stands as read at the beginning of time.
_NEVER = datetime(1, 1, 1, tzinfo=UTC)

_freeze = Table(
    "freeze_window",
    metadata,
    Column("id", Text, primary_key=True),
    Column("client", Text, nullable=False),
    Column("environment", Text),
    Column("begins", _MOMENT, nullable=False),
    Column("until", _MOMENT, nullable=False),
    Column("reason", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("organisation", Text, nullable=False),
    Column("lifted_at", _MOMENT),
)
_duty = Table(
    "duty",
    metadata,
    Column("id", Text, primary_key=True),
    Column("client", Text, nullable=False),
    Column("member", Text, nullable=False),
    Column("begins", _MOMENT, nullable=False),
    Column("until", _MOMENT, nullable=False),
    Column("by", Text, nullable=False),
)
_feed = Table(
    "feed",
    metadata,
    Column("client", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("fetched_at", _MOMENT, nullable=False),
    Column("slots", JSONB, nullable=False),
    Column("told_at", _MOMENT),
)
_use = Table(
    "envelope_use",
    metadata,
    Column("client", Text, primary_key=True),
    Column("envelope", Text, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("number", Integer, primary_key=True),
)


async def freezes(
    connection: AsyncConnection, *, after: datetime
) -> tuple[Freeze, ...]:
    """Return the freezes that end later than this and were not lifted."""
    query = (
        select(_freeze)
        .where(_freeze.c.until > after, _freeze.c.lifted_at.is_(None))
        .order_by(_freeze.c.begins, _freeze.c.id)
    )
    rows = (await connection.execute(query)).mappings().all()
    return tuple(Freeze.model_validate(dict(row)) for row in rows)


async def standing(connection: AsyncConnection, *, after: datetime) -> Standing:
    """Return the overrides that end later than this, and what every feed last said."""
    columns = (_duty.c.id, _duty.c.member, _duty.c.begins, _duty.c.until, _duty.c.by)
    query = select(*columns).where(_duty.c.until > after).order_by(_duty.c.begins)
    duties = (await connection.execute(query)).mappings().all()
    fetched = case(
        (func.isfinite(_feed.c.fetched_at), _feed.c.fetched_at),
        else_=literal(_NEVER, _MOMENT),
    ).label("fetched_at")
    rows = await connection.execute(
        select(_feed.c.name, fetched, _feed.c.slots, _feed.c.told_at)
    )
    return Standing(
        duties=tuple(Duty.model_validate(dict(row)) for row in duties),
        feeds=tuple(Feed.model_validate(dict(row)) for row in rows.mappings()),
    )


async def used(connection: AsyncConnection, *, envelope: str, day: date) -> int:
    """Return how often the envelope let something pass on that day."""
    query = select(func.coalesce(func.max(_use.c.number), 0)).where(
        _use.c.envelope == envelope, _use.c.day == day
    )
    found: int = (await connection.execute(query)).scalar_one()
    return found
