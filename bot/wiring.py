"""
The composition root: settings become adapters, adapters become what the flow is handed.

The only module that knows both sides. Nothing is built, read or connected at import.
"""

from __future__ import annotations

import asyncio
import gc
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import structlog
from aiohttp import ClientSession
from pydantic import SecretStr

from bot import registry
from bot.domain.errors import Broken, TandemError
from bot.domain.gitlab_hook import HookRefused, verify
from bot.flow.hint import hint
from bot.inbound.slack.app import slack_app
from bot.inbound.slack.safe_request import SlackDoor
from bot.inbound.slack.socket import SlackSocket
from bot.inbound.web import serve as serve_web
from bot.inbound.web import web
from bot.inbound.worker import Rhythm, Worker
from bot.outbound import clock
from bot.outbound.aws import Aws
from bot.outbound.catalog import CatalogKeeper, Outcome
from bot.outbound.databases.server import Databases
from bot.outbound.feeds import Feeds
from bot.outbound.gitlab import GitLab
from bot.outbound.lender import Lender
from bot.outbound.postgres.engine import engine, refuse_power
from bot.outbound.postgres.listen import conninfo, heard
from bot.outbound.postgres.outbox import Outbox
from bot.outbound.postgres.store import Store
from bot.outbound.slack.chat import slack_chat
from bot.outbound.slack.face import SlackFace
from bot.outbound.slack.wire import Wire
from bot.outbound.speech import Speech
from bot.outbound.vault import Vault
from bot.ports import Back, Front, Pace

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from slack_bolt.async_app import AsyncApp

    from bot.domain.message import Message
    from bot.inbound.web import Hook
    from bot.outbound.slack.chat import SlackChat
    from bot.registry import Registry
    from bot.settings import Settings
    from bot.settings import Slack as SlackSettings

_log = structlog.get_logger()
_FRONT_CONNECTIONS = 16
_BACK_CONNECTIONS = 40
_CATALOG_SECONDS = 2.0
_GARBAGE = 20_000, 20, 20
_GITLAB_CALL = timedelta(seconds=10)
_GITLAB_WORK = timedelta(seconds=60)


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
    size: int = _FRONT_CONNECTIONS,
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


@asynccontextmanager
async def back(
    settings: Settings,
    *,
    commands: Registry | None = None,
    around: Callable[[Back], Back] = lambda built: built,
) -> AsyncIterator[Back]:
    """
    Give the worker's side: all of the front, and the ways into the world.

    `around` may put something around any port; the storm that kills the worker at every
    call of a port comes in this way, so that the product needs no hook for it.
    """
    slack, gitlab = settings.slack, settings.gitlab
    if slack is None or gitlab is None:
        raise Broken(
            "`work` needs TANDEM_SLACK__… and TANDEM_GITLAB__… (docs/settings.md)"
        )
    async with (
        front(settings, commands=commands, size=_BACK_CONNECTIONS) as wired,
        _chat(settings, slack, speech=wired.speech) as chat,
    ):
        of = wired.front
        secrets = vault(settings)
        if not isinstance(of.store, Store):
            raise Broken("the outbox lives in the store's database")
        yield around(
            Back(
                store=of.store,
                catalog=of.catalog,
                registry=of.registry,
                now=of.now,
                new_id=of.new_id,
                new_code=of.new_code,
                gitlab_url=of.gitlab_url,
                outbox=Outbox(of.store),
                chat=chat,
                forge=GitLab(
                    gitlab.url, timeout=_GITLAB_CALL, work_timeout=_GITLAB_WORK
                ),
                lender=Lender(
                    vault=secrets,
                    aws=Aws(settings.aws.endpoint, now=clock.now),
                    now=clock.now,
                    databases=Databases(
                        ca=settings.databases.ca, at=settings.databases.places
                    ),
                ),
                notary=secrets,
                sleep=asyncio.sleep,
                pace=_pace(settings),
                words=partial(wired.speech.say, language="en"),
                feeds=_feeds(settings, slack),
            )
        )


