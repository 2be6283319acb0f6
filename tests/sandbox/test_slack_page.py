"""The page's API of the Slack stand-in, its live updates, and its end."""

from __future__ import annotations

import asyncio
import json

import httpx
import pytest

from deploy.sandbox.slack.serve import serving
from deploy.sandbox.slack.state import SlackWorld
from deploy.sandbox.slack.stream import Stream
from tests.sandbox.slack_support import SUBMIT, button, card, desk, modal, text_input


@pytest.fixture
async def slack():
    async with desk() as made:
        yield made


class _Page:
    """An open page: reads events as they come."""

    def __init__(self, response):
        self._lines = response.aiter_lines()

    async def next(self, event):
        async with asyncio.timeout(5):
            async for line in self._lines:
                if line != f"event: {event}":
                    continue
                return json.loads((await anext(self._lines)).removeprefix("data: "))
        raise AssertionError("the stream ended")

    async def hello(self):
        async with asyncio.timeout(5):
            async for line in self._lines:
                if line == ": hello":
                    return


async def _open(slack, user):
    request = slack.http.build_request("GET", "/page/events", params={"as": user})
    response = await slack.http.send(request, stream=True)
    page = _Page(response)
    await page.hello()
    return page, response


async def test_the_switcher_lists_every_organisation(slack):
    people = (await slack.http.get("/page/as")).json()["people"]

    assert {p["organisation"] for p in people} == {
        "Acme",
        "Globex",
        "Claranet",
        "outsider",
    }
    assert people[0] == {
        "id": "U0ALICE",
        "name": "alice",
        "real_name": "Alice Martin",
        "title": "Developer",
        "initials": "AM",
        "color": "2f6fde",
        "organisation": "Acme",
    }


async def test_a_person_sees_their_channels_and_no_others(slack):
    alice = await slack.read("state", "U0ALICE")
    bob = await slack.read("state", "U0BOB")

    assert [c["name"] for c in alice["channels"]] == ["acme-ops", "tandem"]
    assert [c["name"] for c in bob["channels"]] == [
        "acme-ops",
        "globex-ops",
        "claranet-oncall",
        "tandem",
    ]
    assert alice["channels"][1]["is_im"]
    assert alice["team"]["domain"] == "claranet-tandem"
    assert alice["commands"][0]["command"] == "/infra"
    assert alice["app"]["bot_user"] == "U0TANDEM"


async def test_unread_counts_what_others_said_until_it_is_read(slack):
    await slack.post(text="one")
    await slack.post(text="two")

    before = await slack.read("state", "U0ALICE")
    await slack.read("channels/C0ACMEOPS/messages", "U0ALICE")
    after = await slack.read("state", "U0ALICE")

    assert before["channels"][0]["unread"] == 2
    assert after["channels"][0]["unread"] == 0


@pytest.mark.parametrize(
    ("user", "path", "status"),
    [
        ("U0NOBODY", "state", 404),
        ("", "state", 404),
        ("U0GINA", "channels/C0ACMEOPS/messages", 403),
        ("U0ALICE", "channels/C0NOWHERE/messages", 404),
        ("U0ALICE", "channels/C0ACMEOPS/threads/1.000001", 404),
        ("U0ALICE", "channels/D0BOB/messages", 403),
    ],
)
async def test_the_page_is_refused_what_its_person_may_not_see(
    slack, user, path, status
):
    answer = await slack.http.get(f"/page/{path}", params={"as": user})

    assert answer.status_code == status
    assert answer.json()["ok"] is False


async def test_messages_come_oldest_first_with_reply_counts(slack):
    parent = await slack.post(text="card")
    await slack.post(text="later")
    await slack.page(
        "message",
        **{
            "as": "U0ALICE",
            "channel": "C0ACMEOPS",
            "text": "why?",
            "thread_ts": parent,
        },
    )

    top = await slack.read("channels/C0ACMEOPS/messages", "U0ALICE")
    last = await slack.read("channels/C0ACMEOPS/messages", "U0ALICE", limit=1)
    thread = await slack.read(f"channels/C0ACMEOPS/threads/{parent}", "U0ALICE")

    assert [(m["text"], m["reply_count"]) for m in top["messages"]] == [
        ("card", 1),
        ("later", 0),
    ]
    assert [m["text"] for m in last["messages"]] == ["later"]
    assert [m["text"] for m in thread["messages"]] == ["card", "why?"]


async def test_an_open_page_sees_posts_changes_and_deletions(slack):
    page, response = await _open(slack, "U0ALICE")

    ts = await slack.post(text="one")
    posted = await page.next("message")
    await slack.api("chat.update", channel="C0ACMEOPS", ts=ts, text="two")
    changed = await page.next("message_changed")
    await slack.post(text="reply", thread_ts=ts)
    reply = await page.next("message")
    counted = await page.next("message_changed")
    await slack.api("chat.delete", channel="C0ACMEOPS", ts=ts)
    deleted = await page.next("message_deleted")
    await response.aclose()

    assert posted["channel"] == "C0ACMEOPS"
    assert posted["message"]["text"] == "one"
    assert changed["message"]["text"] == "two"
    assert reply["message"]["thread_ts"] == ts
    assert counted["message"]["reply_count"] == 1
    assert deleted["message"]["ts"] == ts


async def test_nobody_is_told_of_channels_or_ephemerals_of_others(slack):
    page, response = await _open(slack, "U0GINA")

    await slack.post("C0ACMEOPS", text="not for Globex")
    await slack.api(
        "chat.postEphemeral", channel="C0GLOBEXOPS", user="U0BOB", text="not for Gina"
    )
    await slack.post("C0GLOBEXOPS", text="for Gina")
    first = await page.next("message")
    await response.aclose()

    assert first["message"]["text"] == "for Gina"


