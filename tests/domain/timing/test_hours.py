"""Opening hours, held against a look at every single minute."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import holidays
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.domain.timing.hours import Hours, all_open, next_all_open

MINUTE = timedelta(minutes=1)
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# Clocks that jump at night, by half an hour, over midnight, in summer, or never.
ZONES = (
    "Europe/Paris",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Havana",
    "Africa/Cairo",
    "Africa/Casablanca",
    "Asia/Kathmandu",
    "UTC",
)
# Days around which something happens: jumps of each zone, leap days, ends of years.
TURNS = (
    datetime(2026, 3, 29, tzinfo=UTC),
    datetime(2026, 10, 25, tzinfo=UTC),
    datetime(2026, 3, 8, tzinfo=UTC),
    datetime(2026, 11, 1, tzinfo=UTC),
    datetime(2026, 4, 5, tzinfo=UTC),
    datetime(2026, 10, 4, tzinfo=UTC),
    datetime(2026, 4, 24, tzinfo=UTC),
    datetime(2026, 10, 29, tzinfo=UTC),
    datetime(2026, 2, 15, tzinfo=UTC),
    datetime(2028, 2, 28, tzinfo=UTC),
    datetime(2027, 2, 28, tzinfo=UTC),
    datetime(2026, 12, 31, tzinfo=UTC),
)
OFFICE = Hours.model_validate(
    {
        "timezone": "Europe/Paris",
        "holidays": "FR",
        "open": [
            {"days": ["mon", "tue", "wed", "thu"], "from": "09:00", "until": "18:00"},
            {"days": ["fri"], "from": "09:00", "until": "17:00"},
        ],
    }
)
WORKDAYS = OFFICE.open[0].model_copy(
    update={"days": ("mon", "tue", "wed", "thu", "fri")}
)


def clock(minutes):
    return f"{minutes // 60:02}:{minutes % 60:02}"


@st.composite
def openings(draw):
    begins = draw(st.integers(0, 24 * 60 - 1))
    until = draw(st.integers(begins + 1, 24 * 60))
    days = draw(st.lists(st.sampled_from(DAYS), min_size=1, max_size=7, unique=True))
    return {"days": days, "from": clock(begins), "until": clock(until)}


@st.composite
def hours(draw):
    return Hours.model_validate(
        {
            "timezone": draw(st.sampled_from(ZONES)),
            "open": draw(st.lists(openings(), min_size=1, max_size=3)),
            "holidays": draw(st.sampled_from([None, "FR", "US", "DE-BY"])),
        }
    )


moments = st.builds(
    lambda turn, minutes: turn + minutes * MINUTE,
    st.sampled_from(TURNS),
    st.integers(-36 * 60, 36 * 60),
)


def plainly_open(of, at):
    """Tell it as a person with a wall clock and a wall calendar would."""
    local = at.astimezone(ZoneInfo(of.timezone))
    if of.holidays is not None:
        country, _, part = of.holidays.partition("-")
        if local.date() in holidays.country_holidays(country, subdiv=part or None):
            return False
    now = local.strftime("%H:%M")
    today = DAYS[local.weekday()]
    return any(
        today in one.days
        and clock(one.begins // MINUTE) <= now < clock(one.until // MINUTE)
        for one in of.open
    )


def minute_by_minute(of, at, *, wanted, most=3 * 24 * 60):
    for _ in range(most):
        if of.is_open(at) is wanted:
            return at
        at += MINUTE
    return None


@given(hours(), moments)
def test_it_is_open_when_the_clock_on_the_wall_says_so(of, at):
    assert of.is_open(at) is plainly_open(of, at)


@given(hours(), moments, st.booleans())
def test_the_next_turn_is_the_one_that_every_minute_shows(of, at, wanted):
    found = of.next_opening(at) if wanted else of.next_closing(at)

    seen = minute_by_minute(of, at, wanted=wanted)
    if seen is None:
        assert found is None or found > at + timedelta(days=3) - MINUTE
    else:
        assert found == seen


@given(hours(), moments)
def test_just_before_the_next_opening_it_is_closed(of, at):
    found = of.next_opening(at)

    if found is not None:
        assert of.is_open(found)
        assert found == at or not of.is_open(found - timedelta(microseconds=1))


@given(hours(), hours(), moments)
def test_two_calendars_are_open_together_where_every_minute_shows_it(one, two, at):
    both = (one, two)

    found = next_all_open(both, at)

    here = at
    for _ in range(2 * 24 * 60):
        if all_open(both, here):
            break
        here += MINUTE
    else:
        assert found is None or found >= here
        return
    assert found == here


def test_the_day_on_which_clocks_go_forward_opens_at_nine_all_the_same():
    sunday = OFFICE.model_copy(
        update={"open": (OFFICE.open[0].model_copy(update={"days": ("sun",)}),)}
    )

    found = sunday.next_opening(datetime(2026, 3, 28, 12, tzinfo=UTC))

    assert found == datetime(2026, 3, 29, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("asked", "opens"),
    [
        ("2026-11-20T17:30+01:00", "2026-11-20T17:30+01:00"),  # a Friday, still there
        ("2026-11-20T18:30+01:00", "2026-11-23T09:00+01:00"),
        ("2026-12-24T19:00+01:00", "2026-12-28T09:00+01:00"),  # Christmas: a Friday
        ("2026-12-31T19:00+01:00", "2027-01-04T09:00+01:00"),  # and so is New Year
        ("2028-02-28T21:00+01:00", "2028-02-29T09:00+01:00"),  # a leap day
        ("2027-02-26T21:00+01:00", "2027-03-01T09:00+01:00"),  # none that year
    ],
)
def test_the_office_opens_on_the_next_working_day(asked, opens):
    found = OFFICE.model_copy(update={"open": (WORKDAYS,)}).next_opening(
        datetime.fromisoformat(asked)
    )

    assert found == datetime.fromisoformat(opens)


def test_what_is_never_open_has_no_next_opening():
    never = OFFICE.model_copy(
        update={
            "closed": tuple(date(2026, 1, 1) + timedelta(n) for n in range(900)),
        }
    )

    assert never.next_opening(datetime(2026, 6, 1, tzinfo=UTC)) is None
    assert next_all_open((never,), datetime(2026, 6, 1, tzinfo=UTC)) is None


def test_hours_that_never_meet_have_no_next_opening_together():
    early = OFFICE.model_copy(update={"holidays": None})
    late = Hours.model_validate(
        {
            "timezone": "Europe/Paris",
            "open": [{"days": ["mon"], "from": "18:00", "until": "24:00"}],
        }
    )

    assert next_all_open((early, late), datetime(2026, 6, 1, tzinfo=UTC)) is None


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"timezone": "Europe/Lyon"}, "catalog.unknown-timezone"),
        ({"timezone": "../etc/passwd"}, "string_pattern_mismatch"),
        ({"holidays": "XX"}, "catalog.unknown-country"),
        ({"holidays": "FR-ZZZ"}, "catalog.unknown-country"),
        (
            {"open": [{"days": ["mon"], "from": "18:00", "until": "09:00"}]},
            "catalog.opening-ends-first",
        ),
        (
            {"open": [{"days": ["mon"], "from": "9:00", "until": "18:00"}]},
            "string_pattern_mismatch",
        ),
        ({"open": []}, "too_short"),
    ],
)
def test_hours_that_make_no_sense_are_refused(change, error):
    whole = OFFICE.model_dump(mode="python", by_alias=True) | change

    with pytest.raises(ValidationError) as refused:
        Hours.model_validate(whole)

    # A list is called too short as well, for what is wrong in it.
    assert refused.value.errors()[0]["type"] == error
