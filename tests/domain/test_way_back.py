"""A way back is spelled so that the grammar reads exactly what was meant."""

from __future__ import annotations

from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import sdk
from bot.domain.errors import BadArguments
from bot.domain.way_back import WayBack, spelled
from bot.flow.line import read_line


class Put(sdk.Command, name="put", risk=sdk.Risk.LOW):
    """Put a value somewhere."""

    place: Annotated[str, sdk.target("instance", "where", example="web-1")]
    value: Annotated[str, sdk.arg("what", example="x")]

    def change(self, target: sdk.Target, client: sdk.Client) -> sdk.MergeRequest:
        raise NotImplementedError


COMMANDS = {"put": Put}


def way(value, place="web-1"):
    return WayBack(command="put", arguments={"place": place, "value": value})


@given(st.text(max_size=60))
def test_whatever_the_value_it_is_read_back_or_refused(value):
    line = spelled(way(value), spec=Put.spec)

    try:
        read = read_line(line, commands=COMMANDS)
    except BadArguments:
        return

    # The grammar knows one kind of space.
    assert "".join(read.value.split()) == "".join(value.split())
    assert read.place == "web-1"


@pytest.mark.parametrize(
    "value", ["t3.medium", "-x", "a=b", "two words", 'say "no"', "<@U0BOB>", "a & b"]
)
def test_values_that_could_mean_something_else_are_quoted(value):
    line = spelled(way(value), spec=Put.spec)

    assert read_line(line, commands=COMMANDS) == Put(place="web-1", value=value)


def test_a_plain_value_is_a_plain_word():
    assert spelled(way("t3.medium"), spec=Put.spec) == "put web-1 t3.medium"


def test_what_comes_after_a_gap_is_given_by_name():
    gap = WayBack(command="put", arguments={"value": "x"})

    assert spelled(gap, spec=Put.spec) == "put value=x"
