"""Requests as Slack signs them, made by hand: for those that Slack would not make."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

import httpx
from pydantic import SecretStr

from bot.outbound import clock
from deploy.sandbox.places import secret
from deploy.sandbox.slack.signing import signed_headers

if TYPE_CHECKING:
    from pathlib import Path

_FORM: Final = "application/x-www-form-urlencoded"


class Signed:
    """Posts to a front what bears a signature, a wrong one, or an old one."""

    def __init__(self, state: Path) -> None:
        self.secret = SecretStr(secret(state, "slack-signing-secret"))

    async def post(
        self,
        body: bytes,
        *,
        port: int,
        headers: dict[str, str] | None = None,
        at: int = 0,
        key: SecretStr | None = None,
        drop: tuple[str, ...] = (),
    ) -> httpx.Response:
        """Post these bytes, signed now (or `at` seconds from now) by `key`."""
        stamp = int(clock.now().timestamp()) + at
        made = signed_headers(body, secret=key or self.secret, at=stamp)
        made |= {"Content-Type": _FORM} | (headers or {})
        sent = {name: value for name, value in made.items() if name not in drop}
        return await self.send(body, sent, port=port)

    async def again(self, sent: httpx.Response, *, port: int) -> httpx.Response:
        """Post the very same bytes with the very same headers."""
        request = sent.request
        return await self.send(request.content, dict(request.headers), port=port)

    async def send(
        self, body: bytes, headers: dict[str, str], *, port: int
    ) -> httpx.Response:
        """Post bytes and headers as they are."""
        url = f"http://127.0.0.1:{port}/slack/events"
        async with httpx.AsyncClient(trust_env=False, timeout=10) as http:
            return await http.post(url, content=body, headers=headers)


def slash(text: str = "backup db-prod-2", **other: str) -> bytes:
    """Return a slash command as Slack spells it."""
    fields = {
        "token": "legacy",
        "team_id": "T0CLARANET",
        "team_domain": "claranet-tandem",
        "channel_id": "C0ACMEOPS",
        "channel_name": "acme-ops",
        "user_id": "U0ALICE",
        "user_name": "alice",
        "command": "/infra",
        "text": text,
        "api_app_id": "A0TANDEM",
        "is_enterprise_install": "false",
        "response_url": "http://127.0.0.1:9/response",
        "trigger_id": f"1.2.{clock.new_id()}",
    }
    return urlencode(fields | other).encode()


def click(
    operation: Any, *, user: str = "U0BOB", channel: str = "C0ACMEOPS", **other: Any
) -> bytes:
    """Return a click on Approve as Slack spells it."""
    home = other.pop("home", "T0CLARANET")
    digest = other.pop("digest", operation.digest)
    value = json.dumps({"o": operation.id, "d": digest})
    payload = {
        "type": "block_actions",
        "user": {"id": user, "username": user, "name": user, "team_id": home},
        "team": {"id": "T0CLARANET", "domain": "claranet-tandem"},
        "api_app_id": "A0TANDEM",
        "token": "legacy",
        "container": {"type": "message", "message_ts": "1.1", "channel_id": channel},
        "trigger_id": f"1.2.{clock.new_id()}",
        "channel": {"id": channel, "name": "somewhere"},
        "message": {"type": "message", "ts": "1.1", "text": ""},
        "response_url": "http://127.0.0.1:9/response",
        "actions": [
            {
                "type": "button",
                "block_id": "decide",
                "action_id": "approve",
                "value": value,
                "action_ts": "1.1",
                "text": {"type": "plain_text", "text": "Approve"},
            }
        ],
    } | other
    return urlencode({"payload": json.dumps(payload)}).encode()
