"""The few connections that writes share: opened when they are needed, and kept."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import structlog

from bot.domain.errors import TandemError, Unavailable
from bot.outbound.postgres.engine import SYSTEM
from bot.outbound.postgres.line import Line

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.ext.asyncio import AsyncEngine

# Of a pool that questions are asked over as well.
_MOST: Final = 8
_KEPT: Final = 2
_log = structlog.get_logger()


class Lines:
    """
    Gives a line at once or not at all; then one is opened, or soon given back.

    `there` is called when one has come, `missing` with why none could be had.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        *,
        there: Callable[[], None],
        missing: Callable[[TandemError], None],
    ) -> None:
        self._engine = engine
        self._there = there
        self._missing = missing
        self._free: list[Line] = []
        self._taken = 0
        self._opening: asyncio.Task[None] | None = None
        self._closing: set[asyncio.Task[None]] = set()

    def take(self) -> Line | None:
        """Return a line that nothing is on its way over."""
        while self._free:
            line = self._free.pop()
            if not line.broken:
                self._taken += 1
                return line
            self._hang_up(line)
        if self._opening is None and self._taken < _MOST:
            self._opening = asyncio.create_task(self._open(), name="line")
        return None

    def give_back(self, line: Line) -> None:
        """Take it back; one that is broken is not used again."""
        self._taken -= 1
        if line.broken or len(self._free) >= _KEPT:
            self._hang_up(line)
        else:
            self._free.append(line)

    async def close(self) -> None:
        """Hang up all of them."""
        if self._opening is not None:
            self._opening.cancel()
            await asyncio.gather(self._opening, return_exceptions=True)
        while self._free:
            self._hang_up(self._free.pop())
        await asyncio.gather(*self._closing)

    async def _open(self) -> None:
        try:
            line = await Line.open(self._engine)
        except TandemError as error:
            self._opening = None
            self._missing(error)
        except Exception as error:  # noqa: BLE001 - nobody may wait here for ever
            _log.exception("store.no_line")
            self._opening = None
            self._missing(Unavailable(SYSTEM, type(error).__name__))
        else:
            self._opening = None
            self._free.append(line)
            self._there()

    def _hang_up(self, line: Line) -> None:
        task = asyncio.create_task(_closed(line), name="hang up")
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


async def _closed(line: Line) -> None:
    try:
        await line.close()
    except Exception:  # noqa: BLE001 - on its own: logged, and the line is gone anyway
        _log.exception("store.line_not_closed")
