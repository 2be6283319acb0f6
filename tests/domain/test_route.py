"""A route is full when distinct people fill every place, and not before."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.route import Facts, Grounds, Need, Route, missing

ROLES = ("provider.oncall", "provider.manager", "client.owner")
PEOPLE = ("alice", "bob", "carol", "dave")
needs = st.lists(
    st.builds(Need, role=st.sampled_from(ROLES), count=st.integers(1, 2)), max_size=2
)
holdings = st.dictionaries(
    st.sampled_from(ROLES), st.frozensets(st.sampled_from(PEOPLE)), max_size=3
)
approvals = st.lists(st.sampled_from((*PEOPLE, "mallory")), max_size=5)


def route(*wanted):
    return Route(
        needs=wanted, expires=timedelta(hours=1), remind_before=timedelta(minutes=5)
    )


def places(wanted):
    return [need.role for need in wanted for _ in range(need.count)]


def fewest_empty(wanted, approvers, holders):
    """Try every way to seat people; return how few places stay empty at best."""
    seats = places(wanted)
    people = list(dict.fromkeys(approvers))
    nobody = [None] * len(seats)
    return min(
        sum(
            one is None or one not in holders.get(role, frozenset())
            for role, one in zip(seats, seating, strict=True)
        )
        for seating in permutations(people + nobody, len(seats))
    )


@given(needs, approvals, holdings)
def test_as_few_places_stay_empty_as_any_seating_leaves(wanted, approvers, holders):
    left = missing(route(*wanted), approvers=approvers, holders=holders)

    empty = sum(need.count for need in left)
    assert empty == fewest_empty(wanted, approvers, holders)


@given(needs, approvals, holdings)
def test_what_is_missing_was_wanted(wanted, approvers, holders):
    left = missing(route(*wanted), approvers=approvers, holders=holders)

    asked = places(wanted)
    for role in places(left):
        asked.remove(role)


@given(needs, approvals, holdings, st.sampled_from(PEOPLE))
def test_one_approval_fills_at_most_one_place(wanted, approvers, holders, one):
    before = missing(route(*wanted), approvers=approvers, holders=holders)

    after = missing(route(*wanted), approvers=[*approvers, one], holders=holders)

    gained = len(places(before)) - len(places(after))
    assert gained in (0, 1)
    if one in approvers:
        assert gained == 0


def test_who_holds_two_roles_does_not_block_the_route_by_chance():
    wanted = route(Need(role="provider.oncall"), Need(role="client.owner"))
    holders = {
        "provider.oncall": frozenset({"bob", "dave"}),
        "client.owner": frozenset({"bob"}),
    }

    left = missing(wanted, approvers=["bob", "dave"], holders=holders)

    assert left == ()


def test_two_organisations_are_two_people():
    wanted = route(Need(role="provider.oncall"), Need(role="client.owner"))
    both = frozenset({"bob"})

    left = missing(
        wanted,
        approvers=["bob"],
        holders={"provider.oncall": both, "client.owner": both},
    )

    assert len(left) == 1


def test_a_place_of_several_counts_what_is_still_missing():
    wanted = route(Need(role="provider.oncall", count=3))

    left = missing(
        wanted, approvers=["bob"], holders={"provider.oncall": frozenset({"bob"})}
    )

    assert left == (Need(role="provider.oncall", count=2),)


@pytest.mark.timeout(5)
def test_the_largest_route_is_answered_at_once():
    people = [f"p{number}" for number in range(19)]
    wanted = route(
        Need(role="provider.oncall", count=10), Need(role="client.owner", count=10)
    )
    everybody = frozenset(people)

    left = missing(
        wanted,
        approvers=people,
        holders={"provider.oncall": everybody, "client.owner": everybody},
    )

    assert len(places(left)) == 1


def test_before_anything_was_planned_nothing_is_known_to_be_destroyed():
    assert Facts() == Facts(is_open=True, destroys=0, replaces=0, addresses=0)
    assert Facts().cost is None
    assert Facts().successes == 0


def test_a_rule_counts_on_nothing_that_it_does_not_say():
    plain = Grounds(rule=1)

    assert (plain.costs_up_to, plain.after_success) == (None, None)
    assert (plain.successes, plain.relied_on) == (0, 0)
