"""
Deliveries to the app: signed HTTP or Socket Mode, within Slack's three seconds.

What to deliver is decided in `commands.py`, `actions.py`, `modals.py` and `events.py`.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias
from urllib.parse import urlencode

import httpx

from deploy.sandbox.loopback import trust
from deploy.sandbox.slack.signing import signed_headers

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from pydantic import SecretStr

    from deploy.sandbox.slack.contracts import Contracts
    from deploy.sandbox.slack.faults import Faults
    from deploy.sandbox.slack.ledger import Ledger
    from deploy.sandbox.slack.socket_mode import Links
    from deploy.sandbox.slack.workspace import Json, Workspace

ACK_SECONDS = 3.0

Transport: TypeAlias = Literal["auto", "http", "socket"]
Family: TypeAlias = Literal["slash_commands", "interactive", "events_api"]


@dataclass(frozen=True)
class Route:
    """How to reach the app. `auto`: a socket when one is open, else the URL."""

    request_url: str = ""
    transport: Transport = "auto"


@dataclass(frozen=True)
class Parcel:
    """One thing to deliver. `name` is for the ledger, `contract` for the check."""

    family: Family
    name: str
    payload: Json
    contract: str = ""
    user: str = ""
    channel: str = ""
    ts: str = ""
    retry: int = 0
    retry_reason: str = ""


@dataclass(frozen=True)
class Answer:
    """What came back: `error` is "" when the app acknowledged in time."""

    error: str = ""
    body: Any = None
    """Parsed JSON, or text, or nothing."""
    no_retry: bool = False

    @property
    def ok(self) -> bool:
        return not self.error


class Courier:
    """Delivers parcels; every attempt is in the ledger."""

    def __init__(
        self,
        *,
        workspace: Workspace,
        signing_secret: SecretStr,
        verification_token: SecretStr,
        now: Callable[[], datetime],
        route: Route,
        links: Links,
        faults: Faults,
        ledger: Ledger,
        contracts: Contracts,
    ) -> None:
        self._workspace = workspace
        self._secret = signing_secret
        self._token = verification_token
        self._now = now
        self._links = links
        self._faults = faults
        self._ledger = ledger
        self._contracts = contracts
        self._client: httpx.AsyncClient | None = None
        self.route = route
        self.ack_seconds = ACK_SECONDS
        self.tasks: set[asyncio.Task[None]] = set()

    def point_at(self, request_url: str) -> None:
        """Deliver signed HTTP to another URL from now on."""
        self.route = replace(self.route, request_url=request_url)

    async def send(self, parcel: Parcel) -> Answer:
        """Deliver once (or twice, when told to) and return the first answer."""
        self._check(parcel)
        await asyncio.sleep(self._faults.delay)
        twice = self._faults.take_duplicate()
        stamp = int(self._now().timestamp())
        answer = await self._attempt(parcel, stamp)
        if twice:
            await self._attempt(parcel, stamp)
        return answer

    def _check(self, parcel: Parcel) -> None:
        if not parcel.contract:
            return
        # The recorded type demands a response_url, which Slack leaves out in modals.
        spare = {"response_url": ""} if parcel.name == "block_actions" else {}
        value = {**spare, **self._stamped(parcel.payload)}
        faults = self._contracts.faults(parcel.contract, value)
        if faults:
            detail: Json = {"contract": parcel.contract, "faults": faults}
            self._ledger.note("breach", parcel.name, outcome="breach", detail=detail)

    async def _attempt(self, parcel: Parcel, stamp: int) -> Answer:
        lost = self._faults.take_dropped_ack()
        try:
            async with asyncio.timeout(self.ack_seconds):
                answer = await self._carry(parcel, stamp)
        except TimeoutError:
            answer = Answer(error="operation_timeout")
        if lost:
            answer = Answer(error="operation_timeout")
        shown = {k: v for k, v in parcel.payload.items() if k != "token"}
        self._ledger.note(
            "delivery",
            parcel.name,
            outcome=answer.error or "ok",
            channel=parcel.channel,
            user=parcel.user,
            ts=parcel.ts,
            detail={"retry": parcel.retry, "payload": shown, "answer": answer.body},
        )
        return answer

    async def _carry(self, parcel: Parcel, stamp: int) -> Answer:
        by_socket = self.route.transport == "socket" or (
            self.route.transport == "auto" and self._links.connected
        )
        if by_socket:
            return await self._by_socket(parcel)
        if self.route.request_url:
            return await self._by_http(parcel, stamp)
        return Answer(error="dispatch_failed")

    async def _by_socket(self, parcel: Parcel) -> Answer:
        link = self._links.pick()
        if link is None:
            return Answer(error="dispatch_failed")
        envelope: Json = {
            "envelope_id": secrets.token_hex(16),
            "type": parcel.family,
            "accepts_response_payload": parcel.family != "events_api",
            "payload": self._stamped(parcel.payload),
        }
        if parcel.family == "events_api":
            envelope |= {
                "retry_attempt": parcel.retry,
                "retry_reason": parcel.retry_reason,
            }
        try:
            return Answer(body=await link.deliver(envelope))
        except (ConnectionError, RuntimeError):
            # Starlette raises RuntimeError when it sends on a socket that has closed.
            return Answer(error="dispatch_failed")

    def _stamped(self, payload: Json) -> Json:
        return {**payload, "token": self._token.get_secret_value()}

    async def _by_http(self, parcel: Parcel, stamp: int) -> Answer:
        payload = self._stamped(parcel.payload)
        if parcel.family == "events_api":
            body, kind = json.dumps(payload).encode(), "application/json"
        else:
            fields = payload
            if parcel.family == "interactive":
                fields = {"payload": json.dumps(payload)}
            body = urlencode(fields).encode()
            kind = "application/x-www-form-urlencoded"
        headers = signed_headers(body, secret=self._secret, at=stamp)
        headers["Content-Type"] = kind
        if parcel.retry:
            headers["X-Slack-Retry-Num"] = str(parcel.retry)
            headers["X-Slack-Retry-Reason"] = parcel.retry_reason
        return await self._post(body, headers)

    async def _post(self, body: bytes, headers: dict[str, str]) -> Answer:
        if self._client is None:
            # No connection is kept: the app's restart must not fail the next delivery.
            fresh = httpx.Limits(max_keepalive_connections=0)
            self._client = httpx.AsyncClient(
                timeout=ACK_SECONDS, trust_env=False, limits=fresh, verify=trust()
            )
        try:
            response = await self._client.post(
                self.route.request_url, content=body, headers=headers
            )
        except httpx.TimeoutException:
            return Answer(error="operation_timeout")
        except httpx.HTTPError:
            return Answer(error="dispatch_failed")
        no_retry = response.headers.get("X-Slack-No-Retry") == "1"
        if response.status_code != httpx.codes.OK:
            return Answer(error="dispatch_failed", no_retry=no_retry)
        return Answer(body=_parsed(response), no_retry=no_retry)

    async def aclose(self) -> None:
        """Give up deliveries still being retried, and close connections."""
        tasks = list(self.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._client is not None:
            await self._client.aclose()
            self._client = None


def _parsed(response: httpx.Response) -> Any:  # noqa: ANN401 - whatever the app said
    if not response.content:
        return None
    if "json" in response.headers.get("Content-Type", ""):
        try:
            return response.json()
        except ValueError:
            return response.text
    return response.text