async def test_a_failed_command_is_a_notice(slack):
    slack.ear.status = 500
    page, response = await _open(slack, "U0ALICE")

    answer = await slack.page(
        "command", **{"as": "U0ALICE", "channel": "C0ACMEOPS", "text": "/infra help"}
    )
    notice = await page.next("notice")
    await response.aclose()

    assert answer.json() == {"ok": False, "error": "dispatch_failed"}
    assert notice["level"] == "error"
    assert notice["channel"] == "C0ACMEOPS"
    assert "dispatch_failed" in notice["text"]


async def test_a_click_opens_a_form_that_the_page_submits(slack):
    ts = await slack.post(text="card", blocks=card(button("deny")))
    page, response = await _open(slack, "U0BOB")
    action = {"block_id": "decide", "action_id": "deny", "type": "button"}

    clicked = await slack.page(
        "action",
        **{"as": "U0BOB", "channel": "C0ACMEOPS", "message_ts": ts, "action": action},
    )
    trigger = slack.ear.payload()["trigger_id"]
    view = modal(text_input(), submit=SUBMIT)
    await slack.api("views.open", view=view, trigger_id=trigger)
    opened = await page.next("view")
    where = {"as": "U0BOB", "view_id": opened["view"]["id"]}
    empty = await slack.page("view/submit", **where, state={"values": {}})
    entry = {"type": "plain_text_input", "value": "no"}
    full = await slack.page(
        "view/submit", **where, state={"values": {"why": {"reason": entry}}}
    )
    closed = await page.next("view")
    await response.aclose()

    assert clicked.json() == {"ok": True}
    assert opened["op"] == "open"
    assert list(empty.json()["errors"]) == ["why"]
    assert full.json() == {"ok": True}
    assert closed["op"] == "close"


async def test_the_page_closes_a_form_and_works_in_it(slack):
    trigger = slack.world.triggers.issue("U0BOB")
    menu = {
        "type": "external_select",
        "action_id": "target",
        "placeholder": {"type": "plain_text", "text": "Which"},
    }
    view = (await slack.api("views.open", view=modal(*card(menu)), trigger_id=trigger))[
        "view"
    ]
    where = {"as": "U0BOB", "view_id": view["id"]}
    text = {"type": "plain_text", "text": "web-2"}
    slack.ear.says({"options": [{"text": text, "value": "web-2"}]})

    offered = await slack.page(
        "suggest", **where, block_id="decide", action_id="target", value="web"
    )
    chosen = {"block_id": "decide", "action_id": "target", "type": "external_select"}
    picked = await slack.page(
        "view/action",
        **where,
        action={**chosen, "selected_option": offered.json()["options"][0]},
    )
    closed = await slack.page("view/close", **where)

    assert offered.json() == {"options": [{"text": text, "value": "web-2"}]}
    assert picked.json() == {"ok": True}
    assert closed.json() == {"ok": True}
    assert slack.world.forms.stack("U0BOB") == []


async def test_only_json_is_taken_so_no_other_site_can_forge_it(slack):
    body = json.dumps({"as": "U0ALICE", "channel": "C0ACMEOPS", "text": "x"})

    forged = await slack.http.post(
        "/page/message", content=body, headers={"Content-Type": "text/plain"}
    )
    empty = await slack.page("message", channel="C0ACMEOPS")

    assert forged.status_code == 415
    assert empty.status_code == 400


async def test_the_page_is_asked_for_anew_each_time(slack):
    page = await slack.http.get("/")
    outside = await slack.http.get("/assets/%2e%2e/%2e%2e/state.py")

    if page.status_code == 200:
        assert page.headers["Cache-Control"] == "no-cache"
    assert outside.status_code == 404


async def test_an_open_page_does_not_hold_the_server_up():
    world = SlackWorld.sample()
    loop = asyncio.get_running_loop()
    async with serving(world) as address:
        client = httpx.AsyncClient(base_url=address.url)
        request = client.build_request("GET", "/page/events", params={"as": "U0BOB"})
        response = await client.send(request, stream=True)
        before = loop.time()

    assert loop.time() - before < 1.5
    await response.aclose()
    await client.aclose()


async def test_a_quiet_stream_pings():
    stream = Stream()
    events = stream.events("U0BOB", ping=0.01)

    seen = [await anext(events), await anext(events)]
    await events.aclose()

    assert seen[1] == b": ping\n\n"


async def test_a_page_that_never_reads_is_cut_off():
    stream = Stream()
    events = stream.events("U0BOB")
    await anext(events)
    for n in range(1001):
        stream.tell(["U0BOB"], "message", {"n": n})

    seen = [line async for line in events]

    assert len(seen) == 999


async def test_the_knobs_turn_over_http(slack):
    await slack.http.post(
        "/control/faults", json={"storm_seconds": 60, "retry_after": 3, "duplicates": 1}
    )
    storm = await slack.http.post("/api/auth.test")
    await slack.http.post("/control/faults", json={"clear": True})
    calm = await slack.api("auth.test")
    await slack.http.post(
        "/control/workspace",
        json={"deactivate": ["U0BOB"], "remove_bot_from": ["C0ONCALL"]},
    )
    ledger = (await slack.http.get("/control/ledger", params={"after": 1})).json()
    health = (await slack.http.get("/control/health")).json()
    typo = await slack.http.post("/control/faults", json={"strom": 1})

    assert storm.status_code == 429
    assert calm["ok"]
    assert slack.world.rooms.is_deactivated("U0BOB")
    assert "U0TANDEM" not in slack.world.rooms.find("C0ONCALL").members
    assert [e["n"] for e in ledger["entries"]] == [2]
    assert health["breaches"] == 0
    assert typo.status_code == 400
