"""Turns, overrides and feeds: who is on call, against a plain count of handovers."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.domain.catalog.duty import next_change, on_call, pool, sources
from bot.domain.catalog.people import Person, Provider
from bot.domain.timing.rota import Duty, Feed, Rotation, Slot, Standing

TEAM = "T0CLARANET"
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
WEEKLY = {"timezone": "Europe/Paris", "every": "week", "since": "2026-11-02"}


def provider(*shifts):
    roles = {"bob": "engineer", "dave": "engineer", "erin": "manager"}
    return Provider.model_validate(
        {
            "id": "claranet",
            "name": "Claranet",
            "slack_teams": [TEAM],
            "escalation_channel": {"team": TEAM, "id": "C0ONCALL", "name": "on-call"},
            "members": [
                {
                    "id": name,
                    "name": name,
                    "slack": [{"team": TEAM, "user": f"U0{name.upper()}"}],
                    "roles": [role],
                }
                for name, role in roles.items()
            ],
            "on_call": shifts,
        }
    )


def who(of, at=NOW, *, standing=None):
    accounts = {
        (TEAM, one.slack[0].user): Person.of(one, organisation="claranet")
        for one in of.members
    }
    found = on_call(of, standing=standing or Standing(), accounts=accounts, at=at)
    return list(found)


def duty(member, *, begins=NOW, lasts=HOUR):
    return Duty(
        id=f"{member}-{begins:%H%M%S}",
        member=member,
        begins=begins,
        until=begins + lasts,
        by=member,
    )


FEED = {
    "feed": {
        "name": "pager",
        "stale_after": "2h",
        "events": [
            {"event": "Primary: Bob", "member": "bob"},
            {"event": "Primary: Dave", "member": "dave"},
        ],
    }
}


def read(*keys, age=HOUR, name="pager"):
    slots = tuple(Slot(key=key, begins=NOW, until=NOW + HOUR) for key in keys)
    return Standing(feeds=(Feed(name=name, fetched_at=NOW - age, slots=slots),))


@given(
    st.sampled_from(["Europe/Paris", "America/New_York", "Australia/Lord_Howe"]),
    st.sampled_from(["day", "week"]),
    st.integers(0, 24 * 60 - 1),
    st.integers(-60 * 24 * 20, 60 * 24 * 200),
    st.integers(1, 5),
)
def test_the_turn_is_the_number_of_handovers_so_far(zone, every, minute, later, people):
    rotation = Rotation.model_validate(
        {
            "timezone": zone,
            "every": every,
            "since": "2026-10-19",
            "at": f"{minute // 60:02}:{minute % 60:02}",
        }
    )
    at = datetime(2026, 10, 19, tzinfo=UTC) + later * MINUTE

    # Count the days whose wall clock has come to the handover.
    here, lasts = ZoneInfo(zone), 1 if every == "day" else 7
    first = datetime(2026, 10, 19) + minute * MINUTE  # noqa: DTZ001 - of a wall
    count = -1
    for n in range(-40, 260):
        begins = first + n * timedelta(days=lasts)
        seen = [begins.replace(tzinfo=here, fold=fold) for fold in (0, 1)]
        come = min(one.astimezone(UTC) for one in seen)
        if come.astimezone(here).replace(tzinfo=None) < begins:
            come = come.replace(minute=0) + HOUR  # jumped over: the next full hour
        if come <= at:
            count = n
    members = [f"m{n}" for n in range(people)]

    if "Lord_Howe" not in zone or not 120 <= minute < 150:
        assert rotation.turn(at) == count
        assert rotation.on_call(members, at)[0] == members[count % people]
    assert rotation.handover(rotation.turn(at)) <= at
    assert rotation.handover(rotation.turn(at) + 1) > at


def test_the_next_one_takes_over_on_monday_at_nine():
    rota = provider({"members": ["bob", "dave"], "rotates": WEEKLY | {"at": "09:00"}})

    before = datetime(2026, 11, 9, 7, 59, 59, tzinfo=UTC)
    assert who(rota, before) == ["bob"]
    assert who(rota, before + timedelta(seconds=1)) == ["dave"]
    assert next_change(rota, standing=Standing(), at=before) == before + timedelta(
        seconds=1
    )


def test_clocks_that_are_put_back_do_not_call_the_former_one_again():
    turns = {"timezone": "Europe/Paris", "every": "day", "since": "2026-10-24"}
    rota = provider({"members": ["bob", "dave"], "rotates": turns | {"at": "02:30"}})

    # 02:30 comes at 00:30 UTC, and at 01:00 UTC the wall shows 02:00 again.
    handover = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert who(rota, handover - MINUTE) == ["bob"]
    assert who(rota, handover) == ["dave"]
    assert who(rota, handover + 35 * MINUTE) == ["dave"]
    assert next_change(rota, standing=Standing(), at=handover + 35 * MINUTE) == (
        datetime(2026, 10, 26, 1, 30, tzinfo=UTC)
    )


@pytest.mark.parametrize(
    ("clock", "minute"), [("02:00", 0), ("02:10", 0), ("02:30", 0), ("02:40", 10)]
)
def test_a_handover_that_the_wall_never_shows_is_when_the_clocks_jump(clock, minute):
    # On Lord Howe 02:00 to 02:30 are jumped over, at 15:30 UTC of the day before.
    turns = {"timezone": "Australia/Lord_Howe", "every": "day", "since": "2026-10-03"}
    rota = provider({"members": ["bob", "dave"], "rotates": turns | {"at": clock}})

    handover = datetime(2026, 10, 3, 15, 30 + minute, tzinfo=UTC)
    assert who(rota, handover - MINUTE) == ["bob"]
    assert who(rota, handover) == ["dave"]


def test_a_day_is_one_of_the_calendar():
    turns = WEEKLY | {"at": "09:00"}

    read = Rotation.model_validate(turns | {"since": "2026-11-02"})
    assert Rotation.model_validate(turns | {"since": date(2026, 11, 2)}) == read
    assert read.since == date(2026, 11, 2)
    for wrong in (
        "2026-02-30",
        "2026-2-3",
        20261102,
        datetime(2026, 11, 2, tzinfo=UTC),
    ):
        with pytest.raises(ValidationError, match=r"since\n  must look like \^"):
            Rotation.model_validate(turns | {"since": wrong})


def test_several_may_be_called_at_once_the_one_whose_turn_it_is_first():
    turns = WEEKLY | {"at": "09:00", "called": 2}
    rota = provider({"members": ["bob", "dave", "erin"], "rotates": turns})

    assert who(rota, datetime(2026, 11, 10, tzinfo=UTC)) == ["dave", "erin"]


def test_an_override_comes_before_the_rota_until_it_ends():
    rota = provider({"members": ["bob"]})
    standing = Standing(duties=(duty("dave"),))

    assert who(rota, standing=standing) == ["dave"]
    assert who(rota, NOW + HOUR, standing=standing) == ["bob"]
    assert who(rota, NOW - MINUTE, standing=standing) == ["bob"]
    assert next_change(rota, standing=standing, at=NOW) == NOW + HOUR


def test_the_override_made_last_is_in_force():
    rota = provider({"members": ["bob"]})
    standing = Standing(duties=(duty("dave"), duty("erin", begins=NOW + MINUTE)))

    assert who(rota, NOW, standing=standing) == ["dave"]
    assert who(rota, NOW + MINUTE, standing=standing) == ["erin"]


def test_a_feed_says_whose_turn_it_is_by_the_catalog_s_own_words():
    rota = provider(FEED)

    assert who(rota, standing=read("Primary: Dave")) == ["dave"]
    assert who(rota, standing=read("primary: dave")) == []
    assert who(rota, standing=read("erin")) == []
    assert who(rota, NOW + HOUR, standing=read("Primary: Dave")) == []


@pytest.mark.parametrize("standing", [read("Primary: Bob", age=3 * HOUR), Standing()])
def test_a_stale_feed_puts_nobody_on_call_and_nothing_takes_its_place(standing):
    rota = provider(FEED | {"until": "2030-01-01T00:00:00Z"}, {"members": ["bob"]})

    assert who(rota, standing=standing) == []


def test_a_feed_is_as_stale_as_it_was_at_that_moment():
    rota = provider(FEED)
    standing = read("Primary: Bob", age=timedelta(0))

    assert who(rota, NOW + MINUTE, standing=standing) == ["bob"]
    later = Standing(
        feeds=(standing.feeds[0].model_copy(update={"fetched_at": NOW - 3 * HOUR}),)
    )
    assert who(rota, NOW + MINUTE, standing=later) == []


def test_a_group_s_accounts_are_members_of_the_catalog():
    rota = provider({"group": {"team": TEAM, "id": "S0ONCALL"}})
    slots = (Slot(key="U0DAVE"), Slot(key="U0STRANGER"))
    name = f"{TEAM}/S0ONCALL"
    standing = Standing(feeds=(Feed(name=name, fetched_at=NOW, slots=slots),))

    assert who(rota, standing=standing) == ["dave"]


def test_a_turn_of_a_feed_begins_when_it_says_so():
    rota = provider(FEED)
    slots = (Slot(key="Primary: Dave", begins=NOW + MINUTE),)
    standing = Standing(feeds=(Feed(name="pager", fetched_at=NOW, slots=slots),))

    assert who(rota, NOW, standing=standing) == []
    assert who(rota, NOW + MINUTE, standing=standing) == ["dave"]


@pytest.mark.parametrize(
    "shift",
    [
        {},
        {"members": ["bob"], "group": {"team": TEAM, "id": "S0ONCALL"}},
        FEED | {"members": ["bob"]},
        FEED | {"rotates": WEEKLY | {"at": "09:00"}},
    ],
)
def test_one_source_says_who_is_on_a_shift(shift):
    with pytest.raises(ValidationError, match="wanted members, a feed or a group"):
        provider(shift)


def test_who_may_be_on_call_are_engineers_and_whom_the_rota_names():
    assert pool(provider({"members": ["erin"]})) == {"bob", "dave", "erin"}
    assert pool(provider(FEED)) == {"bob", "dave"}


def test_every_feed_is_read_once():
    again = FEED | {"from": "2030-01-01T00:00:00Z"}
    first = FEED | {"until": "2030-01-01T00:00:00Z"}

    assert [one.name for one in sources(provider(first, again))] == ["pager"]


def test_without_a_shift_nobody_is_on_call():
    assert who(provider()) == []
    assert next_change(provider(), standing=Standing(), at=NOW) is None
