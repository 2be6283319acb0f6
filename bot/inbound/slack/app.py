"""
The Bolt app: which gesture goes to which function of the desk.

Nothing is acknowledged before it is durable (`process_before_response`), and nothing
runs after the answer (no lazy listeners: they are lost with the process). Whether a
request is Slack's is decided before it comes here: `safe_request` for HTTP, Slack's own
socket for Socket Mode. Bolt's client is never used; calls go through the face.
"""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any, Final

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.authorization.async_authorize import AsyncAuthorize
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.inbound.slack.desk import Desk

if TYPE_CHECKING:
    from slack_bolt.async_app import AsyncBoltRequest
    from slack_bolt.context.async_context import AsyncBoltContext

    from bot.inbound.slack.face import Face
    from bot.ports import Front

COMMAND: Final = "/infra"
DENIAL: Final = "denial"
_log = structlog.get_logger()


def slack_app(*, front: Front, face: Face, api_url: str) -> AsyncApp:
    """Return the app; nothing is connected, and no call is made on its behalf."""
    desk = Desk(front=front, face=face)
    app = _App(
        desk,
        name="tandem",
        logger=_logger(),
        client=AsyncWebClient(base_url=api_url, retry_handlers=[]),
        authorize=_Known(),
        process_before_response=True,
        # `safe_request` checks signatures before anything is parsed, and answers
        # ssl_check itself; Bolt would parse first, and answer before it checks.
        request_verification_enabled=False,
        ssl_check_enabled=False,
        ignoring_self_events_enabled=False,
        attaching_function_token_enabled=False,
        attaching_conversation_kwargs_enabled=False,
    )
    app.action("approve")(desk.approve)
    app.action("break_glass")(desk.break_glass)
    app.action("deny")(desk.deny)
    app.action("cancel")(desk.cancel)
    app.action("halt")(desk.halt)
    app.action("audit_older")(desk.older)
    app.view(DENIAL)(desk.denied)
    app.action("open")(desk.nothing)
    app.view_closed(DENIAL)(desk.nothing)
    # What Slack may send besides (app_home_opened, …) is taken and does nothing;
    # refused, it would come again and again.
    app.event(re.compile(r".+"))(desk.nothing)
    return app


class _App(AsyncApp):
    """
    Bolt, but for the one slash command, which goes straight to the desk.

    There is nothing to choose between and nothing to prepare for it: Bolt would make a
    client and two sets of arguments for every line that is typed, and throw them away.
    """

    def __init__(self, desk: Desk, **options: Any) -> None:  # noqa: ANN401 - Bolt's own
        super().__init__(**options)
        self._desk = desk

    async def async_dispatch(self, req: AsyncBoltRequest) -> BoltResponse:
        """Answer a request; what fails without an answer of its own is a 500."""
        if req.body.get("command") != COMMAND:
            return await super().async_dispatch(req)
        ack = AsyncAck()  # type: ignore[no-untyped-call]  # Bolt's own
        try:
            await self._desk.command(ack, req.body)
        except Exception:  # noqa: BLE001 - an edge, as Bolt's own dispatch is
            _log.exception("slack.not_answered")
        return ack.response or BoltResponse(status=500, body="")


class _Known(AsyncAuthorize):
    """
    Bolt's question for a token, answered without asking Slack.

    By itself Bolt calls `auth.test` within the first request, and until Slack answers
    nothing is acknowledged. Who the person is and what they may do is the flow's.
    """

    def __init__(self) -> None:
        """Take nothing; Bolt's own constructor is untyped."""

    async def __call__(
        self,
        *,
        context: AsyncBoltContext,
        enterprise_id: str | None,
        team_id: str | None,
        user_id: str | None,
        actor_enterprise_id: str | None = None,
        actor_team_id: str | None = None,
        actor_user_id: str | None = None,
    ) -> AuthorizeResult:
        del context, actor_enterprise_id, actor_team_id, actor_user_id
        return AuthorizeResult(
            enterprise_id=enterprise_id, team_id=team_id, user_id=user_id
        )


def _logger() -> logging.Logger:
    """Return Bolt's logger with a level, without which it puts each step into words."""
    logger = logging.getLogger("tandem.bolt")
    logger.setLevel(logging.WARNING)
    return logger
