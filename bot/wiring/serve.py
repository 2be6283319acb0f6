"""The process that listens, to Slack and to GitLab."""

from __future__ import annotations

import asyncio
import gc
from typing import TYPE_CHECKING

import structlog

from bot.domain.errors import Broken
from bot.domain.gitlab_hook import HookRefused, verify
from bot.flow.hint import hint
from bot.inbound.slack.app import slack_app
from bot.inbound.slack.safe_request import SlackDoor
from bot.inbound.slack.socket import SlackSocket
from bot.inbound.web import serve as serve_web
from bot.inbound.web import web
from bot.outbound import clock
from bot.outbound.slack.face import SlackFace
from bot.wiring.chat import chat
from bot.wiring.front import front

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pydantic import SecretStr
    from slack_bolt.async_app import AsyncApp

    from bot.inbound.web import Hook
    from bot.ports import Front
    from bot.settings import Settings
    from bot.settings import Slack as SlackSettings

_log = structlog.get_logger()
_GARBAGE = 20_000, 20, 20


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
        chat(settings, slack, speech=wired.speech) as speaks,
    ):
        desk = around(wired.front)
        app = slack_app(front=desk, face=SlackFace(speaks), api_url=slack.api_url)
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
