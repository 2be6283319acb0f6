"""
Who says what is due: one task a place, so that no place waits for another.

Called by the database when something was written, and by a look every few seconds for
what was put off or whose call was missed. What is said, and in which order, is the
stage's (`bot.flow.report`); that only one replica speaks in a place, the outbox's.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import structlog

from bot.domain.errors import TandemError
from bot.domain.reference import reference
from bot.flow.report import report

if TYPE_CHECKING:
    from bot.ports import Back

# Each holds a connection of the pool, which the jobs need too.
_AT_ONCE: Final = 12
_log = structlog.get_logger()


class Speaking:
    """The places in which somebody speaks now; `tasks` owns all that is started."""

    def __init__(self, *, back: Back, tasks: asyncio.TaskGroup) -> None:
        self._back = back
        self._tasks = tasks
        self._active: set[tuple[str, str]] = set()
        self._called: set[tuple[str, str]] = set()
        self._room = asyncio.Semaphore(_AT_ONCE)

    async def call(self, client: str) -> None:
        """Have said what is due for a client; returns before it is. Raises nothing."""
        try:
            places = await self._back.outbox.places(client, now=self._back.now())
        except Exception as error:  # noqa: BLE001 - an edge: one client's fault
            _note("outbox.unread", error, client=client)
            return
        for place in places:
            self._start(client, place)

    def _start(self, client: str, place: str) -> None:
        key = (client, place)
        # Who speaks there may just have looked for the last time.
        self._called.add(key)
        if key not in self._active:
            self._active.add(key)
            self._tasks.create_task(self._speak(client, place), name=f"outbox {place}")

    async def _speak(self, client: str, place: str) -> None:
        key = (client, place)
        try:
            while key in self._called:
                async with self._room:
                    self._called.discard(key)
                    await report(client, place, back=self._back)
        except Exception as error:  # noqa: BLE001 - an edge: one place's fault
            _note("outbox.unsaid", error, client=client, place=place)
        finally:
            self._active.discard(key)
            self._called.discard(key)


def _note(event: str, error: Exception, **where: str) -> None:
    if isinstance(error, TandemError):
        _log.warning(event, detail=str(error), **where)
    else:
        found = reference(event, *where.values(), type(error).__name__)
        _log.error(event, reference=found, exc_info=error, **where)
