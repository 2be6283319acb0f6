"""Signed slash commands at a given concurrency, and how long each took to be acked."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
import secrets
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from deploy.sandbox import clock

if TYPE_CHECKING:
    from collections.abc import Iterator

LINE = "backup db-prod"
_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *([0-9]+)")


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
    """
    Send so many commands, so many at a time, and return what came of it.

    With as little work as can be: it shares the machine with what it measures.
    """
    prepared = iter([_posted(url, *signed(secret)) for _ in range(requests)])
    people = [_Person(prepared) for _ in range(concurrency)]
    there = urlsplit(url)
    loop = asyncio.get_running_loop()
    for one in people:
        await loop.create_connection(partial(_itself, one), there.hostname, there.port)
    began = time.perf_counter()
    for one in people:
        one.ask()
    await asyncio.gather(*(one.ended for one in people))
    seconds = time.perf_counter() - began
    times = sorted(taken for one in people for taken in one.times)
    failed = sum(one.failed for one in people)
    return Figures(concurrency, requests, failed, seconds, tuple(times))


class _Person(asyncio.Protocol):
    """Somebody who asks, waits for the answer and asks again, over one connection."""

    def __init__(self, prepared: Iterator[bytes]) -> None:
        self.times: list[float] = []
        self.failed = 0
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._prepared = prepared
        self._answer = b""
        self._began = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def ask(self) -> None:
        """Ask what is next, or end when there is nothing more."""
        request = next(self._prepared, None)
        if request is None:
            self.ended.set_result(None)
            self._transport.close()
            return
        self._answer = b""
        self._began = time.perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._answer += data
        head, found, body = self._answer.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if not found or length is None or len(body) < int(length[1]):
            return
        self.times.append((time.perf_counter() - self._began) * 1000)
        self.failed += not head.startswith(b"HTTP/1.1 200 ")
        self.ask()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.ended.done():
            self.ended.set_exception(exc or ConnectionResetError("the server hung up"))


def _itself(one: _Person) -> _Person:
    return one


def _posted(url: str, body: bytes, headers: dict[str, str]) -> bytes:
    """Return the request as the bytes that are sent."""
    there = urlsplit(url)
    lines = [f"POST {there.path} HTTP/1.1", f"Host: {there.netloc}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines += [f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body
