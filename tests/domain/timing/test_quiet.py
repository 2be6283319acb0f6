"""Quiet nights: what does not count into the time of a request, minute by minute."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.domain.catalog.time_rules import Escalation, Quiet

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def quiet(begins, until, zone="Europe/Paris"):
    return Quiet.model_validate({"timezone": zone, "from": begins, "until": until})


def clock(minutes):
    return f"{minutes // 60:02}:{minutes % 60:02}"


@given(
    st.integers(0, 24 * 60 - 1),
    st.integers(1, 20 * 60),
    st.integers(0, 3 * 24 * 60),
    st.integers(1, 30 * 60),
)
def test_as_many_minutes_of_day_pass_as_were_given(begins, lasts, later, given_):
    until = (begins + lasts) % (24 * 60)
    night = quiet(clock(begins), clock(until))
    start = datetime(2026, 10, 24, tzinfo=UTC) + later * MINUTE

    here, left = start, given_
    for _ in range(12 * 24 * 60):
        if left == 0:
            break
        local = here.astimezone(ZoneInfo("Europe/Paris"))
        shown = local.hour * 60 + local.minute
        night_now = (shown - begins) % (24 * 60) < lasts
        assert night.is_quiet(here) is night_now
        left -= not night_now
        here += MINUTE
    assert left == 0

    assert night.stretched(start, lasts=given_ * MINUTE) == here


def test_a_night_ends_in_the_morning():
    night = quiet("21:00", "07:30")

    ends = night.ends(datetime(2026, 11, 24, 23, tzinfo=UTC))

    assert ends == datetime(2026, 11, 25, 6, 30, tzinfo=UTC)


@pytest.mark.parametrize("times", [("07:00", "07:00"), ("00:00", "24:00")])
def test_a_night_leaves_a_day(times):
    with pytest.raises(ValidationError, match="no day is left"):
        quiet(*times)


def test_the_managers_are_told_after_the_next_on_the_rota():
    with pytest.raises(ValidationError, match="next_after before manager_after"):
        Escalation(next_after=HOUR, manager_after=HOUR)
