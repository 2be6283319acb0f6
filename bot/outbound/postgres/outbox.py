"""
The outbox: what is to be said and was not yet, place by place, in order.

A row is marked as tried before it is sent and as sent afterwards. Whoever finds a row
that was tried but not sent looks in the chat for it before saying it again.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError
from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from bot.domain.outgoing import Outgoing, Unread, Waiting
from bot.outbound.postgres import tables as t

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractAsyncContextManager
    from datetime import datetime

    from sqlalchemy import Row

    from bot.outbound.postgres.store import Store

# So many are taken at once; a place with more keeps its lock and comes again.
_BATCH: Final = 50


class Outbox:
    """The outbox of every client, one at a time, over the store's connections."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def places(self, client: str, *, now: datetime) -> tuple[str, ...]:
        """Return the places for which something is due."""
        query = (
            select(t.outbox.c.place)
            .where(t.outbox.c.sent_at.is_(None))
            .group_by(t.outbox.c.place)
            .having(func.min(t.outbox.c.not_before) <= now)
        )
        async with self._store.reading(client) as connection:
            return tuple((await connection.execute(query)).scalars().all())

    def hold(self, place: str) -> AbstractAsyncContextManager[bool]:
        """Let one replica at a time speak in a place, so that order is kept."""
        return self._store.exclusive(f"tandem outbox {place}")

    async def waiting(
        self, client: str, *, place: str, now: datetime
    ) -> tuple[Waiting | Unread, ...]:
        """
        Return what is to be said in a place, in order, and whether it is due.

        A row that this build cannot read is handed out unread, so that it can be put
        aside and what is behind it be said.
        """
        query = (
            select(t.outbox)
            .where(t.outbox.c.place == place)
            .where(t.outbox.c.sent_at.is_(None))
            .order_by(t.outbox.c.id)
            .limit(_BATCH)
        )
        async with self._store.reading(client) as connection:
            rows = (await connection.execute(query)).all()
        return tuple(_read(row, now=now) for row in rows)

    async def trying(
        self, client: str, *, entries: Sequence[int], at: datetime
    ) -> None:
        """Write down that it is about to be sent."""
        await self._update(
            client, entries, tried_at=at, attempts=t.outbox.c.attempts + 1
        )

    async def sent(
        self, client: str, *, entries: Sequence[int], message: str, at: datetime
    ) -> None:
        """Write down that it was said, and as which message."""
        await self._update(client, entries, sent_at=at, message=message, problem=None)

    async def undeliverable(
        self, client: str, *, entry: int, problem: str, at: datetime
    ) -> None:
        """Put aside what can never be said, with the reason."""
        await self._update(
            client, [entry], sent_at=at, message="", problem=problem[:500]
        )

    async def postponed(
        self,
        client: str,
        *,
        entries: Sequence[int],
        until: datetime,
        problem: str,
        untried: bool,
        counted: bool = True,
    ) -> None:
        """
        Keep it for later; `untried` when it certainly did not go out.

        Not `counted`, the try that was just made is forgotten: patience that the chat
        asks for brings nothing nearer to being given up.
        """
        values: dict[str, object] = {"not_before": until, "problem": problem[:500]}
        if untried:
            values["tried_at"] = None
        if not counted:
            values["attempts"] = func.greatest(t.outbox.c.attempts - 1, 0)
        await self._update(client, entries, **values)

    async def prune(self, client: str, *, before: datetime) -> int:
        """Forget what was said and delivered before, cards' messages aside."""
        query = select(func.tandem_prune(client, before))
        async with self._store.reading(client) as connection:
            return int((await connection.execute(query)).scalar_one())

    async def card_of(self, client: str, *, operation: str) -> str | None:
        """Return the message that is the operation's card, once it was posted."""
        query = (
            select(t.outbox.c.message)
            .where(t.outbox.c.operation == operation)
            .where(t.outbox.c.body["way"].astext == "card")
            .where(t.outbox.c.message != "")
            .order_by(t.outbox.c.id)
            .limit(1)
        )
        async with self._store.reading(client) as connection:
            return (await connection.execute(query)).scalar_one_or_none()

    async def turn(
        self, client: str, *, place: str, now: datetime, gap: timedelta
    ) -> timedelta:
        """Take the turn to post there, at most one a `gap`; or how far away it is."""
        table = t.courtesy
        take = (
            insert(table)
            .values(place=place, client=client, next_at=now + gap)
            .on_conflict_do_update(
                index_elements=[table.c.client, table.c.place],
                set_={"next_at": now + gap},
                where=table.c.next_at <= now,
            )
            .returning(table.c.next_at)
        )
        look = select(table.c.next_at).where(table.c.place == place)
        async with self._store.reading(client) as connection:
            if (await connection.execute(take)).scalar_one_or_none() is not None:
                return timedelta(0)
            free_at: datetime = (await connection.execute(look)).scalar_one()
        return max(free_at - now, timedelta(0))

    async def _update(self, client: str, ids: Sequence[int], **values: object) -> None:
        query = update(t.outbox).where(t.outbox.c.id.in_(ids)).values(**values)
        async with self._store.reading(client) as connection:
            await connection.execute(query)


def _read(row: Row[Any], *, now: datetime) -> Waiting | Unread:
    """Return the row as what it says, or unread with what is wrong with it."""
    try:
        outgoing = Outgoing.model_validate(row.body)
    except ValidationError as error:
        # Where and what, never the text itself: it goes into the log and the audit.
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        return Unread(
            id=row.id, operation=row.operation, problem=f"{place}: {first['type']}"
        )
    return Waiting(
        id=row.id,
        outgoing=outgoing,
        attempts=row.attempts,
        tried=row.tried_at is not None,
        due=row.not_before <= now,
    )
