"""What the stand-in sends to an app: signed, in time, and as Slack words it."""

from __future__ import annotations

import asyncio
import json

import pytest
from slack_sdk.signature import SignatureVerifier

from deploy.sandbox.slack import actions, commands, events
from deploy.sandbox.slack.courier import Route
from deploy.sandbox.slack.refusal import SlackRefusal
from tests.sandbox.slack_support import button, card, desk, eventually, section

SECRET = "sandbox-signing-secret"


@pytest.fixture
async def slack():
    async with desk() as made:
        yield made


async def _types(slack, line, **more):
    asked = {"user": "U0ALICE", "channel": "C0ACMEOPS", **more}
    return await commands.command(slack.world, line=line, **asked)


async def _clicks(slack, ts, user="U0BOB", action_id="approve", **did):
    click = actions.Click(block_id="decide", action_id=action_id, did=did)
    return await actions.click(
        slack.world, user=user, channel="C0ACMEOPS", ts=ts, action=click
    )


async def _heard(slack, times):
    await eventually(lambda: len(slack.ear.heard) >= times)


async def test_every_delivery_is_signed_over_its_raw_body(slack):
    await _types(slack, "/infra resize web-2 caf\u00e9 <b>")

    headers, raw = slack.ear.heard[0]
    assert SignatureVerifier(SECRET).is_valid_request(raw, headers)
    assert not SignatureVerifier(SECRET).is_valid_request(raw + b" ", headers)
    assert not SignatureVerifier("another").is_valid_request(raw, headers)
    assert headers["content-type"] == "application/x-www-form-urlencoded"


async def test_a_command_has_slacks_fields_and_slacks_escaping(slack):
    await _types(slack, "/infra  note a<b & c>d for @bob in #acme-ops https://x.test/a")

    fields = slack.ear.fields()
    assert fields["command"] == "/infra"
    assert fields["text"] == (
        "note a&lt;b &amp; c&gt;d for <@U0BOB|bob> "
        "in <#C0ACMEOPS|acme-ops> <https://x.test/a>"
    )
    assert fields["user_id"] == "U0ALICE"
    assert fields["team_id"] == "T0CLARANET"
    assert fields["channel_name"] == "acme-ops"
    assert fields["is_enterprise_install"] == "false"
    assert fields["response_url"].startswith(f"{slack.world.base_url}/commands/")
    assert fields["trigger_id"]
    assert fields["token"]


async def test_an_app_that_is_late_is_a_timeout_for_the_person(slack):
    slack.world.courier.ack_seconds = 0.1
    slack.ear.delay = 0.5

    outcome = await _types(slack, "/infra help")

    assert outcome.error == "operation_timeout"


@pytest.mark.parametrize("status", [401, 404, 500])
async def test_an_app_that_refuses_is_a_failed_dispatch(slack, status):
    slack.ear.status = status

    outcome = await _types(slack, "/infra help")

    assert outcome.error == "dispatch_failed"


async def test_an_app_that_is_not_there_is_a_failed_dispatch(slack):
    slack.world.courier.route = Route(request_url="http://127.0.0.1:1/")

    outcome = await _types(slack, "/infra help")

    assert outcome.error == "dispatch_failed"


async def test_a_socket_that_nobody_opened_is_a_failed_dispatch(slack):
    slack.world.courier.route = Route(transport="socket")

    outcome = await _types(slack, "/infra help")

    assert outcome.error == "dispatch_failed"


async def test_a_dropped_ack_reached_the_app_all_the_same(slack):
    slack.world.faults.drop_acks = 1

    first = await _types(slack, "/infra help")
    second = await _types(slack, "/infra help")

    assert first.error == "operation_timeout"
    assert second.ok
    assert len(slack.ear.heard) == 2


async def test_a_duplicate_is_the_same_byte_for_byte(slack):
    slack.world.faults.duplicates = 1

    await _types(slack, "/infra help")

    (one, first), (two, second) = slack.ear.heard
    assert first == second
    assert one["x-slack-signature"] == two["x-slack-signature"]


async def test_a_delayed_delivery_waits(slack):
    slack.world.faults.delay = 0.2
    loop = asyncio.get_running_loop()
    before = loop.time()

    await _types(slack, "/infra help")

    assert loop.time() - before >= 0.2


