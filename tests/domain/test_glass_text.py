"""How an emergency is typed cannot be mistaken for anything else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import BadArguments
from bot.domain.glass_text import LONGEST, SHORTEST, Wanted, fit, read_break, whole
from bot.domain.text import read_words

WORDS = st.text("abcdefgh ", min_size=1, max_size=30).filter(str.strip)


def key(text):
    with pytest.raises(BadArguments) as refusal:
        read_break(text)
    return refusal.value.message.key


def test_the_command_ends_at_because():
    found = read_break("break-glass resize web-2 m5.large because it is too slow")

    assert found == Wanted("resize web-2 m5.large", "it is too slow")


def test_the_reason_may_say_because_again():
    found = read_break("break-glass stop web-2 because I say so because I can")

    assert found == Wanted("stop web-2", "I say so because I can")


def test_the_reason_is_what_the_person_saw():
    found = read_break("break-glass stop web-2 because  a &lt; b\u00a0and  it's “bad”")

    assert found.reason == "a < b and it's “bad”"


@pytest.mark.parametrize(
    "text",
    [
        "break-glass",
        "break-glass stop web-2",
        "break-glass because it is on fire",
        "break-glass stop web-2 because",
        "break-glass stop web-2 Because it is on fire",
    ],
)
def test_without_command_and_because_it_is_nothing(text):
    assert key(text) == "refused.glass-usage"


@pytest.mark.parametrize("reason", ["fire", "fire now", "a" * 40, "no " * 101])
def test_a_reason_says_something(reason):
    assert key(f"break-glass stop web-2 because {reason}") == "refused.glass-reason"


def test_a_reason_hides_nothing():
    assert key("break-glass stop web-2 because it is\u202e on fire") == (
        "grammar.hidden-character"
    )


def test_the_shortest_and_the_longest_reason_fit():
    shortest, longest = "a" * (SHORTEST - 2) + " b", "a" * (LONGEST - 2) + " b"

    assert fit(shortest, key="refused.glass-reason") == shortest
    assert fit(longest, key="refused.glass-reason") == longest
    for other in (shortest[1:], longest + "c"):
        with pytest.raises(BadArguments):
            fit(other, key="refused.glass-reason")


def test_a_because_in_quotes_is_no_way_to_another_command():
    found = read_break('break-glass set motd "x because y" because it is on fire')

    assert found.line == 'set motd "x'
    with pytest.raises(BadArguments):
        read_words(found.line)


@given(WORDS, WORDS)
def test_what_is_kept_reads_back_as_the_same(line, reason):
    wanted = Wanted(" ".join(line.split()), f"it is {' '.join(reason.split())} there")

    assert read_break(whole(wanted)) == wanted