async def serve(
    settings: Settings,
    *,
    around: Callable[[Front], Front] = lambda built: built,
) -> None:
    """Listen to Slack and GitLab until cancelled; holds no way to touch anything."""
    slack, gitlab = settings.slack, settings.gitlab
    if slack is None or gitlab is None:
        raise Broken(
            "`serve` needs TANDEM_SLACK__… and TANDEM_GITLAB__… (docs/settings.md)"
        )
    async with (
        front(settings) as wired,
        _chat(settings, slack, speech=wired.speech) as chat,
    ):
        desk = around(wired.front)
        app = slack_app(front=desk, face=SlackFace(chat), api_url=slack.api_url)
        door = SlackDoor(
            app,
            signing_secret=slack.signing_secret,
            now=clock.now,
            app_id=slack.app_id,
        )
        site = web(
            slack=door if slack.mode == "http" else None,
            hook=_hooks(desk, secret=gitlab.hook_secret),
            pings={"database": wired.front.store.ping},
        )
        # What is built by now stays: looking through it for garbage, again and again,
        # would hold up answers. What a request leaves is little, and has few cycles.
        gc.collect()
        gc.freeze()
        gc.set_threshold(*_GARBAGE)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(
                serve_web(site, host=settings.host, port=settings.port), name="web"
            )
            if slack.mode == "socket":
                tasks.create_task(_socket(app, slack).run(), name="socket mode")


def _socket(app: AsyncApp, slack: SlackSettings) -> SlackSocket:
    if slack.app_token is None:
        raise Broken("Socket Mode needs TANDEM_SLACK__APP_TOKEN (docs/settings.md)")
    return SlackSocket(app, app_token=slack.app_token, app_id=slack.app_id)


@asynccontextmanager
async def _chat(
    settings: Settings, slack: SlackSettings, *, speech: Speech
) -> AsyncIterator[SlackChat]:
    """Give the chat; only our own GitLab's addresses are ever shown as links."""
    trusted = (settings.gitlab.url,) if settings.gitlab else ()
    async with ClientSession() as session:
        yield slack_chat(
            token=slack.bot_token,
            base_url=slack.api_url,
            speech=speech,
            trusted=trusted,
            session=session,
        )


def _hooks(of: Front, *, secret: SecretStr) -> Hook:
    """Return what takes GitLab's hooks: an authentic one has things looked at."""

    async def take(headers: Mapping[str, str], body: bytes) -> int:
        found = verify(headers, body, secret=secret, now=of.now())
        if isinstance(found, HookRefused):
            _log.warning("gitlab.hook_refused", reason=found.reason)
            return 401
        looked_at = await hint(found.project, found.merge_request, front=of)
        _log.info("gitlab.hook", kind=found.kind, looked_at=looked_at)
        return 204

    return take


def vault(settings: Settings) -> Vault:
    """Return the worker's way into Vault; nothing is asked of it yet."""
    if settings.vault is None:
        raise Broken("this needs TANDEM_VAULT__… (docs/settings.md)")
    return Vault(
        address=settings.vault.address,
        role_id=settings.vault.role_id,
        secret_id=settings.vault.secret_id,
        namespace=settings.vault.namespace,
        now=clock.now,
    )


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


def _feeds(settings: Settings, slack: SlackSettings) -> Feeds:
    """Return what reads the rota's calendars and groups; nothing is read yet."""
    addresses = {}
    if settings.feeds is not None:
        for entry in settings.feeds.get_secret_value().split():
            name, found, address = entry.partition("=")
            if not found:
                raise Broken("TANDEM_FEEDS wants name=https://… (docs/settings.md)")
            addresses[name] = SecretStr(address)
    return Feeds(
        addresses,
        wire=Wire(token=slack.bot_token, base_url=slack.api_url),
        unsafe_http=settings.unsafe_feeds_over_http,
    )


def _pace(settings: Settings) -> Pace:
    asked = settings.pace
    return Pace(
        poll=timedelta(seconds=asked.poll),
        watch=timedelta(seconds=asked.watch),
        post_gap=timedelta(seconds=asked.post_gap),
        checkpoint=timedelta(seconds=asked.checkpoint),
        afterwards=timedelta(seconds=asked.afterwards),
        keep=timedelta(days=asked.keep),
        no_pipeline=timedelta(seconds=asked.no_pipeline),
        glass=asked.glass,
        review=timedelta(seconds=asked.review),
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
