"""The Web API of the Slack stand-in: what it does, and what it refuses."""

from __future__ import annotations

import asyncio
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.sandbox.slack.arguments import Arguments
from deploy.sandbox.slack.limits import Rates
from deploy.sandbox.slack.refusal import SlackRefusal
from tests.sandbox.slack_support import (
    button,
    card,
    counter,
    modal,
    needs_contracts,
    section,
)


@pytest.fixture
async def slack():
    async with counter() as made:
        yield made


async def test_a_token_names_the_app(slack):
    answer = await slack.api("auth.test")

    assert answer["ok"]
    assert answer["user_id"] == "U0TANDEM"
    assert answer["bot_id"] == "B0TANDEM"
    assert answer["team_id"] == "T0CLARANET"


@pytest.mark.parametrize(
    ("token", "error"),
    [
        ("", "not_authed"),
        ("xoxb-other", "invalid_auth"),
        ("xapp-sandbox-app-token", "not_allowed_token_type"),
    ],
)
async def test_a_wrong_token_is_refused(slack, token, error):
    answer = await slack.api("auth.test", token=token)

    assert answer == {"ok": False, "error": error}


async def test_a_socket_needs_the_apps_own_token(slack):
    refused = await slack.api("apps.connections.open")
    opened = await slack.api("apps.connections.open", token="xapp-sandbox-app-token")

    assert refused["error"] == "not_allowed_token_type"
    assert opened["url"].startswith("ws://127.0.0.1/link/?ticket=")


async def test_an_unknown_method_is_refused(slack):
    assert (await slack.api("chat.shout"))["error"] == "unknown_method"


async def test_a_posted_message_is_in_the_history_with_its_metadata(slack):
    metadata = {"event_type": "card", "event_payload": {"operation": "op-1"}}
    ts = await slack.post(text="hello", blocks=[section("hi")], metadata=metadata)

    plain = await slack.api("conversations.history", channel="C0ACMEOPS")
    full = await slack.api(
        "conversations.history", channel="C0ACMEOPS", include_all_metadata=True
    )

    assert plain["messages"][0]["ts"] == ts
    assert "metadata" not in plain["messages"][0]
    assert full["messages"][0]["metadata"] == metadata
    assert full["messages"][0]["blocks"][0]["block_id"]


async def test_form_and_json_say_the_same(slack):
    headers = {"Authorization": "Bearer xoxb-sandbox-bot-token"}
    fields = {
        "channel": "C0ACMEOPS",
        "text": "hi",
        "blocks": '[{"type":"divider","block_id":"d"}]',
        "metadata": '{"event_type":"e","event_payload":{}}',
        "unfurl_links": "0",
    }

    answer = await slack.http.post(
        "/api/chat.postMessage", data=fields, headers=headers
    )

    assert answer.json()["message"]["blocks"] == [{"type": "divider", "block_id": "d"}]


async def test_the_token_may_be_an_argument(slack):
    answer = await slack.http.post(
        "/api/auth.test", data={"token": "xoxb-sandbox-bot-token"}
    )

    assert answer.json()["ok"]


@pytest.mark.parametrize(
    ("kind", "body", "error"),
    [
        ("application/json", b"{", "invalid_json"),
        ("application/json", b"[]", "json_not_object"),
        ("application/json", b"\xff", "invalid_charset"),
        ("application/xml", b"<a/>", "invalid_post_type"),
        (
            "application/x-www-form-urlencoded",
            b"channel=C0ACMEOPS&blocks=%7B",
            "invalid_blocks_format",
        ),
    ],
)
async def test_a_body_that_cannot_be_read_is_refused(slack, kind, body, error):
    headers = {
        "Authorization": "Bearer xoxb-sandbox-bot-token",
        "Content-Type": kind,
    }

    answer = await slack.http.post(
        "/api/chat.postMessage", content=body, headers=headers
    )

    assert answer.json()["error"] == error


