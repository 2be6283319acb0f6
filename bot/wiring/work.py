"""The process that does what was approved."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from bot.inbound.worker import Rhythm, Worker
from bot.outbound.postgres.listen import conninfo, heard
from bot.wiring.back import back

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.ports import Back
    from bot.settings import Settings

_log = structlog.get_logger()


async def work(
    settings: Settings,
    *,
    around: Callable[[Back], Back] = lambda built: built,
) -> None:
    """Be a worker until cancelled."""
    async with back(settings, around=around) as built:
        worker = Worker(
            back=built,
            conninfo=conninfo(settings.database_url),
            rhythm=Rhythm(
                sweep=settings.pace.sweep,
                heartbeat=settings.pace.heartbeat,
                dead_after=settings.pace.dead_after,
            ),
            listen=lambda: heard(settings.database_url),
        )
        _log.info("worker.ready", commands=sorted(built.registry.commands))
        await worker.run()
