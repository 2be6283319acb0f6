"""A value is shown in the words that a command takes: what is shown can be typed."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.catalog.parameter import fits
from bot.domain.editing.edit import as_typed


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (True, "true"),
        (False, "false"),
        (8, "8"),
        (8.0, "8.0"),
        (1e-9, "0.000000001"),
        (1e16, "10000000000000000"),
        ("True", "True"),
        (math.inf, "inf"),
        (None, "None"),
    ],
)
def test_a_value_is_said_in_plain_words(value, words):
    assert as_typed(value) == words


@given(st.integers(-(10**15) + 1, 10**15 - 1), st.integers(0, 9))
def test_what_was_set_can_be_set_again_as_it_was_shown(digits, point):
    value = fits(f"{digits // 10**point}.{digits % 10**point:0{point}d}", type="number")
    if value is None:
        return

    assert fits(as_typed(value), type="number") == value
