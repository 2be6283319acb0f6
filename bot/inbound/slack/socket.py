"""
The way in by Socket Mode: Slack's own socket, opened by us, for who has no public URL.

The socket is authenticated by our app-level token, so there is no signature; envelopes
for another app are left alone. An envelope is acknowledged only when the desk is done
with it: what is not acknowledged, Slack shows the person as failed.
https://docs.slack.dev/apis/events-api/using-socket-mode
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, Final

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.response import SocketModeResponse

from bot.domain.errors import Unavailable
from bot.inbound.slack.safe_request import Parsed

if TYPE_CHECKING:
    from pydantic import SecretStr
    from slack_bolt.async_app import AsyncApp
    from slack_bolt.response import BoltResponse
    from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
    from slack_sdk.socket_mode.request import SocketModeRequest

_log = structlog.get_logger()
_OK: Final = 200
_PAUSE: Final = 1.0
_LONGEST_PAUSE: Final = 30.0


class SlackSocket:
    """One connection of Socket Mode; `run` keeps it until it is cancelled."""

    def __init__(
        self, app: AsyncApp, *, app_token: SecretStr, app_id: str | None = None
    ) -> None:
        self._app = app
        self._token = app_token
        self._app_id = app_id

    async def run(self) -> None:
        """Stay connected; a lost or refreshed socket is replaced by Slack's client."""
        pause = _PAUSE
        while True:
            try:
                await self._connected()
            except Unavailable as error:
                _log.warning("slack.socket_lost", detail=str(error), pause=pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    async def _connected(self) -> None:
        """Connect for the first time, and serve until cancelled."""
        client = SocketModeClient(
            app_token=self._token.get_secret_value(),
            logger=self._app.logger,
            web_client=self._app.client,
            ping_interval=10,
        )
        client.socket_mode_request_listeners.append(self.handle)
        try:
            await client.connect_to_new_endpoint()
            _log.info("slack.socket_open")
            await asyncio.get_running_loop().create_future()
        except (SlackApiError, aiohttp.ClientError, OSError) as error:
            raise Unavailable("Slack", type(error).__name__) from error
        finally:
            await client.close()  # type: ignore[no-untyped-call]  # the SDK's own

    async def handle(
        self, client: AsyncBaseSocketModeClient, request: SocketModeRequest
    ) -> None:
        """Hand one envelope to the desk, and acknowledge it afterwards."""
        body = request.payload
        if not self._is_ours(body):
            _log.warning("slack.turned_away", reason="meant for another app")
            return
        response = await self._app.async_dispatch(Parsed(body))
        if response.status != _OK:
            _log.error("slack.not_acknowledged", status=response.status)
            return
        answer = SocketModeResponse(
            envelope_id=request.envelope_id, payload=_payload(response)
        )
        await client.send_socket_mode_response(answer)

    def _is_ours(self, body: dict[str, Any]) -> bool:
        return self._app_id is None or body.get("api_app_id") == self._app_id


def _payload(response: BoltResponse) -> dict[str, Any] | None:
    if not response.body:
        return None
    kind = response.headers.get("content-type", [""])[0]
    if kind.startswith("application/json"):
        found: dict[str, Any] = json.loads(response.body)
        return found
    return {"text": response.body}
