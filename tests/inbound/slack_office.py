"""The Slack side of the bot, over signed HTTP or a socket, with a real database."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import httpx
from pydantic import SecretStr

from bot import registry
from bot.domain.writes import Writes
from bot.inbound.slack.app import slack_app
from bot.inbound.slack.safe_request import SlackDoor
from bot.inbound.slack.socket import SlackSocket
from bot.inbound.web import serving, web
from bot.outbound import clock
from bot.outbound.catalog import CatalogKeeper
from bot.outbound.postgres.engine import engine
from bot.outbound.postgres.store import Store
from bot.outbound.slack.chat import SlackChat, slack_chat
from bot.outbound.slack.face import SlackFace
from bot.outbound.speech import Speech
from bot.ports import Front
from deploy.sandbox.slack import actions, commands, modals
from deploy.sandbox.slack.courier import Route
from deploy.sandbox.slack.limits import Rates
from deploy.sandbox.slack.serve import serving as slack_serving
from deploy.sandbox.slack.state import SlackWorld
from tests.outbound.slack_samples import GITLAB, operation_of

CATALOG = Path(__file__).parents[2] / "deploy/sandbox/catalog"
CONTRACTS = Path(__file__).parents[3] / "shared/contracts/slack"
SECRET = "sandbox-signing-secret"
CHANNEL = "C0ACMEOPS"
PROPOSED_BLOCK, DENY_BLOCK = "decide", "reason"


@dataclass
class Office:
    """A Slack, the bot's front, and ways to type and to click in it as a person."""

    slack: SlackWorld
    front: Front
    chat: SlackChat
    url: str

    async def types(self, text, *, user="U0ALICE", channel=CHANNEL):
        line = f"/infra {text}".strip()
        outcome = await commands.command(
            self.slack, user=user, channel=channel, line=line
        )
        assert outcome.ok, outcome
        return self.whispers(user, channel)[-1]

    def whispers(self, user, channel=CHANNEL):
        seen = self.slack.messages.top(channel, reader=user)
        return [one for one in seen if one.seen_by == user]

    async def clicks(self, action, *, user, ts, block=PROPOSED_BLOCK, channel=CHANNEL):
        click = actions.Click(block_id=block, action_id=action, did={})
        return await actions.click(
            self.slack, user=user, channel=channel, ts=ts, action=click
        )

    async def denies(self, reason, *, user):
        form = self.slack.forms.stack(user)[-1]
        values = {DENY_BLOCK: {"text": {"type": "plain_text_input", "value": reason}}}
        return await modals.submit(
            self.slack, user=user, view_id=form.id, values=values
        )

    async def proposed(self, **more):
        """Store an operation that waits for a decision, and post its card."""
        from bot.flow.viewing import view_of  # noqa: PLC0415 - only here

        given = {"id": clock.new_id(), "asked_at": clock.now(), **more}
        operation = operation_of("resize", **given)
        operation = operation.model_copy(
            update={"expires_at": clock.now() + (operation.route.expires)}
        )
        await self.front.store.write(
            Writes(client="acme", at=clock.now(), adds=(operation,))
        )
        view = await view_of(operation, front=self.front)
        ts = await self.chat.post_card(view, channel=CHANNEL, key=operation.id)
        return operation, ts

    async def operation(self, operation):
        return await self.front.store.operation("acme", id=operation.id)

    async def operations(self):
        return await self.front.store.unfinished("acme")

    async def refusals(self, client="acme"):
        records = await self.front.store.records(client)
        return [one for one in records if one.event == "request.refused"]


@contextlib.asynccontextmanager
async def office(database, *, by="http", app_id="A0TANDEM"):
    world = SlackWorld.sample(contracts=CONTRACTS, rates=Rates.unlimited())
    async with front_of(database) as front, slack_serving(world) as address:
        chat = slack_chat(
            token=SecretStr("xoxb-sandbox-bot-token"),
            base_url=address.api_url,
            speech=Speech(),
            trusted=(GITLAB,),
        )
        app = slack_app(front=front, face=SlackFace(chat), api_url=address.api_url)
        door = SlackDoor(
            app, signing_secret=SecretStr(SECRET), now=clock.now, app_id=app_id
        )
        async with serving(web(slack=door), host="127.0.0.1", port=0) as port:
            url = f"http://127.0.0.1:{port}"
            there = Office(world, front, chat, url)
            async with _delivered(world, app, url, by):
                yield there
    if world.ledger.breaches():
        raise AssertionError([one.detail for one in world.ledger.breaches()])


@contextlib.asynccontextmanager
async def front_of(database):
    """The chat side of the flow, over this database and the sandbox's catalog."""
    pool = engine(database.app, size=8)
    try:
        found = registry.load()
        keeper = CatalogKeeper(CATALOG, now=clock.now, commands=found.commands)
        await keeper.open()
        yield Front(
            store=Store(pool),
            catalog=keeper,
            registry=found,
            now=clock.now,
            new_id=clock.new_id,
            new_code=clock.new_code,
        )
    finally:
        await pool.dispose()


@contextlib.asynccontextmanager
async def _delivered(world, app, url, by):
    if by == "http":
        world.courier.route = Route(request_url=f"{url}/slack/events")
        yield
        return
    link = SlackSocket(
        app, app_token=SecretStr("xapp-sandbox-app-token"), app_id="A0TANDEM"
    )
    task = asyncio.create_task(link.run())
    async with asyncio.timeout(5):
        while not world.links.connected:  # noqa: ASYNC110 - there is no event for it
            await asyncio.sleep(0.01)
    yield
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


def signed(body, *, at=None, secret=SECRET, **headers):
    """Return the headers with which Slack would send this body."""
    stamp = str(int((at or clock.now()).timestamp()))
    raw = body if isinstance(body, bytes) else body.encode()
    made = hmac.new(
        secret.encode(), b"v0:" + stamp.encode() + b":" + raw, hashlib.sha256
    )
    return {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Slack-Request-Timestamp": stamp,
        "X-Slack-Signature": f"v0={made.hexdigest()}",
        **headers,
    }


def slash(text, *, trigger="1.2.abc", **more):
    """Return the body of a slash command as Slack sends it."""
    return urlencode(
        {
            "token": "x",
            "team_id": "T0CLARANET",
            "team_domain": "claranet-tandem",
            "channel_id": CHANNEL,
            "channel_name": "acme-ops",
            "user_id": "U0ALICE",
            "user_name": "alice",
            "command": "/infra",
            "text": text,
            "api_app_id": "A0TANDEM",
            "is_enterprise_install": "false",
            "response_url": "https://hooks.slack.com/commands/x",
            "trigger_id": trigger,
            **more,
        }
    )


async def post(url, body, headers, *, path="/slack/events"):
    async with httpx.AsyncClient(base_url=url, timeout=10, trust_env=False) as http:
        return await http.post(path, content=body, headers=headers)


def words(message):
    """Return all that a message says, blocks and all, as one text."""
    return re.sub(r"\s+", " ", f"{message.text} {message.blocks!r}")