async def test_an_unknown_command_reaches_nobody(slack):
    outcome = await _types(slack, "/infrared help")

    assert outcome.error == "unknown_command"
    assert slack.ear.heard == []


async def test_a_command_in_a_thread_is_refused_as_slack_does(slack):
    ts = await slack.post(text="card")

    outcome = await _types(slack, "/infra help", thread_ts=ts)

    assert outcome.error == "not_supported_in_threads"
    assert slack.ear.heard == []


async def test_nobody_types_where_they_are_not(slack):
    with pytest.raises(SlackRefusal, match="not_in_channel"):
        await _types(slack, "/infra help", channel="C0GLOBEXOPS")
    with pytest.raises(SlackRefusal, match="user_not_found"):
        await _types(slack, "/infra help", user="U0NOBODY")

    assert slack.ear.heard == []


async def test_a_deactivated_person_does_nothing(slack):
    slack.world.rooms.deactivate("U0ALICE")

    with pytest.raises(SlackRefusal, match="user_disabled"):
        await _types(slack, "/infra help")


async def test_an_answer_in_text_is_for_the_person_alone(slack):
    slack.ear.body = b"working on it"

    await _types(slack, "/infra help")

    (message,) = slack.world.messages.top("C0ACMEOPS", reader="U0ALICE")
    assert (message.text, message.seen_by) == ("working on it", "U0ALICE")


async def test_an_answer_in_channel_shows_the_command_too(slack):
    slack.ear.says({"response_type": "in_channel", "text": "done"})

    await _types(slack, "/infra help")

    shown = slack.world.messages.top("C0ACMEOPS")
    assert [m.text for m in shown] == ["/infra help", "done"]


async def test_an_answer_that_is_no_message_is_an_error_for_the_person(slack):
    slack.ear.says({"text": "x", "blocks": [{"type": "marquee"}]})

    outcome = await _types(slack, "/infra help")

    assert outcome.error == "invalid_command_response"


async def test_a_click_says_who_where_and_what(slack):
    ts = await slack.post(text="card", blocks=card(button("approve", value="op-1")))

    outcome = await _clicks(slack, ts, value="forged")

    payload = slack.ear.payload()
    action = payload["actions"][0]
    assert outcome.ok
    assert payload["type"] == "block_actions"
    assert payload["user"]["id"] == "U0BOB"
    assert payload["message"]["ts"] == ts
    assert payload["container"]["channel_id"] == "C0ACMEOPS"
    assert payload["state"] == {"values": {}}
    assert (action["action_id"], action["value"]) == ("approve", "op-1")


async def test_nobody_clicks_what_is_not_on_the_screen(slack):
    ts = await slack.post(text="card", blocks=card(button("approve")))

    with pytest.raises(SlackRefusal, match="action_not_found"):
        await _clicks(slack, ts, action_id="destroy")
    with pytest.raises(SlackRefusal, match="message_not_found"):
        await _clicks(slack, "1.000001")

    assert slack.ear.heard == []


async def test_nobody_chooses_what_was_not_offered(slack):
    text = {"type": "plain_text", "text": "Week"}
    menu = {
        "type": "static_select",
        "action_id": "span",
        "placeholder": text,
        "options": [{"text": text, "value": "7d"}],
    }
    ts = await slack.post(text="card", blocks=card(menu))

    with pytest.raises(SlackRefusal, match="invalid_action"):
        await _clicks(
            slack, ts, action_id="span", selected_option={"text": text, "value": "9d"}
        )
    await _clicks(
        slack, ts, action_id="span", selected_option={"text": text, "value": "7d"}
    )

    assert slack.ear.payload()["actions"][0]["selected_option"]["value"] == "7d"


async def test_a_click_on_an_ephemeral_message_can_replace_it(slack):
    told = await slack.api(
        "chat.postEphemeral",
        channel="C0ACMEOPS",
        user="U0BOB",
        text="sure?",
        blocks=card(button("approve")),
    )
    await _clicks(slack, told["message_ts"])
    payload = slack.ear.payload()

    answer = await slack.http.post(
        payload["response_url"], json={"replace_original": True, "text": "done"}
    )

    (message,) = slack.world.messages.top("C0ACMEOPS", reader="U0BOB")
    assert payload["container"]["is_ephemeral"]
    assert "message" not in payload
    assert answer.text == "ok"
    assert (message.text, message.ts) == ("done", told["message_ts"])