@given(body=st.binary(max_size=200), query=st.text(max_size=40))
def test_any_bytes_are_read_or_refused(body, query):
    for kind in ("application/json", "application/x-www-form-urlencoded"):
        with contextlib.suppress(SlackRefusal):
            Arguments.parse(query=query, content_type=kind, body=body)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"text": "x"}, "invalid_arguments"),
        ({"channel": "C0NOWHERE", "text": "x"}, "channel_not_found"),
        ({"channel": "C0ACMEOPS"}, "no_text"),
        ({"channel": "C0ACMEOPS", "text": "  "}, "no_text"),
        ({"channel": "C0ACMEOPS", "text": "x" * 40_001}, "msg_too_long"),
        (
            {"channel": "C0ACMEOPS", "text": "x", "thread_ts": "1.000001"},
            "thread_not_found",
        ),
        (
            {"channel": "C0ACMEOPS", "text": "x", "metadata": {"event_type": 1}},
            "invalid_metadata_format",
        ),
        (
            {"channel": "C0ACMEOPS", "text": "x", "blocks": {"type": "divider"}},
            "invalid_blocks_format",
        ),
        (
            {"channel": "C0ACMEOPS", "text": "x", "attachments": [{}] * 101},
            "too_many_attachments",
        ),
    ],
)
async def test_a_post_that_slack_refuses_is_refused(slack, arguments, error):
    if error == "invalid_metadata_format":
        slack.world.contracts.__init__(None)

    answer = await slack.api("chat.postMessage", **arguments)

    assert answer["error"] == error
    assert slack.world.ledger.posts() == []
    assert slack.world.ledger.refused()[-1].outcome == error


async def test_an_argument_that_the_contract_does_not_know_is_refused(slack):
    needs_contracts(slack.world)

    answer = await slack.api(
        "chat.postMessage", channel="C0ACMEOPS", text="x", colour="red"
    )

    assert answer["error"] == "invalid_arguments"
    assert "colour" in answer["response_metadata"]["messages"][0]


@pytest.mark.parametrize(
    "blocks",
    [
        [section("x" * 3001)],
        [section("")],
        [{"type": "divider"}] * 51,
        [{"type": "divider", "block_id": "a"}, {"type": "divider", "block_id": "a"}],
        [{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}],
        [{"type": "marquee", "text": "x"}],
        [{"type": "section"}],
        ["section"],
        [section("x", block_id="b" * 256)],
        card(button("a" * 256)),
        card(button("a", text="x" * 76)),
        card(button("a", value="x" * 2001)),
        card(*(button(f"a{n}") for n in range(26))),
        card(button("same"), button("same")),
        card({**button("a"), "style": "loud"}),
        [section("x", fields=[{"type": "mrkdwn", "text": "x" * 2001}])],
        [{"type": "context", "elements": [{"type": "mrkdwn", "text": "x"}] * 11}],
        card(
            {
                "type": "static_select",
                "action_id": "s",
                "placeholder": {"type": "plain_text", "text": "pick"},
                "options": [
                    {"text": {"type": "plain_text", "text": "x" * 76}, "value": "v"}
                ],
            }
        ),
        card(
            {
                "type": "overflow",
                "action_id": "o",
                "options": [
                    {"text": {"type": "plain_text", "text": "x"}, "value": str(n)}
                    for n in range(6)
                ],
            }
        ),
    ],
)
async def test_blocks_beyond_block_kit_are_refused_with_the_reason(slack, blocks):
    answer = await slack.api(
        "chat.postMessage", channel="C0ACMEOPS", text="x", blocks=blocks
    )

    assert answer["error"] == "invalid_blocks"
    assert answer["response_metadata"]["messages"]


@pytest.mark.parametrize(
    "blocks",
    [
        [section("x", nonsense=1)],
        [{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}],
        [{"type": "actions", "elements": [{"type": "lever", "action_id": "a"}]}],
    ],
)
async def test_blocks_beyond_the_recorded_contract_are_refused(slack, blocks):
    needs_contracts(slack.world)

    answer = await slack.api(
        "chat.postMessage", channel="C0ACMEOPS", text="x", blocks=blocks
    )

    assert answer["error"] == "invalid_blocks"


