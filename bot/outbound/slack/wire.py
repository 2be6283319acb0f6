"""
Calls of Slack's Web API, and what became of them in our words.

One attempt a call, with a timeout: who retries is the outbox, which knows whether a
repetition could be seen. Slack says most errors in a 200 (`ok: false`).
https://docs.slack.dev/reference/methods
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.errors import SlackClientError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.domain.errors import Broken, OutcomeUnknown, Refused, Throttled, Unavailable
from bot.domain.message import Message

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiohttp import ClientSession
    from pydantic import SecretStr

SYSTEM: Final = "Slack"
TIMEOUT: Final = 10.0
_LONGEST_WAIT: Final = 3600.0
_RESPONSES: Final = "https://hooks.slack.com/"

# Slack's wire form; only this package looks into it.
Answer: TypeAlias = dict[str, Any]

# What Slack says when it is Slack that fails, or our token that is being changed:
# neither has to do with what we said. Anything else it refused for good.
# https://docs.slack.dev/reference/methods/chat.postMessage#errors
_FAILING: Final = frozenset(
    {
        "accesslimited",
        "fatal_error",
        "internal_error",
        "request_timeout",
        "service_unavailable",
        "team_added_to_org",
    }
)
_UNTRUSTED: Final = frozenset(
    {
        "account_inactive",
        "ekm_access_denied",
        "invalid_auth",
        "missing_scope",
        "no_permission",
        "not_allowed_token_type",
        "not_authed",
        "org_login_required",
        "token_expired",
        "token_revoked",
    }
)
_THROTTLED: Final = frozenset({"message_limit_exceeded", "rate_limited", "ratelimited"})


class Wire:
    """The Web API with one bot's token."""

    def __init__(
        self,
        *,
        token: SecretStr,
        base_url: str,
        session: ClientSession | None = None,
        timeout: float = TIMEOUT,
    ) -> None:
        self._client = AsyncWebClient(
            token=token.get_secret_value(),
            # Without one of ours, each call opens a connection of its own.
            session=session,
            base_url=base_url if base_url.endswith("/") else f"{base_url}/",
            timeout=int(timeout) + 1,
            retry_handlers=[],
        )
        self._timeout = timeout
        self._host = urlsplit(base_url)
        origin = f"{self._host.scheme}://{self._host.netloc}/"
        self._responses = (_RESPONSES, origin)

    def site(self, domain: str) -> str:
        """
        Return the workspace's web address, or nothing without a domain.

        Slack's is at its own host name; what answers at a bare address is a sandbox.
        """
        host = self._host.hostname or ""
        if host == "localhost" or host.replace(".", "").isdigit():
            return f"{self._host.scheme}://{self._host.netloc}/"
        return f"https://{domain}.{host}/" if domain else ""

    async def call(
        self,
        method: str,
        arguments: Mapping[str, object],
        *,
        changes: bool,
        timeout: float | None = None,  # noqa: ASYNC109 - a bound for all of the call
    ) -> Answer:
        """
        Return Slack's answer to one call.

        `changes`: a repetition could be seen, so no answer is OutcomeUnknown.
        Raises Throttled, Unavailable, OutcomeUnknown, or Refused.
        """
        return await self._sent(
            method, {"json": dict(arguments)}, changes=changes, timeout=timeout
        )

    async def read(self, method: str, arguments: Mapping[str, object]) -> Answer:
        """Return Slack's answer to a method that reads and takes no JSON."""
        how = {"http_verb": "GET", "params": dict(arguments)}
        return await self._sent(method, how, changes=False, timeout=None)

    async def respond(
        self,
        address: str,
        body: Mapping[str, object],
        *,
        timeout: float | None = None,  # noqa: ASYNC109 - a bound for all of the call
    ) -> None:
        """
        Post to a response URL of Slack's.

        Raises Broken for an address that is not Slack's: a payload's text must not
        choose where we connect to.
        """
        if not address.startswith(self._responses):
            raise Broken("the response URL does not lead to Slack")
        client = AsyncWebhookClient(address, retry_handlers=[])
        try:
            async with asyncio.timeout(timeout or self._timeout):
                answer = await client.send_dict(dict(body))
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise Unavailable(SYSTEM, type(error).__name__) from error
        if answer.status_code != 200:  # noqa: PLR2004 - HTTP's own number
            raise Unavailable(SYSTEM, f"response URL: {answer.status_code}")

    async def _sent(
        self,
        method: str,
        how: Mapping[str, Any],
        *,
        changes: bool,
        timeout: float | None,  # noqa: ASYNC109 - as above
    ) -> Answer:
        lost = OutcomeUnknown if changes else Unavailable
        try:
            async with asyncio.timeout(timeout or self._timeout):
                answer = await self._client.api_call(method, **how)
        except aiohttp.ClientConnectorError as error:
            # No connection, so nothing was sent.
            raise Unavailable(SYSTEM, "no connection") from error
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise lost(SYSTEM, f"{method}: {type(error).__name__}") from error
        except SlackClientError as error:
            raise _ours(method, error, changes=changes) from error
        except AttributeError as error:
            # The SDK looks for `ok` in a 200 that is plain text, as proxies send.
            raise lost(SYSTEM, f"{method}: not an answer of Slack's") from error
        return _body(answer.data)


def _body(data: object) -> Answer:
    return data if isinstance(data, dict) else {}


def _ours(
    method: str, error: SlackClientError, *, changes: bool
) -> Refused | Unavailable:
    """Return what a call that was not `ok` means."""
    response = getattr(error, "response", None)
    status = int(getattr(response, "status_code", 0) or getattr(response, "status", 0))
    headers: Mapping[str, str] = getattr(response, "headers", None) or {}
    said = _body(getattr(response, "data", None))
    code = str(said.get("error", ""))
    if status == 429 or code in _THROTTLED:  # noqa: PLR2004 - HTTP's own number
        return Throttled(SYSTEM, retry_after=_patience(headers))
    if code in _UNTRUSTED:
        return Unavailable(SYSTEM, f"{method}: {code}")
    if code and code not in _FAILING and status < 500:  # noqa: PLR2004 - as above
        return Refused(
            Message.of(
                "refused.chat",
                {"method": method, "error": code, "detail": _detail(said)},
            )
        )
    lost = OutcomeUnknown if changes else Unavailable
    return lost(SYSTEM, f"{method}: {code or status}")


def _patience(headers: Mapping[str, str]) -> float:
    """Return the seconds that Slack asks for; one minute if it does not say."""
    lowered = {name.lower(): value for name, value in headers.items()}
    asked = lowered.get("retry-after", "")
    if not (asked.isascii() and asked.isdigit() and len(asked) <= 6):  # noqa: PLR2004 - more digits are no wait
        return 60.0
    return min(float(asked), _LONGEST_WAIT)


def _detail(said: Mapping[str, Any]) -> str:
    messages = _body(said.get("response_metadata")).get("messages")
    return json.dumps(messages)[:300] if messages else ""
