"""A cost is told with its sign, and held against a limit exactly."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.cost import Cost


@pytest.mark.parametrize(
    ("cents", "told"),
    [(0, "+0.00"), (5, "+0.05"), (4730, "+47.30"), (-5, "-0.05"), (-4730, "-47.30")],
)
def test_it_is_told_in_dollars_with_its_sign(cents, told):
    assert Cost(cents=cents).told == told


def test_a_cent_too_many_is_too_many():
    assert Cost(cents=50_00).is_up_to(50)
    assert not Cost(cents=50_01).is_up_to(50)
    assert Cost(cents=0).is_up_to(0)
    assert not Cost(cents=1).is_up_to(0)


@given(st.integers(-(10**6), 10**6), st.integers(0, 10**4))
def test_a_limit_in_dollars_is_held_to_the_cent(cents, dollars):
    cost = Cost(cents=cents)

    assert cost.is_up_to(dollars) is (float(cost.told) <= dollars)