async def test_a_person_can_be_written_to_by_their_id(slack):
    await slack.post("U0ALICE", text="psst")

    opened = await slack.api("conversations.open", users="U0ALICE")
    history = await slack.api("conversations.history", channel="D0ALICE")

    assert opened["channel"]["id"] == "D0ALICE"
    assert history["messages"][0]["text"] == "psst"


async def test_an_app_that_was_removed_cannot_post(slack):
    slack.world.rooms.leave("C0ACMEOPS", "U0TANDEM")

    answer = await slack.api("chat.postMessage", channel="C0ACMEOPS", text="x")

    assert answer["error"] == "not_in_channel"


async def test_an_archived_channel_takes_nothing(slack):
    slack.world.rooms.archive("C0ACMEOPS")

    answer = await slack.api("chat.postMessage", channel="C0ACMEOPS", text="x")

    assert answer["error"] == "is_archived"


async def test_an_update_keeps_what_it_does_not_name(slack):
    metadata = {"event_type": "card", "event_payload": {"operation": "op-1"}}
    ts = await slack.post(text="old", blocks=[section("old")], metadata=metadata)

    answer = await slack.api("chat.update", channel="C0ACMEOPS", ts=ts, text="new")

    stored = slack.world.messages.get("C0ACMEOPS", ts)
    assert answer["message"]["text"] == "new"
    assert stored.blocks[0]["text"]["text"] == "old"
    assert stored.metadata == metadata
    assert stored.edited
    assert len(slack.world.ledger.updates("C0ACMEOPS", ts)) == 1


async def test_an_update_takes_away_what_it_names_empty(slack):
    metadata = {"event_type": "card", "event_payload": {}}
    ts = await slack.post(text="old", blocks=[section("old")], metadata=metadata)

    await slack.api("chat.update", channel="C0ACMEOPS", ts=ts, blocks=[], metadata={})

    stored = slack.world.messages.get("C0ACMEOPS", ts)
    assert stored.blocks == ()
    assert stored.metadata is None


async def test_only_the_apps_own_messages_can_be_changed(slack):
    said = (
        await slack.page(
            "message", **{"as": "U0ALICE", "channel": "C0ACMEOPS", "text": "hi"}
        )
    ).json()
    where = {"channel": "C0ACMEOPS", "ts": said["ts"]}

    update = await slack.api("chat.update", **where, text="x")
    delete = await slack.api("chat.delete", **where)

    assert update["error"] == "cant_update_message"
    assert delete["error"] == "cant_delete_message"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"channel": "C0ACMEOPS", "ts": "1.000001", "text": "x"}, "message_not_found"),
        ({"channel": "C0NOWHERE", "ts": "1.000001", "text": "x"}, "channel_not_found"),
        ({"channel": "U0ALICE", "ts": "1.000001", "text": "x"}, "channel_not_found"),
    ],
)
async def test_a_message_that_is_not_there_cannot_be_updated(slack, arguments, error):
    assert (await slack.api("chat.update", **arguments))["error"] == error


async def test_an_update_is_held_to_four_thousand_characters(slack):
    ts = await slack.post(text="x")

    answer = await slack.api("chat.update", channel="C0ACMEOPS", ts=ts, text="x" * 4001)

    assert answer["error"] == "msg_too_long"


async def test_a_deleted_message_is_gone(slack):
    ts = await slack.post(text="x")

    await slack.api("chat.delete", channel="C0ACMEOPS", ts=ts)

    history = await slack.api("conversations.history", channel="C0ACMEOPS")
    assert history["messages"] == []


async def test_an_ephemeral_message_is_for_one_member_and_in_no_history(slack):
    told = await slack.api(
        "chat.postEphemeral", channel="C0ACMEOPS", user="U0ALICE", text="only you"
    )

    history = await slack.api("conversations.history", channel="C0ACMEOPS")
    alice = await slack.read("channels/C0ACMEOPS/messages", "U0ALICE")
    bob = await slack.read("channels/C0ACMEOPS/messages", "U0BOB")
    update = await slack.api(
        "chat.update", channel="C0ACMEOPS", ts=told["message_ts"], text="x"
    )
    assert history["messages"] == []
    assert [m["ephemeral"] for m in alice["messages"]] == [True]
    assert bob["messages"] == []
    assert update["error"] == "message_not_found"