async def test_a_response_url_deletes_and_says_in_channel(slack):
    ts = await slack.post(text="card", blocks=card(button("approve")))
    await _clicks(slack, ts)
    url = slack.ear.payload()["response_url"]

    await slack.http.post(url, json={"response_type": "in_channel", "text": "all"})
    await slack.http.post(url, json={"delete_original": True})

    shown = slack.world.messages.top("C0ACMEOPS")
    assert [m.text for m in shown] == ["all"]


async def test_a_commands_response_url_replaces_its_own_first_answer(slack):
    await _types(slack, "/infra help")
    url = slack.ear.fields()["response_url"]

    await slack.http.post(url, json={"text": "working"})
    await slack.http.post(url, json={"text": "done", "replace_original": True})

    (message,) = slack.world.messages.top("C0ACMEOPS", reader="U0ALICE")
    assert message.text == "done"


async def test_a_response_url_speaks_five_times(slack):
    await _types(slack, "/infra help")
    url = slack.ear.fields()["response_url"]

    answers = [await slack.http.post(url, json={"text": str(n)}) for n in range(6)]

    assert [a.status_code for a in answers] == [200] * 5 + [404]
    assert answers[-1].json()["error"] == "used_url"


async def test_a_response_url_speaks_for_half_an_hour(slack):
    await _types(slack, "/infra help")
    url = slack.ear.fields()["response_url"]
    slack.clock.forward(30 * 60 + 1)

    answer = await slack.http.post(url, json={"text": "late"})

    assert answer.status_code == 404
    assert answer.json()["error"] == "expired_url"


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"{", "invalid_payload"),
        (b"[]", "invalid_payload"),
        (b"{}", "no_text"),
        (json.dumps({"blocks": [section("")]}).encode(), "invalid_blocks"),
    ],
)
async def test_a_response_that_is_no_message_is_refused(slack, body, error):
    await _types(slack, "/infra help")
    url = slack.ear.fields()["response_url"]

    answer = await slack.http.post(url, content=body)

    assert answer.status_code == 400
    assert answer.json()["error"] == error


async def test_a_response_url_that_was_never_given_is_not_there(slack):
    base = f"{slack.world.base_url}/commands"

    unknown = await slack.http.post(f"{base}/T0CLARANET/abc", json={"text": "x"})
    foreign = await slack.http.post(f"{base}/T0OTHER/abc", json={"text": "x"})

    assert (unknown.status_code, foreign.status_code) == (404, 404)


async def test_a_request_url_repeats_the_challenge(slack):
    slack.ear.echo = True
    right = await events.verify_url(slack.world)
    slack.ear.echo = False
    wrong = await events.verify_url(slack.world)

    headers, raw = slack.ear.heard[0]
    assert right
    assert not wrong
    assert SignatureVerifier(SECRET).is_valid_request(raw, headers)
    assert json.loads(raw)["type"] == "url_verification"


async def test_an_event_that_fails_is_told_again_with_its_number(slack):
    slack.ear.status = 500

    events.publish(slack.world, {"type": "app_home_opened"}, waits=(0.0, 0.01))
    await _heard(slack, 3)

    numbers = [h.get("x-slack-retry-num") for h, _ in slack.ear.heard]
    ids = {json.loads(raw)["event_id"] for _, raw in slack.ear.heard}
    assert numbers == [None, "1", "2"]
    assert slack.ear.heard[1][0]["x-slack-retry-reason"] == "http_error"
    assert len(ids) == 1


async def test_a_message_is_an_event_only_for_a_subscriber():
    async with desk(subscriptions=frozenset({"message.channels"})) as slack:
        said = {"user": "U0ALICE", "channel": "C0ACMEOPS"}
        await commands.say(slack.world, **said, text="hello <all>")
        await _heard(slack, 1)

        event = json.loads(slack.ear.heard[0][1])["event"]

    assert event["type"] == "message"
    assert event["text"] == "hello &lt;all&gt;"
    assert event["channel"] == "C0ACMEOPS"


async def test_an_open_home_is_an_event_only_for_a_subscriber(slack):
    events.home_opened(slack.world, "U0ALICE")
    await asyncio.sleep(0)

    assert slack.world.courier.tasks == set()
