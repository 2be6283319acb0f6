"""The chat side: database, catalog, commands. All processes and commands have it."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from bot import registry
from bot.domain.errors import Broken, TandemError
from bot.outbound import clock
from bot.outbound.catalog import CatalogKeeper, Outcome
from bot.outbound.postgres.engine import engine, refuse_power
from bot.outbound.postgres.store import Store
from bot.outbound.speech import Speech
from bot.ports import Front

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.domain.message import Message
    from bot.registry import Registry
    from bot.settings import Settings

_log = structlog.get_logger()
_CONNECTIONS = 16
_CATALOG_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Wired:
    """What a process has once it is wired; `catalog` is kept fresh while it runs."""

    front: Front
    catalog: CatalogKeeper
    speech: Speech


@asynccontextmanager
async def front(
    settings: Settings,
    *,
    commands: Registry | None = None,
    size: int = _CONNECTIONS,
) -> AsyncIterator[Wired]:
    """Give the chat side: database, catalog, commands; no credentials."""
    async with AsyncExitStack() as stack:
        pool = engine(settings.database_url, size=size)
        stack.push_async_callback(pool.dispose)
        await refuse_power(pool)
        found = commands or registry.load()
        keeper = CatalogKeeper(settings.catalog, now=clock.now, commands=found.commands)
        await keeper.open()
        speech = Speech()
        store = Store(pool)
        await stack.enter_async_context(store.running())
        fresh = asyncio.create_task(_kept_fresh(keeper, speech), name="catalog")
        stack.push_async_callback(_ended, fresh)
        yield Wired(
            front=Front(
                store=store,
                catalog=keeper,
                registry=found,
                now=clock.now,
                new_id=clock.new_id,
                new_code=clock.new_code,
                gitlab_url=settings.gitlab.url if settings.gitlab else "",
            ),
            catalog=keeper,
            speech=speech,
        )


async def _kept_fresh(
    keeper: CatalogKeeper, speech: Speech, *, every: float = _CATALOG_SECONDS
) -> None:
    """
    Put a changed catalog in force; a wrong one is logged and changes nothing.

    Nobody awaits this before the process ends, so nothing may end it silently.
    """
    while True:
        await asyncio.sleep(every)
        try:
            _note(await keeper.reload_if_changed(), keeper, speech)
        except TandemError as error:
            _log.warning("catalog.unreadable", detail=str(error))
        except Exception:  # noqa: BLE001 - on its own: logged whole, and tried again
            _log.exception("catalog.broken")


def _note(outcome: Outcome, keeper: CatalogKeeper, speech: Speech) -> None:
    if outcome is Outcome.REPLACED:
        _log.info("catalog.replaced", version=keeper.current().version[:12])
    elif outcome is Outcome.REFUSED and keeper.refusal is not None:
        for problem in keeper.refusal.problems:
            words = _words(problem.message, speech)
            _log.error("catalog.refused", at=problem.place, problem=words)


def _words(message: Message, speech: Speech) -> str:
    """Return the message in words; one without a text still has its key."""
    try:
        return speech.say(message, language="en")
    except Broken as error:
        return f"{message.key} ({error})"


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
