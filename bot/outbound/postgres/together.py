"""
Group commit: writes that come at the same time are made durable at the same time.

Under load most of what a request costs is its round trip and its commit. While one
batch is on its way, the next one gathers; nobody waits for a timer, nor for what has
arrived and is not judged yet, or the database would be idle meanwhile. Each write is
still whole or not at all, and is acknowledged only after the commit that holds it.
Batches are of one client: one client's blocked chain makes no other client wait.

Only writes that insert go this way. One that changes a row would hold its lock while
the batch waits for the audit's, and a batch elsewhere could wait the other way round.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import structlog

from bot.domain.errors import TandemError, Unacknowledged, Unavailable
from bot.domain.writes import Overtaken
from bot.outbound.postgres.engine import SYSTEM
from bot.outbound.postgres.errors import OVERTAKEN, ours, state_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from psycopg import AsyncConnection as Driver
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

_WRITE_ALL: Final = "SELECT tandem_write_all(%s, %s::jsonb)"
_MOST: Final = 64
# Batches before a connection goes back to the pool, where another may wait for one.
_IN_A_ROW: Final = 16
_WRITTEN: Final[dict[str, str | None]] = {"answer": None}
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Waiting:
    writes: str
    answer: asyncio.Future[str | None]


class Together:
    """One process' writes, committed in batches while `running` is open."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._waiting: dict[str, list[_Waiting]] = {}
        self._busy: set[str] = set()
        self._tasks: set[asyncio.Task[None]] | None = None

    @property
    def open(self) -> bool:
        """Whether writes are taken."""
        return self._tasks is not None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Take writes while the body runs; what waits at its end is still written."""
        tasks: set[asyncio.Task[None]] = set()
        self._tasks = tasks
        # No TaskGroup: it would wrap whatever the body raises, and cancel what is being
        # written when the body fails.
        try:
            yield
        finally:
            self._tasks = None
            await asyncio.gather(*tasks)

    async def write(self, client: str, *, writes: str) -> str | None:
        """Return what `tandem_write` answers, once the batch is committed."""
        if self._tasks is None:
            raise Unavailable(SYSTEM, "this process is stopping")
        answer: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(client, []).append(_Waiting(writes, answer))
        if client not in self._busy:
            self._busy.add(client)
            # Of its own, not the writer's: who goes away takes no other's write along.
            task = asyncio.create_task(self._flush_all(client), name=f"commit {client}")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await answer

    async def _flush_all(self, client: str) -> None:
        """Commit what waits for this client, batch after batch, until nothing does."""
        line = _Line(self._engine)
        try:
            while client in self._waiting:
                waiting = self._waiting.pop(client)
                batch, rest = waiting[:_MOST], waiting[_MOST:]
                if rest:
                    self._waiting[client] = rest
                await self._flush(client, batch, line)
        finally:
            self._busy.discard(client)
            await line.hang_up()

    async def _flush(self, client: str, batch: Sequence[_Waiting], line: _Line) -> None:
        try:
            answers = await line.send(client, batch)
        except TandemError as error:
            if len(batch) > 1 and _is_about_one(error):
                for one in batch:
                    await self._flush(client, [one], line)
                return
            _fail(batch, error)
            return
        except asyncio.CancelledError:
            _fail(batch, Unacknowledged(SYSTEM, "this process is stopping"))
            raise
        except Exception as error:  # noqa: BLE001 - nobody may wait here for ever
            _log.exception("store.batch_broken", client=client)
            _fail(batch, Unacknowledged(SYSTEM, type(error).__name__))
            return
        # Of a batch that went in as it was, there is nothing to be said of each.
        for one, answer in zip(batch, answers or [_WRITTEN] * len(batch), strict=True):
            if not one.answer.done():  # its writer may have gone meanwhile
                _settle(one.answer, answer)


class _Line:
    """
    A connection for as long as there is something to write; had when first needed.

    Statements go to the driver itself: what SQLAlchemy does around each one, and the
    way out of the pool and back, take longer than the statement.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._connection: AsyncConnection | None = None
        self._driver: Driver[Any] | None = None
        self._sent = 0

    async def send(
        self, client: str, batch: Sequence[_Waiting]
    ) -> list[dict[str, str | None]] | None:
        """Return what became of each, or None when all were written, as a rule."""
        # The items are JSON texts already: put together as text, never parsed again.
        items = f"[{','.join(one.writes for one in batch)}]"
        try:
            with ours(writing=True):
                driver = self._driver or await self._open()
                rows = await driver.execute(_WRITE_ALL, (client, items), prepare=True)
                row = await rows.fetchone()
        except TandemError:
            await self.hang_up()
            raise
        if row is None:
            raise Unacknowledged(SYSTEM, "no answer in its answer")
        self._sent += 1
        if self._sent >= _IN_A_ROW:
            await self.hang_up()
        answers: list[dict[str, str | None]] | None = row[0]
        return answers

    async def _open(self) -> Driver[Any]:
        self._connection = await self._engine.connect()
        raw = await self._connection.get_raw_connection()
        driver: Driver[Any] | None = raw.driver_connection
        if driver is None:
            raise Unavailable(SYSTEM, "the pool gave a connection without its driver")
        self._driver = driver
        return driver

    async def hang_up(self) -> None:
        """Give the connection back; one that is broken is not used again."""
        connection, self._connection = self._connection, None
        driver, self._driver = self._driver, None
        self._sent = 0
        if connection is not None:
            if driver is None or driver.closed:
                await connection.invalidate()
            await connection.close()


def _is_about_one(error: TandemError) -> bool:
    """
    Tell whether something that was sent cannot be stored, such as a NUL in a text.

    The server reads a batch before it begins with the first item, so the fault of one
    would be everybody's. Class 22 is "data exception": nothing was written.
    """
    state = state_of(error.__cause__)
    return state is not None and state[:2] == "22"


def _fail(batch: Sequence[_Waiting], error: TandemError) -> None:
    # One for each writer, since each adds its own traceback to it.
    kind = Unacknowledged if isinstance(error, Unacknowledged) else Unavailable
    detail = error.detail if isinstance(error, Unavailable) else str(error)
    for one in batch:
        if not one.answer.done():
            one.answer.set_exception(kind(SYSTEM, detail))


def _settle(future: asyncio.Future[str | None], answer: dict[str, str | None]) -> None:
    problem = answer.get("error")
    if problem is None:
        future.set_result(answer["answer"])
    elif problem in OVERTAKEN:
        future.set_exception(Overtaken(problem))
    else:
        future.set_exception(Unavailable(SYSTEM, problem))
