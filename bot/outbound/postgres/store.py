"""
The store: what stages read and what they leave behind.

Every read and every write names its client, and the database shows no row of another
(row-level security on `tandem.client`). A stage's writes are one call of the function
`tandem_write` (alembic/sql/0002_write.sql) and so one transaction and one round trip.
"""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select, text

from bot.domain import audit
from bot.domain.audit import Record
from bot.domain.decision import Decision
from bot.domain.message import Message
from bot.domain.operation import ENDED, Operation, State
from bot.domain.writes import Duplicate, Lent
from bot.outbound.postgres import history, ladder, links, timing
from bot.outbound.postgres import tables as t
from bot.outbound.postgres.breaks import breaks
from bot.outbound.postgres.delegations import delegations
from bot.outbound.postgres.errors import ours
from bot.outbound.postgres.search import search
from bot.outbound.postgres.spelling import spelled_out
from bot.outbound.postgres.together import Together
from bot.outbound.postgres.waits import waits

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from contextlib import AbstractAsyncContextManager
    from datetime import date, datetime

    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from bot.domain.audit_filter import AuditFilter
    from bot.domain.found import Page
    from bot.domain.glass import Break
    from bot.domain.history import Past
    from bot.domain.ladder import Agreed, Seen
    from bot.domain.ladder_advice import Numbers
    from bot.domain.link import Link
    from bot.domain.scope import Environment
    from bot.domain.timing.freeze import Freeze
    from bot.domain.timing.lent import Delegation
    from bot.domain.timing.rota import Standing
    from bot.domain.writes import Writes

# An approval counts by who was on call when it was given; nothing waits for longer.
_LONGEST_OPEN = timedelta(days=120)
_WRITE = text("SELECT tandem_write(:client, CAST(:writes AS jsonb))")
_SET_CLIENT = text("SELECT set_config('tandem.client', :client, true)")
_LOCK = text("SELECT pg_try_advisory_lock(hashtextextended(:name, 0))")
_UNLOCK = text("SELECT pg_advisory_unlock(hashtextextended(:name, 0))")


