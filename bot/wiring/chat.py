"""The chat, which the front answers in and the worker speaks in."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from aiohttp import ClientSession

from bot.outbound.slack.chat import slack_chat

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.outbound.slack.chat import SlackChat
    from bot.outbound.speech import Speech
    from bot.settings import Settings
    from bot.settings import Slack as SlackSettings


@asynccontextmanager
async def chat(
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
