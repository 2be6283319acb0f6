"""What the tests of the Slack stand-in share: a clock to turn, an app that listens."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs

import httpx
import pytest
import uvicorn

from deploy.sandbox import clock
from deploy.sandbox.slack.app import create
from deploy.sandbox.slack.courier import Route
from deploy.sandbox.slack.limits import Rates
from deploy.sandbox.slack.serve import serving
from deploy.sandbox.slack.state import SlackWorld

CONTRACTS = Path(__file__).parents[2] / "../shared/contracts/slack"


class TurnedClock:
    """A clock that runs, and that a test may turn forward."""

    def __init__(self):
        self.ahead = timedelta()

    def __call__(self):
        return clock.now() + self.ahead

    def forward(self, seconds):
        self.ahead += timedelta(seconds=seconds)


async def eventually(true, *, seconds=5):
    """Wait until `true()` is, and fail when that takes too long."""
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 - what is waited for has no event to await
            await asyncio.sleep(0.005)


@contextlib.asynccontextmanager
async def listening(app):
    """Serve any ASGI app on loopback; gives its URL."""
    tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    with contextlib.closing(tcp) as listener:
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(app, log_level="warning", lifespan="off", ws="none")
        server = uvicorn.Server(config)
        task = asyncio.create_task(server._serve([listener]))
        await eventually(lambda: server.started)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await task


@dataclass
class Ear:
    """An app that hears every delivery and answers what it is told to."""

    status: int = 200
    body: bytes = b""
    kind: str = "text/plain"
    delay: float = 0.0
    echo: bool = False
    heard: list = field(default_factory=list)

    async def __call__(self, scope, receive, send):
        raw, more = b"", True
        while more:
            part = await receive()
            raw, more = raw + part.get("body", b""), part.get("more_body", False)
        headers = {k.decode(): v.decode() for k, v in scope["headers"]}
        self.heard.append((headers, raw))
        await asyncio.sleep(self.delay)
        body = json.loads(raw)["challenge"].encode() if self.echo else self.body
        kind = [(b"content-type", self.kind.encode())]
        start = {"type": "http.response.start", "status": self.status, "headers": kind}
        await send(start)
        await send({"type": "http.response.body", "body": body})

    def says(self, value):
        self.body, self.kind = json.dumps(value).encode(), "application/json"

    def fields(self, at=-1):
        return {k: v[0] for k, v in parse_qs(self.heard[at][1].decode()).items()}

    def payload(self, at=-1):
        return json.loads(self.fields(at)["payload"])


@dataclass
class Desk:
    """A served world with a client that holds the bot's token."""

    world: SlackWorld
    http: httpx.AsyncClient
    ear: Ear
    clock: TurnedClock

    async def api(self, method, *, token="xoxb-sandbox-bot-token", **arguments):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        response = await self.http.post(
            f"/api/{method}", json=arguments, headers=headers
        )
        return response.json()

    async def post(self, channel="C0ACMEOPS", **arguments):
        answer = await self.api("chat.postMessage", channel=channel, **arguments)
        assert answer["ok"], answer
        return answer["ts"]

    async def page(self, path, **body):
        return await self.http.post(f"/page/{path}", json=body)

    async def read(self, path, user, **params):
        response = await self.http.get(f"/page/{path}", params={"as": user, **params})
        return response.json()


@contextlib.asynccontextmanager
async def desk(*, folder=None, rates=None, subscriptions=frozenset(), app=None):
    """A world, served, with an app that listens: all that most tests need."""
    clock, ear = TurnedClock(), Ear()
    async with listening(app or ear) as url:
        world = SlackWorld.sample(
            now=clock,
            folder=folder,
            contracts=CONTRACTS,
            route=Route(request_url=f"{url}/slack/events"),
            rates=rates or Rates.unlimited(),
            subscriptions=subscriptions,
        )
        async with (
            serving(world) as address,
            httpx.AsyncClient(base_url=address.url, timeout=20) as http,
        ):
            yield Desk(world=world, http=http, ear=ear, clock=clock)
        assert world.ledger.breaches() == []


@contextlib.asynccontextmanager
async def counter(*, rates=None):
    """A world with no socket at all: quick, for what only the Web API decides."""
    clock = TurnedClock()
    rates = rates or Rates.unlimited()
    world = SlackWorld.sample(now=clock, contracts=CONTRACTS, rates=rates)
    transport = httpx.ASGITransport(create(world))
    async with httpx.AsyncClient(
        transport=transport, base_url="http://127.0.0.1"
    ) as http:
        yield Desk(world=world, http=http, ear=Ear(), clock=clock)
    await world.aclose()
    assert world.ledger.breaches() == []


def needs_contracts(world):
    """Skip where the recorded contracts are not beside the repository."""
    if not world.contracts.on:
        pytest.skip("the recorded contracts are not beside this repository")


def section(text, **more):
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}, **more}


def button(action_id, value="v", text="Go"):
    label = {"type": "plain_text", "text": text}
    return {"type": "button", "action_id": action_id, "text": label, "value": value}


def card(*elements):
    return [
        section("*resize* web-2"),
        {"type": "actions", "block_id": "decide", "elements": list(elements)},
    ]


def modal(*blocks, **more):
    title = {"type": "plain_text", "text": "A form"}
    return {"type": "modal", "title": title, "blocks": list(blocks), **more}


def text_input(block_id="why", action_id="reason", **more):
    return {
        "type": "input",
        "block_id": block_id,
        "label": {"type": "plain_text", "text": "Why"},
        "element": {"type": "plain_text_input", "action_id": action_id},
        **more,
    }


SUBMIT = {"type": "plain_text", "text": "Send"}