async def test_nobody_outside_the_channel_gets_an_ephemeral_message(slack):
    answer = await slack.api(
        "chat.postEphemeral", channel="C0ACMEOPS", user="U0GINA", text="x"
    )

    assert answer["error"] == "user_not_in_channel"


async def test_replies_are_in_their_thread_and_not_in_the_channel(slack):
    parent = await slack.post(text="card")
    reply = await slack.post(text="progress", thread_ts=parent)

    history = await slack.api("conversations.history", channel="C0ACMEOPS")
    thread = await slack.api("conversations.replies", channel="C0ACMEOPS", ts=parent)
    deeper = await slack.api(
        "chat.postMessage", channel="C0ACMEOPS", text="x", thread_ts=reply
    )
    assert [m["ts"] for m in history["messages"]] == [parent]
    assert history["messages"][0]["reply_count"] == 1
    assert [m["ts"] for m in thread["messages"]] == [parent, reply]
    assert deeper["error"] == "cannot_reply_to_message"


async def test_history_comes_in_pages_within_a_window(slack):
    sent = [await slack.post(text=str(n)) for n in range(5)]
    asked = {"channel": "C0ACMEOPS", "limit": 2}

    first = await slack.api("conversations.history", **asked)
    cursor = first["response_metadata"]["next_cursor"]
    second = await slack.api("conversations.history", **asked, cursor=cursor)
    window = await slack.api(
        "conversations.history", channel="C0ACMEOPS", oldest=sent[1], latest=sent[3]
    )
    closed = await slack.api(
        "conversations.history",
        channel="C0ACMEOPS",
        oldest=sent[1],
        latest=sent[3],
        inclusive=True,
    )

    assert [m["ts"] for m in first["messages"]] == [sent[4], sent[3]]
    assert [m["ts"] for m in second["messages"]] == [sent[2], sent[1]]
    assert [m["ts"] for m in window["messages"]] == [sent[2]]
    assert len(closed["messages"]) == 3


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"cursor": "%%%"}, "invalid_cursor"),
        ({"cursor": "bm90aGluZw=="}, "invalid_cursor"),
        ({"limit": "many"}, "invalid_limit"),
        ({"oldest": "yesterday"}, "invalid_ts_oldest"),
    ],
)
async def test_a_history_that_cannot_be_cut_is_refused(slack, arguments, error):
    answer = await slack.api("conversations.history", channel="C0ACMEOPS", **arguments)

    assert answer["error"] == error


async def test_people_are_told_of_truthfully(slack):
    slack.world.rooms.deactivate("U0BOB")

    bob = await slack.api("users.info", user="U0BOB")
    bot = await slack.api("users.info", user="U0TANDEM")
    nobody = await slack.api("users.info", user="U0NOBODY")
    members = await slack.api("conversations.members", channel="C0ACMEOPS")

    assert bob["user"]["deleted"]
    assert not bob["user"]["is_bot"]
    assert bob["user"]["team_id"] == "T0CLARANET"
    assert bot["user"]["is_bot"]
    assert nobody["error"] == "user_not_found"
    assert "U0BOB" not in members["members"]


async def test_a_deactivated_person_cannot_be_written_to(slack):
    slack.world.rooms.deactivate("U0BOB")

    answer = await slack.api("conversations.open", users="U0BOB")

    assert answer["error"] == "user_disabled"


async def test_channels_are_told_of_truthfully(slack):
    room = await slack.api("conversations.info", channel="C0ONCALL")
    direct = await slack.api("conversations.info", channel="D0ALICE")

    assert room["channel"]["name"] == "claranet-oncall"
    assert room["channel"]["is_member"]
    assert direct["channel"]["user"] == "U0ALICE"