class Store:
    """Operations, decisions, leases and the audit of every client, one at a time."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._alone = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._together = Together(self._alone)

    def running(self) -> AbstractAsyncContextManager[None]:
        """Commit what comes at the same time together, while the body runs."""
        return self._together.running()

    async def write(self, writes: Writes) -> None:
        """
        Commit all of it, or none.

        Raises Overtaken when an operation was moved by somebody else meanwhile, and
        Duplicate when the request was delivered before; then nothing is written.
        """
        spelled = spelled_out(writes)
        if self._together.open and _only_inserts(writes):
            answer = await self._together.write(writes.client, writes=spelled)
        else:
            answer = await self._write(writes.client, spelled)
        if answer is not None:
            raise Duplicate(Message.model_validate_json(answer) if answer else None)

    async def _write(self, client: str, spelled: str) -> str | None:
        values = {"client": client, "writes": spelled}
        with ours(writing=True):
            async with self._alone.connect() as connection:
                row = await connection.execute(_WRITE, values)
                answer: str | None = row.scalar_one()
        return answer

    @asynccontextmanager
    async def reading(self, client: str) -> AsyncIterator[AsyncConnection]:
        """Give a transaction that sees this client's rows only."""
        with ours():
            async with self._engine.begin() as connection:
                await connection.execute(_SET_CLIENT, {"client": client})
                yield connection

    async def operation(self, client: str, *, id: str) -> Operation | None:  # noqa: A002 - its name
        """Return one operation of this client."""
        async with self.reading(client) as connection:
            query = select(t.operation.c.body).where(t.operation.c.id == id)
            body = (await connection.execute(query)).scalar_one_or_none()
        return None if body is None else Operation.model_validate(body)

    async def operations_like(
        self, client: str, *, short: str
    ) -> tuple[Operation, ...]:
        """Return at most three operations whose id begins so."""
        query = (
            select(t.operation.c.body)
            .where(t.operation.c.id.startswith(short, autoescape=True))
            .limit(3)
        )
        return await self._operations(client, query)

    async def unfinished(
        self, client: str, *, states: Sequence[State] = ()
    ) -> tuple[Operation, ...]:
        """Return the operations that have not ended, oldest first."""
        wanted = [state.value for state in states or (set(State) - ENDED)]
        query = (
            select(t.operation.c.body)
            .where(t.operation.c.ended_at.is_(None))
            .where(t.operation.c.state.in_(wanted))
            .order_by(t.operation.c.asked_at)
            .limit(1000)
        )
        return await self._operations(client, query)

    async def decisions(self, client: str, *, operation: str) -> tuple[Decision, ...]:
        """Return who decided what on this operation, in order."""
        query = (
            select(t.decision.c.body)
            .where(t.decision.c.operation == operation)
            .order_by(t.decision.c.at)
        )
        async with self.reading(client) as connection:
            bodies = (await connection.execute(query)).scalars().all()
        return tuple(Decision.model_validate(body) for body in bodies)

    async def records(
        self,
        client: str,
        *,
        operation: str | None = None,
        after: int = 0,
        most: int = 500,
    ) -> tuple[Record, ...]:
        """Return audit records in order: of one operation, or of the whole chain."""
        query = (
            select(t.audit)
            .where(t.audit.c.seq > after)
            .order_by(t.audit.c.seq)
            .limit(most)
        )
        if operation is not None:
            query = query.where(t.audit.c.operation == operation)
        async with self.reading(client) as connection:
            rows = (await connection.execute(query)).mappings().all()
        return tuple(Record.model_validate(dict(row)) for row in rows)

    async def story(
        self, client: str, *, operation: str, ends: int
    ) -> tuple[tuple[Record, ...], int]:
        """Return the first and last `ends` records, and how many are between them."""
        of = t.audit.c.operation == operation
        first = select(t.audit).where(of).order_by(t.audit.c.seq).limit(ends)
        last = select(t.audit).where(of).order_by(t.audit.c.seq.desc()).limit(ends)
        many = select(func.count()).select_from(t.audit).where(of)
        async with self.reading(client) as connection:
            rows = [dict(r) for r in (await connection.execute(first)).mappings()]
            rows += [dict(r) for r in (await connection.execute(last)).mappings()]
            total = int((await connection.execute(many)).scalar_one())
        found = {row["seq"]: Record.model_validate(row) for row in rows}
        told = tuple(found[seq] for seq in sorted(found))
        # Counted last: what came in between is a record more, and never one fewer.
        return told, max(total - len(told), 0)

    async def checkpoints(self, client: str) -> tuple[audit.Checkpoint, ...]:
        """Return the client's signed checkpoints, oldest first."""
        query = select(t.checkpoint).order_by(t.checkpoint.c.seq)
        async with self.reading(client) as connection:
            rows = (await connection.execute(query)).mappings().all()
        return tuple(audit.Checkpoint.model_validate(dict(row)) for row in rows)

    async def last_checkpoint(self, client: str) -> audit.Checkpoint | None:
        """Return the client's newest signed checkpoint."""
        query = select(t.checkpoint).order_by(t.checkpoint.c.seq.desc()).limit(1)
        async with self.reading(client) as connection:
            row = (await connection.execute(query)).mappings().one_or_none()
        return None if row is None else audit.Checkpoint.model_validate(dict(row))

    async def head(self, client: str) -> tuple[int, str]:
        """Return the chain's length and last hash."""
        query = (
            select(t.audit.c.seq, t.audit.c.hash)
            .order_by(t.audit.c.seq.desc())
            .limit(1)
        )
        async with self.reading(client) as connection:
            row = (await connection.execute(query)).one_or_none()
        return (0, audit.genesis(client)) if row is None else (row.seq, row.hash)

    async def open_leases(self, client: str) -> tuple[Lent, ...]:
        """Return what was lent and not given back yet."""
        query = select(
            t.lease.c.accessor,
            t.lease.c.operation,
            t.lease.c.purpose,
            t.lease.c.expires_at,
            t.lease.c.session_dies_at,
            t.lease.c.lent_at,
        ).where(t.lease.c.ended_at.is_(None))
        async with self.reading(client) as connection:
            rows = (await connection.execute(query)).mappings().all()
        return tuple(Lent.model_validate(dict(row)) for row in rows)

    async def freezes(self, client: str, *, after: datetime) -> tuple[Freeze, ...]:
        """Return the client's freezes that end later than this and were not lifted."""
        async with self.reading(client) as connection:
            return await timing.freezes(connection, after=after)

    async def standing(self, provider: str, *, at: datetime) -> Standing:
        """Return what overrides and feeds say of the rota, back to where it matters."""
        async with self.reading(provider) as connection:
            return await timing.standing(connection, after=at - _LONGEST_OPEN)

    async def delegations(
        self, client: str, *, after: datetime
    ) -> tuple[Delegation, ...]:
        """Return the roles that are or were lent here, and end later than this."""
        async with self.reading(client) as connection:
            return await delegations(connection, after=after)

    async def agreed(self, client: str) -> tuple[Agreed, ...]:
        """Return the latest agreement for each environment, lapsed or not."""
        async with self.reading(client) as connection:
            return await ladder.agreed(connection)

    async def protection(self, client: str) -> Seen | None:
        """Return how GitLab was last seen to protect the client's branch."""
        async with self.reading(client) as connection:
            return await ladder.protection(connection)

    async def numbers(
        self, client: str, *, environment: Environment, since: datetime
    ) -> Numbers:
        """Return what became of the client's operations there since a moment."""
        async with self.reading(client) as connection:
            return await ladder.numbers(
                connection, environment=environment, since=since
            )

    async def breaks(
        self, client: str, *, operation: str | None = None
    ) -> tuple[Break, ...]:
        """Return the glass broken for one operation, or all whose review is open."""
        async with self.reading(client) as connection:
            return await breaks(connection, operation=operation)

    async def link(self, client: str, *, id: str) -> Link | None:  # noqa: A002 - its name
        """Return one link, or wish for one, of this organisation."""
        async with self.reading(client) as connection:
            return await links.one(connection, id=id)

    async def link_asked(self, client: str, *, member: str) -> Link | None:
        """Return what this member asked for last, whatever became of it."""
        async with self.reading(client) as connection:
            return await links.asked(connection, member=member)

    async def links(self, client: str, *, after: datetime) -> tuple[Link, ...]:
        """Return the links that were proved and stood later than this."""
        async with self.reading(client) as connection:
            return await links.proved(connection, after=after)

    async def used(self, client: str, *, envelope: str, day: date) -> int:
        """Return how many operations the client's envelope let pass on that day."""
        async with self.reading(client) as connection:
            return await timing.used(connection, envelope=envelope, day=day)

    async def past(
        self,
        client: str,
        *,
        environment: Environment,
        command: str,
        since: datetime,
        most: int,
    ) -> tuple[Past, ...]:
        """Return what became of the client's latest of this command there."""
        async with self.reading(client) as connection:
            return await history.past(
                connection,
                environment=environment,
                command=command,
                since=since,
                most=most,
            )

    async def search(
        self,
        client: str,
        *,
        wanted: AuditFilter,
        since: datetime | None,
        before: str | None,
        most: int,
    ) -> Page:
        """Return the operations that match, newest first, and where the rest begins."""
        async with self.reading(client) as connection:
            return await search(
                connection, wanted=wanted, since=since, before=before, most=most
            )

    async def waits(self, client: str, *, most: int) -> tuple[timedelta, ...]:
        """Return how long decisions on this client's latest operations took."""
        async with self.reading(client) as connection:
            return await waits(connection, most=most)

    @asynccontextmanager
    async def exclusive(self, name: str) -> AsyncIterator[bool]:
        """
        Hold a lock of this name for as long as this process' connection lives.

        False when somebody else holds it. A lease by time could outlive or underlive
        its holder; a session lock cannot: it dies with the connection.
        """
        async with AsyncExitStack() as stack:
            with ours():
                connection = await stack.enter_async_context(self._alone.connect())
                held = (await connection.execute(_LOCK, {"name": name})).scalar_one()
            try:
                # Not within `ours`: what fails in here need not be the database.
                yield bool(held)
            finally:
                if held and not connection.invalidated:
                    with ours():
                        await connection.execute(_UNLOCK, {"name": name})

    async def ping(self) -> None:
        """Raise Unavailable when the database does not answer."""
        with ours():
            async with self._alone.connect() as connection:
                await connection.execute(select(func.now()))

    async def _operations(self, client: str, query: Any) -> tuple[Operation, ...]:  # noqa: ANN401 - a Select of one column
        async with self.reading(client) as connection:
            bodies = (await connection.execute(query)).scalars().all()
        return tuple(Operation.model_validate(body) for body in bodies)


def _only_inserts(writes: Writes) -> bool:
    """Tell whether no row that is there already is touched."""
    return not (
        writes.saves
        or writes.decisions
        or writes.ended
        or writes.checkpoints
        or writes.timing
        or writes.lending
        or writes.ladder
        or writes.glass
        or writes.links
    )
