"""A lent role is never worth more than who lent it."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.delegation import LONGEST, may_delegate
from bot.domain.policy import Allowed
from bot.domain.timing.lent import Delegation, lent, one_voice
from tests.domain import core_samples as core

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
CAROL, ALICE = core.person("carol", "acme"), core.person("alice", "acme")


def delegation(**changes):
    found = {
        "id": "a" * 20,
        "client": "acme",
        "role": "client.owner",
        "giver": "carol",
        "taker": "alice",
        "begins": NOW,
        "until": NOW + HOUR,
    }
    return Delegation(**(found | changes))


def borrowed(*delegations, role="client.owner", holders=("carol",), barred=(), at=NOW):
    return lent(delegations, role=role, holders=holders, barred=barred, at=at)


def test_it_counts_from_its_first_moment_and_no_longer_at_its_last():
    one = delegation()

    assert borrowed(one) == {"alice": "carol"}
    assert borrowed(one, at=NOW - timedelta(microseconds=1)) == {}
    assert borrowed(one, at=NOW + HOUR) == {}


def test_taken_back_it_counts_until_then():
    one = delegation(revoked_at=NOW + HOUR / 2)

    assert borrowed(one, at=NOW + HOUR / 4) == {"alice": "carol"}
    assert borrowed(one, at=NOW + HOUR / 2) == {}


@pytest.mark.parametrize(
    "changes",
    [
        {"role": "provider.manager"},
        {"holders": ()},
        {"holders": ("carol", "alice")},
        {"barred": ("carol",)},
    ],
)
def test_it_is_worth_nothing(changes):
    assert borrowed(delegation(), **changes) == {}


def test_what_was_lent_cannot_be_lent_on():
    chain = (delegation(), delegation(id="b" * 20, giver="alice", taker="ines"))

    assert borrowed(*chain) == {"alice": "carol"}


people = st.sampled_from(("a", "b", "c", "d"))


@given(
    st.lists(st.tuples(people, people).filter(lambda pair: pair[0] != pair[1])),
    st.sets(people),
    st.sets(people),
    st.lists(people, unique=True),
)
def test_nobody_s_voice_is_heard_twice(pairs, holders, barred, approvers):
    every = [delegation(giver=giver, taker=taker) for giver, taker in pairs]
    through = lent(every, role="client.owner", holders=holders, barred=barred, at=NOW)

    heard = one_voice(approvers, through=through)

    for taker, giver in through.items():
        assert giver in holders - barred
        assert taker not in holders
        assert not {taker, giver} <= set(heard)
    assert set(heard) >= set(approvers) & holders


def asked(**changes):
    found = {
        "role": "client.owner",
        "holders": ("carol",),
        "begins": NOW,
        "until": NOW + HOUR,
    } | changes
    people_ = [found.pop("giver", CAROL), found.pop("taker", ALICE)]
    return may_delegate(*people_, **found)


def test_who_holds_a_role_may_lend_it_to_a_colleague():
    assert asked() == Allowed()
    assert asked(until=NOW + LONGEST) == Allowed()


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"role": "provider.oncall"}, "rota"),
        ({"holders": ("greg",)}, "not-yours"),
        ({"taker": CAROL}, "self"),
        ({"taker": ALICE.model_copy(update={"deactivated": True})}, "gone"),
        ({"taker": core.person("bob", "claranet")}, "other-company"),
        ({"holders": ("carol", "alice")}, "has-it"),
        ({"until": NOW}, "long"),
        ({"until": NOW + LONGEST + HOUR}, "long"),
    ],
)
def test_everything_else_is_refused_by_name(changes, rule):
    answer = asked(**changes)

    assert answer.rule == f"delegate-{rule}"
    assert answer.reason.key == f"refused.delegate-{rule}"
