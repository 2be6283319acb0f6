"""Calendars of the rota: what is read, and what is refused before it hurts."""

from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web
from pydantic import SecretStr

from bot.domain.errors import Broken, Unavailable
from bot.outbound.feeds import Feeds
from bot.outbound.slack.wire import Wire
from deploy.sandbox.slack.limits import Rates
from deploy.sandbox.slack.serve import serving as slack_serving
from deploy.sandbox.slack.state import SlackWorld

BEGINS = datetime(2026, 10, 19, tzinfo=UTC)
UNTIL = BEGINS + timedelta(days=28)
HEAD = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//A pager//EN\r\n"
PARIS = """BEGIN:VTIMEZONE
TZID:Europe/Paris
BEGIN:STANDARD
DTSTART:19701025T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:19700329T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
END:VTIMEZONE
"""
WEEKLY = """BEGIN:VEVENT
UID:1
SUMMARY:Primary: Bob
DTSTART;TZID=Europe/Paris:20261005T090000
DTEND;TZID=Europe/Paris:20261012T090000
RRULE:FREQ=WEEKLY;INTERVAL=2
EXDATE;TZID=Europe/Paris:20261102T090000
END:VEVENT
"""
DAY = """BEGIN:VEVENT
UID:2
SUMMARY:Primary:
  Dave
DTSTART;VALUE=DATE:20261025
DTEND;VALUE=DATE:20261026
END:VEVENT
"""
CANCELLED = """BEGIN:VEVENT
UID:3
SUMMARY:Primary: Nobody
STATUS:CANCELLED
DTSTART:20261021T090000Z
DTEND:20261022T090000Z
END:VEVENT
"""


def calendar(*parts):
    return (HEAD + "".join(parts) + "END:VCALENDAR\n").replace("\n", "\r\n").encode()


@asynccontextmanager
async def serving(body, *, status=200, headers=None):
    async def answer(request):
        return web.Response(body=body, status=status, headers=headers)

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = site._server.sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}/private-abc123/basic.ics"
    finally:
        await runner.cleanup()


async def read(body, *, timezone="Europe/Paris", **how):
    async with serving(body, **how) as address:
        feeds = Feeds({"pager": SecretStr(address)}, unsafe_http=True)
        return await feeds.read("pager", timezone=timezone, begins=BEGINS, until=UNTIL)


async def test_turns_that_repeat_follow_the_wall_clock_over_its_jump():
    slots = await read(calendar(PARIS, WEEKLY))

    assert [(one.key, one.begins, one.until) for one in slots] == [
        (
            "Primary: Bob",
            datetime(2026, 10, 19, 7, tzinfo=UTC),
            datetime(2026, 10, 26, 8, tzinfo=UTC),
        ),
    ]


async def test_a_whole_day_is_the_wall_clock_s_and_25_hours_when_clocks_go_back():
    (slot,) = await read(calendar(DAY))

    assert slot.key == "Primary: Dave"
    assert slot.begins == datetime(2026, 10, 24, 22, tzinfo=UTC)
    assert slot.until - slot.begins == timedelta(hours=25)


async def test_what_was_cancelled_is_nobody_s_turn():
    assert await read(calendar(CANCELLED)) == ()


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=SECONDLY",
        "FREQ=HOURLY",
        "FREQ=DAILY;BYHOUR=1,2,3,4",
        "FREQ=DAILY;BYSECOND=1,2",
    ],
)
async def test_rules_that_unroll_without_end_are_not_unrolled(rule):
    bomb = WEEKLY.replace("FREQ=WEEKLY;INTERVAL=2", rule)

    with pytest.raises(Unavailable, match="ValueError while it was read"):
        await read(calendar(PARIS, bomb))


async def test_rules_from_before_our_time_are_not_unrolled():
    ancient = WEEKLY.replace("20261005", "19000101").replace("20261012", "19000108")

    with pytest.raises(Unavailable, match="ValueError"):
        await read(calendar(PARIS, ancient))


@pytest.mark.parametrize(
    ("body", "how", "why"),
    [
        (b"<html>Please log in</html>", {}, "while it was read"),
        (b"", {}, "while it was read"),
        (b"x", {"status": 404}, "answers 404"),
        (b"", {"status": 302, "headers": {"Location": "http://10.0.0.1/"}}, "302"),
        (b"x" * (1024 * 1024 + 1), {}, "larger than 1 MiB"),
    ],
)
async def test_what_is_no_calendar_is_unavailable(body, how, why):
    with pytest.raises(Unavailable, match=why):
        await read(body, **how)


async def test_a_calendar_without_an_address_is_unavailable():
    with pytest.raises(Unavailable, match="no address"):
        await Feeds({}).read("pager", timezone="UTC", begins=BEGINS, until=UNTIL)


async def test_no_error_tells_the_address_which_is_a_secret():
    feeds = Feeds(
        {"pager": SecretStr("http://127.0.0.1:1/private-abc123")}, unsafe_http=True
    )

    with pytest.raises(Unavailable) as failed:
        await feeds.read("pager", timezone="UTC", begins=BEGINS, until=UNTIL)

    assert "private" not in f"{failed.value} {failed.value.__cause__}"


@pytest.mark.parametrize(
    ("address", "unsafe"),
    [
        ("http://127.0.0.1/a.ics", False),
        ("http://calendar.example.com/a.ics", True),
        ("http://127.0.0.1.example.com/a.ics", True),
        ("ftp://127.0.0.1/a.ics", True),
        ("file:///etc/passwd", True),
        ("https:///a.ics", True),
    ],
)
def test_an_address_that_others_could_answer_for_is_refused(address, unsafe):
    with pytest.raises(Broken, match="must be https") as refused:
        Feeds({"pager": SecretStr(address)}, unsafe_http=unsafe)

    assert address not in str(refused.value)


async def test_a_group_is_nothing_where_slack_is_not_spoken_to():
    with pytest.raises(Unavailable, match="does not speak to Slack"):
        await Feeds({}).group("S0ONCALL", team="T0CLARANET")


@pytest.fixture
async def slack():
    world = SlackWorld.sample(rates=Rates.unlimited())
    world.groups["S0ONCALL"] = ("U0DAVE", "U0BOB")
    async with slack_serving(world) as address:
        token = world.secrets.bot_token
        yield Feeds({}, wire=Wire(token=token, base_url=address.api_url))
    await world.aclose()


async def test_a_group_s_users_are_those_that_slack_lists(slack):
    assert await slack.group("S0ONCALL", team="T0CLARANET") == ("U0DAVE", "U0BOB")


async def test_a_group_that_is_gone_is_unavailable_and_not_empty(slack):
    with pytest.raises(Unavailable, match="S0GONE"):
        await slack.group("S0GONE", team="T0CLARANET")
