"""The worker's side: all of the front, and the ways into the world."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from pydantic import SecretStr

from bot.domain.errors import Broken
from bot.outbound import clock
from bot.outbound.aws import Aws
from bot.outbound.databases.server import Databases
from bot.outbound.feeds import Feeds
from bot.outbound.gitlab import GitLab
from bot.outbound.lender import Lender
from bot.outbound.postgres.outbox import Outbox
from bot.outbound.postgres.store import Store
from bot.outbound.slack.wire import Wire
from bot.ports import Back, Pace
from bot.wiring.chat import chat
from bot.wiring.front import front
from bot.wiring.vault import vault

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from bot.registry import Registry
    from bot.settings import Settings
    from bot.settings import Slack as SlackSettings

_CONNECTIONS = 40
_GITLAB_CALL = timedelta(seconds=10)
_GITLAB_WORK = timedelta(seconds=60)


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
        front(settings, commands=commands, size=_CONNECTIONS) as wired,
        chat(settings, slack, speech=wired.speech) as speaks,
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
                chat=speaks,
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
