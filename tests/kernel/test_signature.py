"""The way in by HTTP: what is Slack's, fresh and ours is let in, byte for byte."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from slack_bolt.response import BoltResponse

from bot.inbound.slack.safe_request import LARGEST, TOLERANCE, SlackDoor

SECRET = "the-signing-secret"
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
FORM = "application/x-www-form-urlencoded"
COMMAND = {"command": "/infra", "text": "help", "team_id": "T1", "api_app_id": "A1"}


class Bolt:
    """What stands behind the door, and what came to it."""

    def __init__(self, response=None):
        self.came = []
        self.response = response or BoltResponse(status=200, body="ok")

    async def async_dispatch(self, request):
        self.came.append(request)
        return self.response


def signed(body, *, at=NOW, secret=SECRET, kind=FORM):
    stamp = str(int(at.timestamp())).encode()
    made = hmac.new(secret.encode(), b"v0:" + stamp + b":" + body, hashlib.sha256)
    return [
        (b"x-slack-request-timestamp", stamp),
        (b"x-slack-signature", b"v0=" + made.hexdigest().encode()),
        (b"content-type", kind.encode()),
    ]


class Doorway:
    """A door, knocked at as a server would."""

    def __init__(self, *, app_id=None, response=None):
        self.bolt = Bolt(response)
        self.door = SlackDoor(
            self.bolt, signing_secret=SecretStr(SECRET), now=lambda: NOW, app_id=app_id
        )
        self.logs = []

    async def knock(self, body, headers=None, *, parts=None):
        sent, incoming = [], parts or [{"type": "http.request", "body": body}]
        waiting = iter(incoming)

        async def receive():
            return next(waiting)

        async def send(message):
            sent.append(message)

        scope = {"headers": signed(body) if headers is None else headers}
        with structlog.testing.capture_logs() as logs:
            await self.door(scope, receive, send)
        self.logs = logs
        self.unread = list(waiting)
        start, end = sent
        assert start["type"] == "http.response.start"
        assert end["type"] == "http.response.body"
        self.headers = dict(start["headers"])
        assert self.headers[b"content-length"] == str(len(end["body"])).encode()
        self.body = end["body"]
        return start["status"]

    @property
    def reason(self):
        """Why it was turned away, as our log says."""
        (line,) = self.logs
        assert line["event"] == "slack.turned_away"
        assert self.bolt.came == []
        assert self.body == b""
        assert self.headers[b"content-type"] == b"text/plain"
        return line["reason"]


def form(**fields):
    return urlencode(COMMAND | fields).encode()


async def test_what_slack_signed_reaches_bolt_parsed_and_its_answer_comes_back():
    answer = BoltResponse(
        status=201, body="grüße", headers={"content-type": ["text/html"]}
    )
    doorway = Doorway(response=answer)

    status = await doorway.knock(form(text="", payload="{"))

    (request,) = doorway.bolt.came
    assert status == 201
    assert doorway.body == "grüße".encode()
    assert doorway.headers[b"content-type"] == b"text/html"
    assert request.body == COMMAND | {"text": "", "payload": "{"}
    assert (request.raw_body, request.query, request.headers) == ("", {}, {})
    assert request.content_type == "application/json"
    assert request.lazy_only is False
    assert request.lazy_function_name is None
    assert request.mode == "http"
    assert request.context.team_id == "T1"
    assert doorway.logs == []


async def test_an_answer_without_a_kind_is_plain_text():
    answer = BoltResponse(status=200, body="")
    answer.headers.pop("content-type", None)
    doorway = Doorway(response=answer)

    await doorway.knock(form())

    assert doorway.headers[b"content-type"] == b"text/plain"


async def test_a_payload_is_taken_out_of_its_form():
    doorway = Doorway()
    body = urlencode({"payload": json.dumps({"type": "block_actions"})}).encode()

    assert await doorway.knock(body) == 200
    assert doorway.bolt.came[0].body == {"type": "block_actions"}


@pytest.mark.parametrize(
    "kind", ["application/json", "APPLICATION/JSON; charset=utf-8", " application/json"]
)
async def test_a_body_of_json_is_taken_as_it_is(kind):
    doorway = Doorway()
    body = b'{"type": "event_callback"}'

    assert await doorway.knock(body, signed(body, kind=kind)) == 200
    assert doorway.bolt.came[0].body == {"type": "event_callback"}


async def test_a_body_in_parts_is_signed_as_a_whole():
    doorway, body = Doorway(), form()
    parts = [
        {"type": "http.request", "body": body[:7], "more_body": True},
        {"type": "http.request", "more_body": True},
        {"type": "http.request", "body": body[7:], "more_body": False},
        {"type": "never read"},
    ]

    assert await doorway.knock(body, parts=parts) == 200
    assert doorway.bolt.came[0].body == COMMAND
    assert doorway.unread == [{"type": "never read"}]


@given(body=st.binary(max_size=40), at=st.integers(0, 63), flip=st.integers(1, 15))
async def test_a_signature_that_is_off_by_a_bit_lets_nothing_in(body, at, flip):
    doorway = Doorway()
    stamp, (name, signature), kind = signed(body)
    digits = list(signature.decode())
    digits[3 + at] = f"{int(digits[3 + at], 16) ^ flip:x}"

    status = await doorway.knock(body, [stamp, (name, "".join(digits).encode()), kind])

    assert status == 401
    assert doorway.reason == "wrong signature"


@pytest.mark.parametrize("secret", ["", "the-signing-secrex", "THE-SIGNING-SECRET"])
async def test_another_secret_lets_nothing_in(secret):
    doorway = Doorway()

    assert await doorway.knock(form(), signed(form(), secret=secret)) == 401
    assert doorway.reason == "wrong signature"


async def test_another_body_under_a_good_signature_lets_nothing_in():
    doorway = Doorway()

    assert await doorway.knock(form(text="other"), signed(form())) == 401
    assert doorway.reason == "wrong signature"


@pytest.mark.parametrize(
    ("seconds", "status"),
    [
        (0, 200),
        (TOLERANCE, 200),
        (-TOLERANCE, 200),
        (TOLERANCE + 1, 401),
        (-TOLERANCE - 1, 401),
    ],
)
async def test_only_what_was_signed_within_five_minutes_is_let_in(seconds, status):
    doorway = Doorway()
    at = datetime.fromtimestamp(NOW.timestamp() + seconds, UTC)

    assert await doorway.knock(form(), signed(form(), at=at)) == status
    if status == 401:
        assert doorway.reason == "signed too long ago, or in the future"
    assert TOLERANCE == 300


@pytest.mark.parametrize("name", [b"x-slack-request-timestamp", b"x-slack-signature"])
@pytest.mark.parametrize("how", ["missing", "doubled", "malformed", "longer"])
async def test_a_header_that_is_not_there_once_and_well_formed_lets_nothing_in(
    name, how
):
    doorway, headers = Doorway(), signed(form())
    own = next(one for one in headers if one[0] == name)
    rest = [one for one in headers if one is not own]
    given = {
        "missing": [],
        "doubled": [own, own],
        "malformed": [(name, b"v1=")],
        "longer": [(name, own[1] + b"0" * 12)],
    }[how]

    assert await doorway.knock(form(), [*rest, *given]) == 401
    assert doorway.reason == f"{name.decode()} is missing, doubled or malformed"


@pytest.mark.parametrize("stamp", [b"", b"-1", b"1.5", b"1e9", b"1" * 13, b" 1"])
async def test_a_moment_that_is_no_number_lets_nothing_in(stamp):
    doorway = Doorway()
    _, signature, kind = signed(form())

    headers = [(b"x-slack-request-timestamp", stamp), signature, kind]

    assert await doorway.knock(form(), headers) == 401
    assert "malformed" in doorway.reason


async def test_the_kind_of_the_body_is_said_once_and_known():
    body = form()
    stamp, signature, kind = signed(body)
    other = (b"content-type", b"text/plain")

    for headers, reason in (
        ([stamp, signature], "content-type is missing or doubled"),
        ([stamp, signature, kind, kind], "content-type is missing or doubled"),
        ([stamp, signature, other], "neither a form nor JSON"),
    ):
        doorway = Doorway()
        assert await doorway.knock(body, headers) == 400
        assert doorway.reason == reason


@pytest.mark.parametrize(("more", "status"), [(0, 200), (1, 413)])
async def test_what_is_larger_than_anything_slack_sends_is_not_read(more, status):
    doorway, body = Doorway(), b"a" * (LARGEST + more)
    parts = [
        {"type": "http.request", "body": body, "more_body": more > 0},
        {"type": "http.request", "body": b"the rest"},
    ]

    assert await doorway.knock(body, parts=parts) == status
    assert len(doorway.unread) == 1
    assert bool(doorway.logs) == bool(more)
    if more:
        assert doorway.reason == "body too large"
    assert LARGEST == 262_144


async def test_a_sender_who_hangs_up_is_let_go():
    doorway = Doorway()

    status = await doorway.knock(form(), parts=[{"type": "http.disconnect"}])

    assert status == 400
    assert doorway.reason == "the sender hung up"


def pairs(number):
    return "&".join(f"a{at}={at}" for at in range(number)).encode()


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("text=grüße".encode(), "the form is malformed"),
        (b"text=%ff", "the form is malformed"),
        (pairs(61), "the form is malformed"),
        (b"text=1&text=1", "a field is doubled"),
        (b"text=1&text=", "a field is doubled"),
        (b"payload=%7B", "the JSON is malformed"),
        (b"payload=%5B%5D", "the JSON is no object"),
        (b"payload=" + b"%5B" * 20_000, "the JSON is malformed"),
        (b"payload=%7B%22a%22%3A1%2C%22a%22%3A2%7D", "the JSON is malformed"),
    ],
)
async def test_a_form_that_slack_would_not_send_lets_nothing_in(body, reason):
    doorway = Doorway()

    assert await doorway.knock(body) == 400
    assert doorway.reason == reason


async def test_what_stands_between_two_separators_and_is_empty_is_no_field():
    doorway = Doorway()

    assert await doorway.knock(b"&command=/infra&&text=a+b%21&") == 200

    (request,) = doorway.bolt.came
    assert request.body == {"command": "/infra", "text": "a b!"}


async def test_as_many_fields_as_slack_may_send_are_let_in():
    doorway = Doorway()

    assert await doorway.knock(pairs(60)) == 200
    assert len(doorway.bolt.came[0].body) == 60


@pytest.mark.parametrize(
    ("fields", "reaches"),
    [
        ({"ssl_check": "1"}, False),
        ({"ssl_check": "0"}, True),
        (COMMAND, True),
        (COMMAND | {"ssl_check": "1"}, True),
    ],
)
async def test_only_a_bare_check_of_our_certificate_is_answered_at_the_door(
    fields, reaches
):
    doorway = Doorway()

    status = await doorway.knock(urlencode(fields).encode())

    assert status == 200
    assert bool(doorway.bolt.came) == reaches
    assert doorway.body == (b"ok" if reaches else b"")


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"api_app_id": "A1"}, 200),
        ({"api_app_id": "A2"}, 401),
        ({"text": "x"}, 401),
        ({"type": "url_verification"}, 200),
        ({"type": "event_callback"}, 401),
    ],
)
async def test_what_is_meant_for_another_app_is_turned_away(fields, status):
    doorway = Doorway(app_id="A1")

    assert await doorway.knock(urlencode(fields).encode()) == status
    if status == 401:
        assert doorway.reason == "meant for another app"


async def test_without_an_app_id_of_ours_any_app_of_this_secret_is_let_in():
    doorway = Doorway()

    assert await doorway.knock(urlencode({"api_app_id": "A2"}).encode()) == 200
