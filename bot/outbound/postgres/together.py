"""
Group commit: writes that come at the same time are made durable at the same time.

Under load most of what a request costs is its round trip and its commit. While one
batch is on its way, the next one gathers; nobody waits for a timer. Each write is still
whole or not at all, and is acknowledged only after the commit that holds it. Batches
are of one client, so that one client's blocked chain makes no other client wait.

Only writes that insert go this way. One that changes a row would hold its lock while
the batch waits for the audit's, and a batch elsewhere could wait the other way round.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import structlog
from sqlalchemy import text

from bot.domain.errors import TandemError, Unacknowledged, Unavailable
from bot.domain.writes import Overtaken
from bot.outbound.postgres.engine import SYSTEM
from bot.outbound.postgres.errors import OVERTAKEN, ours

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from sqlalchemy.ext.asyncio import AsyncEngine

_WRITE_ALL: Final = text("SELECT tandem_write_all(:client, CAST(:items AS jsonb))")
_MOST: Final = 64
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
        try:
            while waiting := self._waiting.pop(client, []):
                batch, rest = waiting[:_MOST], waiting[_MOST:]
                if rest:
                    self._waiting[client] = rest
                await self._flush(client, batch)
        finally:
            self._busy.discard(client)

    async def _flush(self, client: str, batch: Sequence[_Waiting]) -> None:
        # The items are JSON texts already: put together as text, never parsed again.
        values = {
            "client": client,
            "items": f"[{','.join(one.writes for one in batch)}]",
        }
        try:
            with ours(writing=True):
                async with self._engine.connect() as connection:
                    row = await connection.execute(_WRITE_ALL, values)
                    answers = row.scalar_one()
        except TandemError as error:
            if len(batch) > 1 and _is_about_one(error):
                for one in batch:
                    await self._flush(client, [one])
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


def _is_about_one(error: TandemError) -> bool:
    """
    Tell whether something that was sent cannot be stored, such as a NUL in a text.

    The server reads a batch before it begins with the first item, so the fault of one
    would be everybody's. Class 22 is "data exception": nothing was written.
    """
    state = getattr(getattr(error.__cause__, "orig", None), "sqlstate", None)
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
