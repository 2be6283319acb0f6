"""A real Bolt app against the stand-in: over signed HTTP, and over Socket Mode."""

from __future__ import annotations

import pytest
from fastapi import FastAPI, Request
from slack_bolt.adapter.fastapi.async_handler import AsyncSlackRequestHandler
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from deploy.sandbox.slack import actions, commands, modals
from deploy.sandbox.slack.courier import Route
from deploy.sandbox.slack.limits import Rates
from deploy.sandbox.slack.serve import serving
from deploy.sandbox.slack.state import SlackWorld
from tests.sandbox.slack_support import (
    CONTRACTS,
    SUBMIT,
    button,
    card,
    eventually,
    listening,
    modal,
    section,
    text_input,
)

_MENU = {
    "type": "external_select",
    "action_id": "target",
    "placeholder": {"type": "plain_text", "text": "Which"},
    "min_query_length": 1,
}


def _bolt(address):
    """A small app: a command posts a card, a button opens a form, the form updates."""
    client = AsyncWebClient(
        token="xoxb-sandbox-bot-token",
        base_url=address.api_url,
        trust_env_in_session=False,
    )
    app = AsyncApp(
        client=client,
        signing_secret="sandbox-signing-secret",
        process_before_response=True,
    )

    @app.command("/infra")
    async def infra(ack, command, say, respond):
        if command["text"] == "boom":
            raise ValueError("boom")
        await say(
            text=command["text"],
            blocks=card(button("deny", value="op-1")),
            metadata={"event_type": "card", "event_payload": {"operation": "op-1"}},
        )
        await respond("posted")
        await ack("on it")

    @app.action("deny")
    async def deny(ack, body, client):
        view = modal(
            text_input(),
            section("which?", block_id="which", accessory=_MENU),
            callback_id="denial",
            private_metadata=body["message"]["ts"],
            submit=SUBMIT,
            notify_on_close=True,
        )
        await client.views_open(trigger_id=body["trigger_id"], view=view)
        await ack()

    @app.options("target")
    async def targets(ack, payload):
        name = payload["value"]
        text = {"type": "plain_text", "text": name}
        await ack(options=[{"text": text, "value": name}])

    @app.view("denial")
    async def denied(ack, body, view, client):
        reason = view["state"]["values"]["why"]["reason"]["value"]
        if len(reason) < 3:
            await ack(response_action="errors", errors={"why": "say more"})
            return
        await client.chat_update(
            channel="C0ACMEOPS",
            ts=view["private_metadata"],
            text=f"denied by {body['user']['id']}: {reason}",
            blocks=[section(f"denied: {reason}")],
        )
        await ack()

    @app.view_closed("denial")
    async def closed(ack):
        await ack()

    return app


def _mounted(app):
    handler = AsyncSlackRequestHandler(app)
    api = FastAPI()

    @api.post("/slack/events")
    async def endpoint(request: Request):
        return await handler.handle(request)

    endpoint.__annotations__["request"] = Request
    return api


@pytest.fixture(params=["http", "socket"])
async def world(request):
    world = SlackWorld.sample(contracts=CONTRACTS, rates=Rates.unlimited())
    async with serving(world) as address:
        app = _bolt(address)
        if request.param == "http":
            async with listening(_mounted(app)) as url:
                world.courier.route = Route(request_url=f"{url}/slack/events")
                yield world
        else:
            handler = AsyncSocketModeHandler(app, "xapp-sandbox-app-token")
            await handler.connect_async()
            await eventually(lambda: world.links.connected)
            yield world
            await handler.close_async()
    assert world.ledger.breaches() == []


async def _types(world, text, user="U0ALICE"):

    return await commands.command(
        world, user=user, channel="C0ACMEOPS", line=f"/infra {text}"
    )


async def _clicks(world, user="U0BOB"):

    ts = world.ledger.posts("C0ACMEOPS")[-1].ts
    click = actions.Click(block_id="decide", action_id="deny", did={})
    return await actions.click(
        world, user=user, channel="C0ACMEOPS", ts=ts, action=click
    )


async def test_a_command_is_acknowledged_and_posts_a_card(world):
    outcome = await _types(world, "resize web-2 <m5> & more")

    shown = world.messages.top("C0ACMEOPS", reader="U0ALICE")
    assert outcome.ok
    assert [(m.text, m.seen_by) for m in shown] == [
        ("resize web-2 &lt;m5&gt; &amp; more", ""),
        ("posted", "U0ALICE"),
        ("on it", "U0ALICE"),
    ]


async def test_a_handler_that_fails_is_told_to_the_person(world):
    # Over a socket Bolt acknowledges nothing then, and Slack's patience must run out.
    world.courier.ack_seconds = 0.3
    wanted = "operation_timeout" if world.links.connected else "dispatch_failed"

    outcome = await _types(world, "boom")

    assert outcome.error == wanted


async def test_a_button_opens_a_form_whose_answer_updates_the_card(world):

    await _types(world, "resize web-2 m5.large")
    clicked = await _clicks(world)
    form = world.forms.stack("U0BOB")[0]
    menu = actions.Click(block_id="which", action_id="target", did={})
    offered = await actions.suggest(
        world, user="U0BOB", action=menu, typed="web", view_id=form.id
    )

    async def submits(reason):
        values = {"why": {"reason": {"type": "plain_text_input", "value": reason}}}
        return await modals.submit(world, user="U0BOB", view_id=form.id, values=values)

    short = await submits("no")
    full = await submits("too big for now")

    card_ts = world.ledger.posts("C0ACMEOPS")[-1].ts
    message = world.messages.get("C0ACMEOPS", card_ts)
    assert clicked.ok
    assert [o["value"] for o in offered["options"]] == ["web"]
    assert short.errors == {"why": "say more"}
    assert full.ok
    assert message.text == "denied by U0BOB: too big for now"
    assert message.metadata["event_payload"] == {"operation": "op-1"}
    assert world.forms.stack("U0BOB") == []
    assert world.ledger.refused() == []


async def test_a_closed_form_is_told_when_it_asked_to_be(world):

    await _types(world, "resize web-2 m5.large")
    await _clicks(world)
    form = world.forms.stack("U0BOB")[0]

    await modals.close(world, user="U0BOB", view_id=form.id)

    assert [e.outcome for e in world.ledger.deliveries("view_closed")] == ["ok"]


@pytest.mark.parametrize("world", ["socket"], indirect=True)
async def test_a_socket_that_is_asked_to_refresh_comes_back(world):
    await world.links.refresh()
    await eventually(lambda: world.links.opened > 1, seconds=10)
    outcome = await _types(world, "after the refresh")

    assert outcome.ok
