"""The moments that people type."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import BadArguments
from bot.domain.timing.when import by_clock, read_moment, shown

PARIS = "Europe/Paris"
# A Tuesday, nine in the morning in Paris.
NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


def read(text, *, now=NOW, timezone=PARIS):
    return read_moment(text, now=now, timezone=timezone)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("today 09:01", "2026-11-24T09:01+01:00"),
        ("tonight 22:00", "2026-11-24T22:00+01:00"),
        ("Tonight  22:00", "2026-11-24T22:00+01:00"),
        ("tomorrow 00:00", "2026-11-25T00:00+01:00"),
        ("friday 18:30", "2026-11-27T18:30+01:00"),
        ("tue 09:30", "2026-11-24T09:30+01:00"),
        ("tuesday 08:30", "2026-12-01T08:30+01:00"),
        ("2026-12-01 22:00", "2026-12-01T22:00+01:00"),
        ("2026-12-01T22:00", "2026-12-01T22:00+01:00"),
        ("2026-12-01T22:00:00Z", "2026-12-01T22:00+00:00"),
        ("2026-12-01t22:00-05:00", "2026-12-01T22:00-05:00"),
    ],
)
def test_it_means_what_a_person_means(typed, meant):
    assert read(typed) == datetime.fromisoformat(meant)


@pytest.mark.parametrize(
    ("typed", "rule"),
    [
        ("today 08:59", "past"),
        ("2026-11-01 22:00", "past"),
        ("2027-12-01 22:00", "far"),
        ("tonight 09:30", "tonight"),
        ("tonight", "unread"),
        ("22:00", "unread"),
        ("today 9:00", "unread"),
        ("today 24:00", "unread"),
        ("next friday 18:00", "unread"),
        ("2026-02-30 22:00", "unread"),
        ("2026-02-30T22:00Z", "unread"),
        ("2026-13-01T22:00Z", "unread"),
        ("tomorrow \u0660\u0669:\u0660\u0660", "unread"),
        ("", "unread"),
    ],
)
def test_what_is_not_one_moment_ahead_is_refused(typed, rule):
    with pytest.raises(BadArguments) as refused:
        read(typed)

    assert refused.value.message.key == f"refused.when-{rule}"


def test_a_time_that_comes_twice_is_refused_with_both():
    with pytest.raises(BadArguments) as refused:
        read("2026-10-25 02:30", now=datetime(2026, 10, 24, tzinfo=UTC))

    assert refused.value.message.key == "refused.when-twice"
    both = str(refused.value.message.args["both"]).split(" / ")
    found = [read(one, now=datetime(2026, 10, 24, tzinfo=UTC)) for one in both]
    assert found[1] - found[0] == timedelta(hours=1)


def test_a_time_that_never_comes_is_refused():
    with pytest.raises(BadArguments) as refused:
        read("2026-03-29 02:30", now=datetime(2026, 3, 28, tzinfo=UTC))

    assert refused.value.message.key == "refused.when-skipped"


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2028, 12, 31)),  # noqa: DTZ001 - of a wall
    st.sampled_from([PARIS, "America/New_York", "Australia/Lord_Howe", "Asia/Tokyo"]),
    st.integers(1, 60 * 24 * 80),
)
def test_a_moment_read_is_what_the_wall_shows_and_only_then(now, timezone, minutes):
    now = now.replace(tzinfo=UTC)
    wanted = (now + timedelta(minutes=minutes)).replace(second=0, microsecond=0)
    text = wanted.astimezone(ZoneInfo(timezone)).strftime("%Y-%m-%d %H:%M")

    if wanted <= now:
        return
    try:
        found = read(text, now=now, timezone=timezone)
    except BadArguments as refused:
        key = refused.message.key
    else:
        key = ""
        assert found == wanted
    shows = {
        (wanted + hour * timedelta(minutes=30)).astimezone(ZoneInfo(timezone))
        for hour in range(-4, 5)
    }
    twice = [one for one in shows if f"{one:%Y-%m-%d %H:%M}" == text]
    assert key == ("refused.when-twice" if len(twice) > 1 else "")


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(text):
    try:
        found = read(text)
    except BadArguments:
        return
    assert NOW < found <= NOW + timedelta(days=90)


@pytest.mark.parametrize(
    ("hours", "said"),
    [
        (1, "00:30 UTC"),
        (11.9, "11:24 UTC"),
        (12, "2026-03-02 11:30 UTC"),
        (30, "2026-03-03 05:30 UTC"),
    ],
)
def test_what_a_clock_on_the_wall_would_show_twice_has_its_date(hours, said):
    now = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)

    assert by_clock(now + timedelta(hours=hours), now=now) == said


def test_a_moment_is_shown_where_the_person_is_and_in_utc():
    found = shown(read("tonight 22:00"), timezone=PARIS)

    assert found == "Tue 2026-11-24 22:00 Europe/Paris (2026-11-24 21:00 UTC)"
