"""How often something went well in a row: what adds to it, and what ends it."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.history import LOOKED_AT, PERIOD, Past, successes
from tests.domain import core_samples as core


def at(hours):
    return core.NOW + timedelta(hours=hours)


def past(hours, **more):
    return Past(ended_at=at(hours), **{"done": True, **more})


def story(*, hours, done, counts, after):
    undone = at(hours + after) if done and after else None
    return Past(ended_at=at(hours), done=done, counts=counts, undone_at=undone)


pasts = st.lists(
    st.builds(
        story,
        hours=st.integers(0, 9),
        done=st.booleans() | st.just(value=True),
        counts=st.booleans() | st.just(value=True),
        after=st.sampled_from([0, 0, 0, 1, 4]),
    ),
    max_size=8,
)


def told_in_order(found):
    """Walk through what happened, hour by hour, as somebody would who was there."""
    row = 0
    for hour in range(20):
        now = [one for one in found if one.ended_at == at(hour)]
        row += sum(one.counts for one in now if one.done)
        if any(not one.done for one in now):
            row = 0
        if any(one.undone_at == at(hour) for one in found):
            row = 0
    return row


@given(pasts)
def test_it_is_what_somebody_would_count_who_was_there(found):
    assert successes(found) == told_in_order(found)


@given(pasts, st.randoms())
def test_the_order_in_which_they_are_told_makes_no_difference(found, random):
    mixed = random.sample(found, len(found))

    assert successes(mixed) == successes(found)


@given(pasts)
def test_what_is_in_doubt_ends_the_row(found):
    doubt = Past(ended_at=None, done=False)

    assert successes([*found, doubt]) == 0


def test_each_that_was_done_is_one_more_and_a_failure_begins_anew():
    assert successes([]) == 0
    assert successes([past(1), past(2), past(3)]) == 3
    assert successes([past(1), past(2, done=False), past(3)]) == 1
    assert successes([past(1), past(2), past(3, done=False)]) == 0


def test_what_is_undone_takes_with_it_what_went_well_before():
    assert successes([past(1, undone_at=at(3)), past(2), past(4)]) == 1
    assert successes([past(2), past(3, counts=False)]) == 1


def test_more_is_looked_at_than_any_rule_may_ask_for():
    assert timedelta(days=90) == PERIOD
    assert LOOKED_AT == 100
