"""Freezes, held against a look at every single minute."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.domain.scope import Environment
from bot.domain.timing.freeze import Freeze, FreezeRule, hold

MINUTE = timedelta(minutes=1)
STAGING, PRODUCTION = Environment.STAGING, Environment.PRODUCTION
ZONES = ("Europe/Paris", "America/New_York", "Australia/Lord_Howe", "UTC")
YEAR_END = {
    "name": "year-end",
    "reason": "Year-end sales",
    "timezone": "Europe/Paris",
    "from": "2026-12-18T18:00",
    "until": "2027-01-04T09:00",
}


def rule(**changes):
    if "begins" in changes:
        changes["from"] = changes.pop("begins")
    return FreezeRule.model_validate(YEAR_END | changes)


def at(text):
    return datetime.fromisoformat(text).astimezone(UTC)


def told(begins, until, **changes):
    return Freeze.model_validate(
        {
            "id": "a" * 20,
            "client": "acme",
            "environment": None,
            "begins": begins,
            "until": until,
            "reason": "We launch",
            "by": "carol",
            "organisation": "acme",
        }
        | changes
    )


walls = st.builds(
    lambda day, minutes: (day + minutes * MINUTE).replace(tzinfo=None),
    st.sampled_from(
        [
            datetime(2026, 3, 29, tzinfo=UTC),
            datetime(2026, 10, 25, tzinfo=UTC),
            datetime(2026, 11, 1, tzinfo=UTC),
            datetime(2026, 4, 5, tzinfo=UTC),
            datetime(2028, 2, 29, tzinfo=UTC),
        ]
    ),
    st.integers(0, 6 * 60),
)


def by_the_minute(of, begins, until):
    """Return the first and the last minute at which the wall has come to them."""
    here = ZoneInfo(of)
    minutes = [
        begins.replace(tzinfo=UTC) + n * MINUTE for n in range(-16 * 60, 16 * 60)
    ]
    first = min(
        one for one in minutes if one.astimezone(here).replace(tzinfo=None) >= begins
    )
    minutes = [until.replace(tzinfo=UTC) + n * MINUTE for n in range(-16 * 60, 16 * 60)]
    # The wall may come to `until` again, past what it shows only afterwards.
    last = max(
        one
        for one in minutes
        if one.astimezone(here).replace(tzinfo=None) < until
        or (one + MINUTE).astimezone(here).replace(tzinfo=None) == until
    )
    return first, last


@example("Australia/Lord_Howe", datetime(2026, 4, 5), 90)  # noqa: DTZ001 - on the wall
@example("Europe/Paris", datetime(2026, 10, 25), 120)  # noqa: DTZ001 - as above
@given(st.sampled_from(ZONES), walls, st.integers(1, 600))
def test_a_freeze_is_as_wide_as_its_words_allow(zone, begins, minutes):
    until = begins + minutes * MINUTE
    freeze = rule(timezone=zone, begins=begins, until=until)
    first, last = by_the_minute(zone, begins, until)
    middle = first + (last - first) / 2

    if first > last:  # the clocks jump over all of it
        assert freeze.window(first) is None
        return
    found = freeze.window(middle)

    assert (found.begins, found.until - MINUTE) == (first, last)
    assert freeze.window(first - MINUTE) is None
    assert freeze.window(last + MINUTE) is None


@given(
    st.sampled_from(ZONES),
    walls,
    st.integers(1, 7 * 24 * 60 - 120),
    st.integers(0, 8 * 7 * 24 * 60),
)
def test_what_comes_back_weekly_is_what_every_week_shows(zone, begins, lasts, minutes):
    weekly = rule(
        timezone=zone,
        begins=begins,
        until=begins + lasts * MINUTE,
        repeats="weekly",
    )
    moment = begins.replace(tzinfo=UTC) + minutes * MINUTE

    week = timedelta(days=7)
    singles = [
        rule(
            timezone=zone,
            begins=begins + n * week,
            until=begins + n * week + lasts * MINUTE,
        )
        for n in range(-2, 11)
    ]
    expected = any(one.window(moment) for one in singles[2:])
    assert (weekly.window(moment) is not None) is expected


@pytest.mark.parametrize(
    ("moment", "frozen"),
    [
        ("2026-12-18T17:59+01:00", False),
        ("2026-12-18T18:00+01:00", True),
        ("2027-01-04T08:59+01:00", True),
        ("2027-01-04T09:00+01:00", False),
        ("2028-12-31T12:00+01:00", True),
        ("2030-01-02T12:00+01:00", True),
        ("2026-01-02T12:00+01:00", False),  # before it ever began
    ],
)
def test_what_comes_back_yearly_runs_over_the_end_of_the_year(moment, frozen):
    assert (rule(repeats="yearly").window(at(moment)) is not None) is frozen


def test_a_leap_day_that_comes_back_yearly_is_the_28th_where_there_is_none():
    leap = rule(
        **{"from": "2028-02-29T08:00", "until": "2028-02-29T18:00"}, repeats="yearly"
    )

    assert leap.window(at("2029-02-28T12:00+01:00")) is not None
    assert leap.window(at("2029-03-01T12:00+01:00")) is None
    assert leap.window(at("2032-02-29T12:00+01:00")) is not None
    assert leap.window(at("2032-02-28T12:00+01:00")) is None


def test_a_freeze_is_about_what_it_names():
    only = rule(environment="production", commands=["resize"])

    assert only.holds(environment=PRODUCTION, command="resize")
    assert not only.holds(environment=STAGING, command="resize")
    assert not only.holds(environment=PRODUCTION, command="backup")
    assert rule().holds(environment=STAGING, command="backup")


def test_freezes_that_follow_one_another_end_with_the_last():
    now = at("2027-01-04T08:00+01:00")
    after = told(at("2027-01-04T08:30+01:00"), at("2027-01-04T12:00+01:00"))

    found = hold((rule(),), (after,), environment=PRODUCTION, command="resize", at=now)

    assert found.until == at("2027-01-04T12:00+01:00")
    assert (found.by, found.reason, found.declared) == ("carol", "We launch", True)


def test_what_follows_on_for_long_is_told_up_to_a_limit():
    begins = at("2026-11-02T09:00+00:00")
    hour = 60 * MINUTE
    freezes = [told(begins + n * hour, begins + (n + 1) * hour) for n in range(40)]

    held = hold(
        (), freezes, environment=PRODUCTION, command="resize", at=begins + 5 * MINUTE
    )

    # Nobody is let through: after that a request is looked at anew.
    assert held is not None
    assert held.until == begins + 32 * hour


def test_a_freeze_that_was_lifted_holds_nothing_any_more():
    begins, until = at("2026-11-24T10:00Z"), at("2026-11-24T18:00Z")
    lifted = told(begins, until, lifted_at=at("2026-11-24T12:00Z"))

    def held(moment):
        return hold(
            (), (lifted,), environment=PRODUCTION, command="resize", at=at(moment)
        )

    assert held("2026-11-24T11:59Z") is not None
    assert held("2026-11-24T12:00Z") is None


def test_a_freeze_of_staging_leaves_production_alone():
    begins, until = at("2026-11-24T10:00Z"), at("2026-11-24T18:00Z")
    staging = told(begins, until, environment="staging")

    found = hold((), (staging,), environment=PRODUCTION, command="resize", at=begins)

    assert found is None


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"until": "2026-12-18T18:00"}, "catalog.freeze-ends-first"),
        ({"until": "2026-12-26T18:01", "repeats": "weekly"}, "catalog.freeze-overlaps"),
        ({"from": "2026-12-32T18:00"}, "string_pattern_mismatch"),
        ({"from": "2026-12-18 18:00"}, "string_pattern_mismatch"),
        ({"from": 20261218}, "string_pattern_mismatch"),
    ],
)
def test_freezes_that_make_no_sense_are_refused(change, error):
    with pytest.raises(ValidationError) as refused:
        rule(**change)

    assert [one["type"] for one in refused.value.errors()] == [error]
