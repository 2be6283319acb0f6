"""Who is which GitLab user, as the database keeps it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Column, DateTime, Integer, Table, Text, or_, select

from bot.domain.link import Link
from bot.outbound.postgres.tables import metadata

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import RowMapping
    from sqlalchemy.ext.asyncio import AsyncConnection

_MOMENT = DateTime(timezone=True)
_link = Table(
    "gitlab_link",
    metadata,
    Column("id", Text, primary_key=True),
    Column("client", Text, nullable=False),
    Column("member", Text, nullable=False),
    Column("team", Text, nullable=False),
    Column("slack_user", Text, nullable=False, key="user"),
    Column("gitlab", Text, nullable=False),
    Column("room", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("asked_code", Text, nullable=False),
    Column("asked_at", _MOMENT, nullable=False),
    Column("expires_at", _MOMENT, nullable=False),
    Column("version", Integer, nullable=False),
    Column("answer_code", Text),
    Column("noted_at", _MOMENT),
    Column("tries", Integer, nullable=False),
    Column("made_at", _MOMENT),
    Column("ended_at", _MOMENT),
    Column("ending", Text),
)
_READ = select(*(column.label(column.key) for column in _link.c))


async def one(connection: AsyncConnection, *, id: str) -> Link | None:  # noqa: A002 - its name
    """Return the link with this id."""
    query = _READ.where(_link.c.id == id)
    row = (await connection.execute(query)).mappings().one_or_none()
    return None if row is None else _read(row)


async def asked(connection: AsyncConnection, *, member: str) -> Link | None:
    """Return what this member asked for last."""
    query = (
        _READ.where(_link.c.member == member)
        .order_by(_link.c.asked_at.desc(), _link.c.id)
        .limit(1)
    )
    row = (await connection.execute(query)).mappings().one_or_none()
    return None if row is None else _read(row)


async def proved(connection: AsyncConnection, *, after: datetime) -> tuple[Link, ...]:
    """Return what was proved and was not over by then, oldest first."""
    query = (
        _READ.where(_link.c.made_at.is_not(None))
        .where(or_(_link.c.ended_at.is_(None), _link.c.ended_at > after))
        .order_by(_link.c.made_at, _link.c.id)
    )
    rows = (await connection.execute(query)).mappings().all()
    return tuple(_read(row) for row in rows)


def _read(row: RowMapping) -> Link:
    return Link.model_validate(dict(row))
