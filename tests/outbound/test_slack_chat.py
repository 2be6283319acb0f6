"""Slack as the flow's chat, against the stand-in: what arrives, is lost, or waits."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.domain.errors import Broken, OutcomeUnknown, Refused, Throttled, Unavailable
from bot.domain.message import Message
from bot.outbound.slack.chat import SlackChat, slack_chat
from bot.outbound.slack.wire import Wire
from deploy.sandbox.slack.faults import Failure
from deploy.sandbox.slack.limits import Rates
from deploy.sandbox.slack.serve import serving
from deploy.sandbox.slack.state import SlackWorld
from tests.outbound.slack_samples import GITLAB, SPEECH, operation_of, view_of

CONTRACTS = Path(__file__).parents[3] / "shared/contracts/slack"
CHANNEL = "C0ACMEOPS"
HELLO = Message.of("thread.merged", {"sha": "1a2b3c4d"})


@contextlib.asynccontextmanager
async def slack(*, token="xoxb-sandbox-bot-token", patience=5.0):
    world = SlackWorld.sample(contracts=CONTRACTS, rates=Rates.unlimited())
    async with serving(world) as address:
        wire = Wire(token=SecretStr(token), base_url=address.api_url, timeout=patience)
        yield world, SlackChat(wire=wire, speech=SPEECH, trusted=(GITLAB,))
        world.faults.clear()
    assert [one.detail for one in world.ledger.breaches()] == []


async def says(chat, *, key="k-1", thread=None):
    return await chat.post(
        HELLO, language="en", channel=CHANNEL, thread=thread, key=key
    )


async def test_a_card_is_posted_and_drawn_anew_in_its_place():
    async with slack() as (world, chat):
        ts = await chat.post_card(view_of(operation_of()), channel=CHANNEL, key="c")
        done = view_of(operation_of(state="done"))
        await chat.update_card(done, channel=CHANNEL, message=ts)

        (message,) = world.messages.top(CHANNEL, reader="U0BOB")
        assert message.ts == ts
        assert "Done (Acme, production)" in message.text
        assert message.metadata["event_payload"] == {"key": "c"}


async def test_a_thread_is_answered_in():
    async with slack() as (world, chat):
        card = await chat.post_card(view_of(operation_of()), channel=CHANNEL, key="c")
        await says(chat, thread=card)

        (reply,) = world.messages.replies(CHANNEL, card)
        assert reply.text == "Merged as 1a2b3c4d. The pipeline applies it now."


async def test_a_whisper_is_for_one_person():
    async with slack() as (world, chat):
        await chat.whisper(HELLO, language="en", channel=CHANNEL, user="U0ALICE")

        (message,) = world.messages.top(CHANNEL, reader="U0ALICE")
        assert message.seen_by == "U0ALICE"


async def test_a_direct_message_reaches_the_person_alone():
    async with slack() as (world, chat):
        ts = await chat.direct(HELLO, language="en", user="U0BOB", key="d")

        posted = [one for one in world.ledger.entries if one.name == "chat.postMessage"]
        assert [one.ts for one in posted] == [ts]
        assert posted[0].channel.startswith("D")


async def test_our_own_post_is_found_by_its_key():
    async with slack() as (_, chat):
        first = await says(chat, key="k-1")
        second = await says(chat, key="k-2")
        reply = await says(chat, key="k-3", thread=first)

        assert await chat.find(channel=CHANNEL, thread=None, key="k-2") == second
        assert await chat.find(channel=CHANNEL, thread=first, key="k-3") == reply
        assert await chat.find(channel=CHANNEL, thread=None, key="k-4") is None


async def test_a_post_whose_answer_was_lost_is_found_and_not_repeated():
    async with slack() as (world, chat):
        world.faults.lose_answers("chat.postMessage")

        with pytest.raises(OutcomeUnknown):
            await says(chat)

        found = await chat.find(channel=CHANNEL, thread=None, key="k-1")
        assert [found] == [
            one.ts for one in world.messages.top(CHANNEL, reader="U0BOB")
        ]


async def test_slack_is_left_alone_for_as_long_as_it_asks():
    async with slack() as (world, chat):
        world.faults.storm_for(60, retry_after=17)

        with pytest.raises(Throttled) as caught:
            await says(chat)

        assert caught.value.retry_after == 17.0


async def test_a_call_is_made_once_whatever_comes_back():
    async with slack() as (world, chat):
        world.faults.fail("chat.postMessage")

        with pytest.raises(OutcomeUnknown):
            await says(chat)

        calls = [one for one in world.ledger.entries if one.name == "chat.postMessage"]
        assert len(calls) == 1


@pytest.mark.parametrize(
    "error", ["channel_not_found", "is_archived", "not_in_channel", "invalid_blocks"]
)
async def test_what_slack_will_never_take_is_refused(error):
    async with slack() as (world, chat):
        world.faults.fail("chat.postMessage", failure=Failure(status=200, error=error))

        with pytest.raises(Refused) as caught:
            await says(chat)

        assert caught.value.message.args["error"] == error


@pytest.mark.parametrize("error", ["internal_error", "service_unavailable"])
async def test_a_slack_that_fails_while_posting_may_have_posted(error):
    async with slack() as (world, chat):
        world.faults.fail("chat.postMessage", failure=Failure(status=200, error=error))

        with pytest.raises(OutcomeUnknown):
            await says(chat)


async def test_a_token_that_is_being_changed_loses_no_message():
    async with slack(token="xoxb-an-old-token") as (_, chat):
        with pytest.raises(Unavailable) as caught:
            await says(chat)

        assert not isinstance(caught.value, OutcomeUnknown)


async def test_an_update_that_failed_may_simply_be_repeated():
    async with slack() as (world, chat):
        ts = await chat.post_card(view_of(operation_of()), channel=CHANNEL, key="c")
        world.faults.fail("chat.update")

        with pytest.raises(Unavailable) as caught:
            await chat.update_card(view_of(operation_of()), channel=CHANNEL, message=ts)

        assert not isinstance(caught.value, OutcomeUnknown)


async def test_a_slack_that_hangs_is_not_waited_for():
    async with slack(patience=0.3) as (world, chat):
        world.faults.down_for(60, mode="hang")

        with pytest.raises(OutcomeUnknown):
            await says(chat)


async def test_a_slack_that_is_not_there_got_nothing():
    chat = slack_chat(
        token=SecretStr("xoxb-sandbox-bot-token"),
        base_url="http://127.0.0.1:9/api/",
        speech=SPEECH,
    )

    with pytest.raises(Unavailable) as caught:
        await says(chat)

    assert not isinstance(caught.value, OutcomeUnknown)


async def test_a_response_url_that_leads_elsewhere_is_not_followed():
    wire = Wire(token=SecretStr("xoxb-x"), base_url="https://slack.com/api/")

    with pytest.raises(Broken):
        await wire.respond("http://169.254.169.254/latest", {})


@pytest.mark.parametrize(
    ("base", "domain", "site"),
    [
        ("https://slack.com/api/", "claranet", "https://claranet.slack.com/"),
        ("https://slack.com/api/", "", ""),
        ("http://127.0.0.1:8000/api/", "claranet", "http://127.0.0.1:8000/"),
    ],
)
def test_messages_have_their_addresses_at_the_workspace(base, domain, site):
    assert Wire(token=SecretStr("xoxb-x"), base_url=base).site(domain) == site


async def test_the_chat_says_whether_slack_knows_it():
    async with slack() as (_, chat):
        await chat.ping()
