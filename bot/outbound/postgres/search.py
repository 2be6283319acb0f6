"""The audit's search: closed values compared with columns, nothing interpreted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import exists, or_, select, tuple_

from bot.domain.decision import Decision
from bot.domain.found import Hit, Page
from bot.domain.operation import Operation
from bot.outbound.postgres import tables as t

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.ext.asyncio import AsyncConnection

    from bot.domain.audit_filter import AuditFilter


async def search(
    connection: AsyncConnection,
    *,
    wanted: AuditFilter,
    since: datetime | None,
    before: str | None,
    most: int,
) -> Page:
    """Return one page of matching operations; the connection sees one client only."""
    query = select(t.operation.c.body).where(*_conditions(wanted, since))
    if before is not None:
        last = (
            select(t.operation.c.asked_at, t.operation.c.id)
            .where(t.operation.c.id == before)
            .subquery()
        )
        query = query.where(
            tuple_(t.operation.c.asked_at, t.operation.c.id)
            < select(last.c.asked_at, last.c.id).scalar_subquery()
        )
    query = query.order_by(t.operation.c.asked_at.desc(), t.operation.c.id.desc())
    bodies = (await connection.execute(query.limit(most + 1))).scalars().all()
    operations = [Operation.model_validate(body) for body in bodies[:most]]
    decided: dict[str, list[Decision]] = {item.id: [] for item in operations}
    rows = await connection.execute(
        select(t.decision.c.body)
        .where(t.decision.c.operation.in_(decided))
        .order_by(t.decision.c.at)
    )
    for body in rows.scalars():
        decision = Decision.model_validate(body)
        decided[decision.operation].append(decision)
    cards = await _cards(connection, tuple(decided))
    hits = tuple(
        Hit(item, tuple(decided[item.id]), cards.get(item.id)) for item in operations
    )
    return Page(hits, hits[-1].operation.id if len(bodies) > most else None)


async def _cards(
    connection: AsyncConnection, operations: tuple[str, ...]
) -> dict[str, str]:
    """Return the message that is each operation's card, where there is one."""
    query = (
        select(t.outbox.c.operation, t.outbox.c.message)
        .where(t.outbox.c.operation.in_(operations))
        .where(t.outbox.c.body["way"].astext == "card")
        # Empty is what the chat would never take.
        .where(t.outbox.c.message.is_not(None), t.outbox.c.message != "")
        .order_by(t.outbox.c.id.desc())
    )
    return {row.operation: row.message for row in await connection.execute(query)}


def _conditions(
    wanted: AuditFilter, since: datetime | None
) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.who is not None:
        decided = exists().where(
            t.decision.c.operation == t.operation.c.id,
            t.decision.c.member == wanted.who.id,
        )
        found.append(or_(t.operation.c.requester == wanted.who.id, decided))
    if wanted.what is not None:
        found.append(t.operation.c.command == wanted.what)
    if wanted.on is not None:
        found.append(t.operation.c.target == wanted.on)
    if wanted.state is not None:
        found.append(t.operation.c.state == wanted.state.value)
    if since is not None:
        found.append(t.operation.c.asked_at >= since)
    return found
