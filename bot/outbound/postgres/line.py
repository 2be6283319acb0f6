"""
A connection for small writes, spoken to by libpq's own calls.

A cursor is made for any statement and any result; here it is always the same statement
and one value. What goes to the server leaves at once, within the call, so the server
works while this process goes on with what it has in hand; a cursor would be sent on its
way only after all of that. https://www.postgresql.org/docs/current/libpq-async.html
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, Final

import psycopg
from psycopg import pq
from psycopg.errors import error_from_result

from bot.domain.errors import TandemError, Unacknowledged, Unavailable
from bot.outbound.postgres.engine import SYSTEM
from bot.outbound.postgres.errors import ours

if TYPE_CHECKING:
    from psycopg.pq.abc import PGconn, PGresult
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    Answers = list[dict[str, str | None]] | None

_NAME: Final = b"tandem_write_all"
_WRITE_ALL: Final = b"SELECT tandem_write_all($1::text, $2::jsonb)"
# Somewhat more than the server gives itself (see `engine`): it should say so itself.
PATIENCE: Final = 15.0
_FINE: Final = (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK)


class Line:
    """One connection of the pool's, kept; one batch at a time is on its way."""

    def __init__(self, connection: AsyncConnection, pgconn: PGconn) -> None:
        self._connection = connection
        self._pgconn = pgconn
        self._loop = asyncio.get_running_loop()
        self._socket = pgconn.socket
        self._answer: asyncio.Future[Answers] | None = None
        self._results: list[PGresult] = []
        self._patience: asyncio.TimerHandle | None = None
        self.broken = False
        # Always, so that a server's farewell is noticed before something is sent.
        self._loop.add_reader(self._socket, self._arrived)

    @classmethod
    async def open(cls, engine: AsyncEngine) -> Line:
        """Return one that is ready; Unavailable when none can be had."""
        with ours():
            connection = await engine.connect()
            try:
                raw = await connection.get_raw_connection()
                line = cls(connection, _pgconn(raw.driver_connection))
            except BaseException:
                await connection.close()
                raise
        try:
            await line._prepare()
        except BaseException as error:
            await line.close()
            if isinstance(error, Unacknowledged):  # nothing was written by this
                raise Unavailable(SYSTEM, error.detail) from error
            raise
        return line

    def send(self, client: str, items: bytes) -> asyncio.Future[Answers]:
        """
        Send a batch and return the future of what became of each of its items.

        None when all were written, as a rule. A TandemError when the batch failed as a
        whole: Unacknowledged if it went out and nothing came back.
        """
        answer = self._begin()
        try:
            self._pgconn.send_query_prepared(_NAME, [client.encode(), items])
            self._flush()
        except psycopg.Error as error:
            self._break(error)
        return answer

    async def close(self) -> None:
        """Hang up; what is still on its way is told that nobody listens any more."""
        self._break(psycopg.OperationalError("this process is stopping"))
        # Not back to the pool: it has a statement of ours, and may be broken.
        await self._connection.invalidate()
        await self._connection.close()

    async def _prepare(self) -> None:
        answer = self._begin()
        try:
            self._pgconn.send_prepare(_NAME, _WRITE_ALL)
            self._flush()
        except psycopg.Error as error:
            self._break(error)
        await answer

    def _begin(self) -> asyncio.Future[Answers]:
        answer: asyncio.Future[Answers] = self._loop.create_future()
        self._answer = answer
        self._patience = self._loop.call_later(PATIENCE, self._give_up)
        return answer

    def _flush(self) -> None:
        """Hand the rest to the socket, as often as it takes some."""
        if self._pgconn.flush():
            self._loop.add_writer(self._socket, self._writable)

    def _writable(self) -> None:
        self._loop.remove_writer(self._socket)
        try:
            self._flush()
        except psycopg.Error as error:
            self._break(error)

    def _arrived(self) -> None:
        try:
            self._pgconn.consume_input()
            while self._answer is not None and not self._pgconn.is_busy():
                result = self._pgconn.get_result()
                if result is None:
                    self._end()
                else:
                    self._results.append(result)
        except psycopg.Error as error:
            self._break(error)

    def _end(self) -> None:
        results, self._results = self._results, []
        answer, self._answer = self._answer, None
        self._wait_no_more()
        if answer is None or answer.done():
            return
        try:
            answer.set_result(_answers(results))
        except TandemError as error:
            answer.set_exception(error)

    def _break(self, error: psycopg.Error) -> None:
        """Use it no more, and tell who waits that the outcome is not known."""
        if not self.broken:
            self.broken = True
            self._loop.remove_reader(self._socket)
            self._loop.remove_writer(self._socket)
        self._wait_no_more()
        answer, self._answer = self._answer, None
        if answer is not None and not answer.done():
            answer.set_exception(Unacknowledged(SYSTEM, f"{type(error).__name__} "))

    def _give_up(self) -> None:
        self._break(psycopg.OperationalError("no answer in time"))

    def _wait_no_more(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None


def _pgconn(driver: psycopg.AsyncConnection[Any] | None) -> PGconn:
    if driver is None:
        raise Unavailable(SYSTEM, "the pool gave a connection without its driver")
    return driver.pgconn


def _answers(results: list[PGresult]) -> Answers:
    """Return what the server said of a batch; raise what it says went wrong."""
    result = results[-1] if results else None
    if result is None:
        raise Unacknowledged(SYSTEM, "no answer in its answer")
    if result.status not in _FINE:
        with ours(writing=True):
            raise error_from_result(result)
    value = result.get_value(0, 0) if result.ntuples else None
    return None if value is None else json.loads(value)
