"""Signed slash commands at a given concurrency, and how long each took to be acked."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass
from urllib.parse import urlencode

import aiohttp

from deploy.sandbox import clock

LINE = "backup db-prod"


@dataclass(frozen=True)
class Figures:
    """What a run came to; times in milliseconds."""

    concurrency: int
    requests: int
    failed: int
    seconds: float
    times: tuple[float, ...]

    @property
    def rate(self) -> float:
        """Acknowledged requests a second."""
        return self.requests / self.seconds

    def percentile(self, share: float) -> float:
        """Return the time within which this share of the requests was acked."""
        return self.times[min(len(self.times) - 1, int(len(self.times) * share))]


def signed(
    secret: str, *, api_app_id: str = "A0TANDEM"
) -> tuple[bytes, dict[str, str]]:
    """Return one slash command as Slack sends it, with a trigger id of its own."""
    body = urlencode(
        {
            "token": "unused",
            "team_id": "T0CLARANET",
            "team_domain": "claranet-tandem",
            "channel_id": "C0ACMEOPS",
            "channel_name": "acme-ops",
            "user_id": "U0ALICE",
            "user_name": "alice",
            "command": "/infra",
            "text": LINE,
            "api_app_id": api_app_id,
            "is_enterprise_install": "false",
            "response_url": "http://127.0.0.1:9/unused",
            "trigger_id": f"1.2.{secrets.token_hex(12)}",
        }
    ).encode()
    stamp = str(int(clock.now().timestamp()))
    mac = hmac.new(secret.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256)
    return body, {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Slack-Request-Timestamp": stamp,
        "X-Slack-Signature": f"v0={mac.hexdigest()}",
    }


async def load(url: str, *, secret: str, concurrency: int, requests: int) -> Figures:
    """Send so many commands, so many at a time, and return what came of it."""
    prepared = iter([signed(secret) for _ in range(requests)])
    times: list[float] = []
    failed = 0

    async def person(session: aiohttp.ClientSession) -> None:
        nonlocal failed
        for body, headers in prepared:
            began = time.perf_counter()
            async with session.post(url, data=body, headers=headers) as answer:
                await answer.read()
                good = answer.status == 200
            times.append((time.perf_counter() - began) * 1000)
            failed += not good

    connector = aiohttp.TCPConnector(limit=concurrency)
    async with aiohttp.ClientSession(connector=connector) as session:
        began = time.perf_counter()
        await asyncio.gather(*(person(session) for _ in range(concurrency)))
        seconds = time.perf_counter() - began
    return Figures(concurrency, requests, failed, seconds, tuple(sorted(times)))