async def test_a_permalink_leads_to_the_page(slack):
    ts = await slack.post(text="x")

    link = await slack.api("chat.getPermalink", channel="C0ACMEOPS", message_ts=ts)
    answer = await slack.http.get(link["permalink"])

    assert answer.headers["Location"] == f"/?channel=C0ACMEOPS&thread={ts}"


async def test_a_reaction_is_added_once(slack):
    ts = await slack.post(text="x")
    where = {"channel": "C0ACMEOPS", "timestamp": ts, "name": "eyes"}

    first = await slack.api("reactions.add", **where)
    second = await slack.api("reactions.add", **where)

    assert first["ok"]
    assert second["error"] == "already_reacted"


async def test_a_channel_takes_about_one_message_a_second():
    async with counter(rates=Rates()) as slack:
        for n in range(4):
            await slack.post(text=str(n))
        answer = await slack.http.post(
            "/api/chat.postMessage",
            json={"channel": "C0ACMEOPS", "text": "x"},
            headers={"Authorization": "Bearer xoxb-sandbox-bot-token"},
        )
        elsewhere = await slack.api("chat.postMessage", channel="C0ONCALL", text="x")
        slack.clock.forward(1.1)
        later = await slack.api("chat.postMessage", channel="C0ACMEOPS", text="x")

    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "1"
    assert answer.json()["error"] == "ratelimited"
    assert elsewhere["ok"]
    assert later["ok"]


async def test_each_method_has_its_tier():
    async with counter(rates=Rates()) as slack:
        answers = [
            (await slack.api("conversations.info", channel="C0ACMEOPS"))["ok"]
            for _ in range(52)
        ]

    assert answers.count(False) in {1, 2}


async def test_a_storm_of_429_passes(slack):
    slack.world.faults.storm_for(60, retry_after=7)

    answer = await slack.http.post(
        "/api/auth.test", headers={"Authorization": "Bearer xoxb-sandbox-bot-token"}
    )
    slack.clock.forward(61)
    after = await slack.api("auth.test")

    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "7"
    assert after["ok"]


async def test_a_slack_that_is_down_does_nothing(slack):
    slack.world.faults.down_for(60)

    answer = await slack.http.post("/api/chat.postMessage", json={})
    slack.clock.forward(61)
    history = await slack.api("conversations.history", channel="C0ACMEOPS")

    assert answer.status_code == 503
    assert history["messages"] == []


async def test_a_slack_that_hangs_never_answers(slack):
    slack.world.faults.down_for(60, mode="hang")

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await slack.http.post("/api/auth.test")


async def test_a_lost_answer_is_of_a_message_that_was_posted(slack):
    slack.world.faults.lose_answers("chat.postMessage")

    answer = await slack.http.post(
        "/api/chat.postMessage",
        json={"channel": "C0ACMEOPS", "text": "x"},
        headers={"Authorization": "Bearer xoxb-sandbox-bot-token"},
    )
    history = await slack.api("conversations.history", channel="C0ACMEOPS")

    assert answer.status_code == 503
    assert len(history["messages"]) == 1
    assert len(slack.world.ledger.posts("C0ACMEOPS")) == 1


async def test_a_method_can_be_made_to_fail_once(slack):
    slack.world.faults.fail("users.info")

    first = await slack.api("users.info", user="U0BOB")
    second = await slack.api("users.info", user="U0BOB")

    assert first["error"] == "internal_error"
    assert second["ok"]


async def test_a_view_without_a_trigger_is_refused(slack):
    none = await slack.api("views.open", view=modal())
    wrong = await slack.api("views.open", view=modal(), trigger_id="1.2.3")

    assert none["error"] == "invalid_arguments"
    assert wrong["error"] == "invalid_arguments"


async def test_the_ledger_numbers_every_call_and_keeps_no_token(slack):
    await slack.post(text="x")
    await slack.http.post("/api/auth.test", data={"token": "xoxb-sandbox-bot-token"})
    await slack.api("chat.shout")

    entries = slack.world.ledger.entries
    assert [e.n for e in entries] == [1, 2, 3]
    assert [e.outcome for e in entries] == ["ok", "ok", "unknown_method"]
    assert "xoxb" not in "".join(e.model_dump_json() for e in entries)
