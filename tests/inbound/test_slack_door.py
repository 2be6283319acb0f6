"""What comes in over HTTP: only what Slack signed, whole, once, and for our app."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import Broken
from bot.inbound.slack.app import slack_app
from bot.inbound.slack.safe_request import LARGEST, Parsed, _parsed
from bot.outbound import clock
from tests.inbound.slack_office import office, post, signed, slash

BODY = slash("resize web-2 m5.large")


NAMES = st.text(max_size=12).filter(lambda name: name != "payload")


@given(st.dictionaries(NAMES, st.text(max_size=40), max_size=8))
def test_a_form_is_read_as_the_standard_library_reads_it(fields):
    form = urlencode(fields)

    read = _parsed(form.encode(), "application/x-www-form-urlencoded")

    assert read == dict(parse_qsl(form, keep_blank_values=True, errors="strict"))
    assert read == fields


def without(headers, name):
    return {key: value for key, value in headers.items() if key != name}


def bad_headers():
    good = signed(BODY)
    mac = good["X-Slack-Signature"]
    stamp = "X-Slack-Request-Timestamp"
    old = clock.now() - timedelta(seconds=400)
    soon = clock.now() + timedelta(seconds=400)
    yield "unsigned", without(good, "X-Slack-Signature")
    yield "no time", without(good, stamp)
    yield "another secret", signed(BODY, secret="another-secret")
    yield "another body", signed(BODY + "x")
    yield "too old", signed(BODY, at=old)
    yield "of the future", signed(BODY, at=soon)
    for name, value in {
        "empty": "",
        "truncated": mac[:-1],
        "longer": f"{mac}0",
        "another version": f"v1{mac[2:]}",
        "upper case": mac.upper(),
        "not ASCII": "v0=\u00e9",
        "two in one": f"{mac},{mac}",
    }.items():
        yield f"signature {name}", {**good, "X-Slack-Signature": value}
    for name, value in {
        "empty": "",
        "a word": "now",
        "negative": "-1",
        "signed": "+1795420947",
        "a fraction": "1795420947.5",
        "other digits": "١٧٩",
        "endless": "9" * 400,
        "exponent": "1e9",
    }.items():
        yield f"time {name}", {**good, stamp: value}


@pytest.fixture
async def there(database):
    async with office(database) as made:
        yield made


async def test_what_slack_did_not_sign_is_turned_away_alike(there):
    answers = {}
    for name, headers in bad_headers():  # made now: a time to come does come
        raw = [(key, value.encode("utf-8")) for key, value in headers.items()]
        answers[name] = await post(there.url, BODY, raw)

    seen = {(one.status_code, one.content) for one in answers.values()}
    assert seen == {(401, b"")}
    assert await there.operations() == ()
    assert await there.refusals() == []


@pytest.mark.parametrize("name", ["X-Slack-Signature", "X-Slack-Request-Timestamp"])
async def test_a_header_that_is_there_twice_is_no_header_of_slacks(there, name):
    good = signed(BODY)

    answer = await post(there.url, BODY, [*good.items(), (name, good[name])])

    assert answer.status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        BODY + "&user_id=U0BOB",
        BODY + "&team_id=T0EVIL",
        "payload={}&payload={}",
        "payload={",
        "payload=[]",
        'payload={"a":1,"a":2}',
        "payload=" + "[" * 100_000,
        "text=%ff%fe&command=/infra",
        "&".join(f"a{number}=1" for number in range(100)),
        b"\xff\xfe",
    ],
)
async def test_a_malformed_body_is_turned_away_after_its_signature(there, body):
    answer = await post(there.url, body, signed(body))

    assert answer.status_code == 400
    assert await there.operations() == ()


@pytest.mark.parametrize("kind", ["text/plain", "multipart/form-data", ""])
async def test_another_kind_of_body_is_turned_away(there, kind):
    answer = await post(there.url, BODY, signed(BODY, **{"Content-Type": kind}))

    assert answer.status_code == 400


async def test_a_body_larger_than_slacks_is_not_read(there):
    body = slash("x" * LARGEST)

    answer = await post(there.url, body, signed(body))

    assert answer.status_code == 413


async def test_a_form_may_not_smuggle_a_payload_beside_a_command(there):
    body = slash("help", payload=json.dumps({"type": "block_actions"}))

    answer = await post(there.url, body, signed(body))

    assert answer.status_code == 200
    assert "What you can ask for here" in answer.text


async def test_a_request_for_another_app_is_turned_away(there):
    body = slash("resize web-2 m5.large", api_app_id="A0OTHER")

    answer = await post(there.url, body, signed(body))

    assert answer.status_code == 401
    assert await there.operations() == ()


async def test_the_same_delivery_twice_is_one_operation_and_one_answer(there):
    first = await post(there.url, BODY, signed(BODY))
    again = await post(there.url, BODY, signed(BODY))

    assert first.json() == again.json()
    assert len(await there.operations()) == 1


async def test_the_same_delivery_at_the_same_time_is_one_operation(there):
    answers = await asyncio.gather(
        *(post(there.url, BODY, signed(BODY)) for _ in range(6))
    )

    assert len({one.text for one in answers}) == 1
    assert len(await there.operations()) == 1


async def test_two_commands_are_two_operations(there):
    other = slash("resize web-2 m5.large", trigger="1.2.other")
    for body in (BODY, other):
        await post(there.url, body, signed(body))

    assert len(await there.operations()) == 2


async def test_a_command_without_its_trigger_is_our_trouble_and_has_a_reference(there):
    body = slash("resize web-2 m5.large", trigger="")

    answer = await post(there.url, body, signed(body))

    assert answer.status_code == 200
    assert "tell the provider this reference" in answer.json()["text"]
    assert "Traceback" not in answer.text


async def test_a_command_that_not_even_an_error_can_be_drawn_for_is_no_success():
    class Speechless:
        def said(self, message, *, language):
            raise Broken("no words")

    app = slack_app(front=None, face=Speechless(), api_url="http://127.0.0.1:9/")

    response = await app.async_dispatch(Parsed({"command": "/infra"}))

    assert (response.status, response.body) == (500, "")


async def test_a_guest_of_another_workspace_decides_nothing(there):
    operation, ts = await there.proposed()
    value = json.dumps({"o": operation.id, "d": operation.digest})
    body = urlencode({"payload": json.dumps(_click(ts, value, home="T0OTHER"))})

    answer = await post(there.url, body, signed(body))

    assert answer.status_code == 200
    assert (await there.operation(operation)).state == "proposed"
    (refusal,) = await there.refusals()
    assert "refused.other-workspace" in refusal.body


@pytest.mark.parametrize(
    "value",
    [
        "",
        "{}",
        "[]",
        "1",
        '{"o":"../../x","d":""}',
        '{"o":["a"],"d":{}}',
        '{"o":"abcdefghijklmnopqrst","d":"%"}',
    ],
)
async def test_a_button_that_is_not_ours_decides_nothing(there, value):
    _, ts = await there.proposed()
    body = urlencode({"payload": json.dumps(_click(ts, value))})

    answer = await post(there.url, body, signed(body))

    assert answer.status_code == 200
    assert "no longer works" in there.whispers("U0BOB")[-1].text


async def test_who_a_button_says_clicked_is_not_who_did(there):
    operation, ts = await there.proposed(requester="bob")
    value = json.dumps({"o": operation.id, "d": operation.digest, "user": "U0DAVE"})
    body = urlencode({"payload": json.dumps(_click(ts, value))})

    await post(there.url, body, signed(body))

    assert (await there.operation(operation)).state == "proposed"


async def test_slacks_own_questions_are_answered_when_signed(there):
    challenge = json.dumps({"type": "url_verification", "challenge": "c-1"})
    event = json.dumps(
        {
            "type": "event_callback",
            "team_id": "T0CLARANET",
            "api_app_id": "A0TANDEM",
            "event": {"type": "app_home_opened", "user": "U0ALICE"},
        }
    )
    kind = {"Content-Type": "application/json"}

    told = await post(there.url, challenge, signed(challenge, **kind))
    unsigned = await post(there.url, challenge, kind)
    home = await post(there.url, event, signed(event, **kind))
    check = await post(there.url, "ssl_check=1", signed("ssl_check=1"))

    assert "c-1" in told.text
    assert unsigned.status_code == 401
    assert home.status_code == 200
    assert check.status_code == 200


def _click(ts, value, *, home="T0CLARANET"):
    return {
        "type": "block_actions",
        "api_app_id": "A0TANDEM",
        "team": {"id": "T0CLARANET", "domain": "claranet-tandem"},
        "user": {"id": "U0BOB", "name": "bob", "team_id": home},
        "channel": {"id": "C0ACMEOPS", "name": "acme-ops"},
        "container": {"type": "message", "message_ts": ts, "channel_id": "C0ACMEOPS"},
        "trigger_id": "9.9.click",
        "response_url": "https://hooks.slack.com/actions/x",
        "actions": [
            {
                "type": "button",
                "action_id": "approve",
                "block_id": "decide",
                "value": value,
                "action_ts": "1.1",
            }
        ],
    }
