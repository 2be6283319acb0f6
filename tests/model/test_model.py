"""The kernel as it is holds every law; broken on purpose, the model finds it."""

from __future__ import annotations

import functools
from dataclasses import replace

import pytest

from bot.domain.operation import STEPS, State, Step
from tests.model.__main__ import every, untaken
from tests.model.explore import explore
from tests.model.moves import Gap, known
from tests.model.rules import Rules, allows, has_quorum
from tests.model.state import GLASS, REQUESTER, Kind

# Far enough for every seeded fault, and seconds; `make model` goes to the very end.
DEPTH = 10
SMALL = tuple(
    rules for rules in every() if rules.route == "two on call" and not rules.freezes
)


@functools.cache
def explored(rules):
    """Return what there is to find by rules that nobody has broken."""
    return explore(rules)


@pytest.mark.parametrize("rules", SMALL, ids=lambda rules: rules.kind.name)
def test_with_a_quorum_of_one_side_no_interleaving_breaks_a_law(rules):
    found = explored(rules)

    print(f"\nmodel: {rules.kind.name.lower()}, {rules.route}: {found.line()}")
    assert found.whole
    assert found.violations == []
    assert found.stuck == 0
    assert found.states > 10_000


@pytest.mark.parametrize("route", ["two on call", GLASS])
def test_with_a_freeze_nothing_begins_in_it_but_behind_a_broken_glass(route):
    found = explore(Rules(route=route, leave=(), freezes=True))

    assert found.whole
    assert found.violations == []
    assert found.stuck == 0
    assert found.ends[State.DONE]


def test_with_a_glass_to_break_none_does_and_nobody_decides():
    # Of a merge, where what is shown moves; `make model` does the other kinds as well.
    found = explore(Rules(route=GLASS, leave=("alice", "bob")))

    assert found.whole
    assert found.violations == []
    assert found.stuck == 0
    assert (State.PROPOSED, State.APPROVED) in found.steps
    assert (State.PROPOSED, State.DENIED) not in found.steps


@pytest.mark.parametrize("kind", Kind, ids=lambda kind: kind.name)
def test_with_a_quorum_of_both_sides_none_does_up_to_a_depth(kind):
    found = explore(Rules(kind=kind), depth=DEPTH)

    assert found.violations == []
    assert found.states > 10_000


def test_the_model_takes_every_step_that_the_table_has():
    founds = [explored(rules) for rules in SMALL]

    assert untaken(founds) == set()


def test_the_model_has_a_guard_for_the_table_and_for_nothing_else():
    table = {
        (before, step.to, who)
        for before in STEPS
        for step in STEPS[before]
        for who in step.by.split(", ")
    }

    assert known() == table


def test_a_step_that_the_model_does_not_know_stops_it(monkeypatch):
    again = Step(to=State.PROPOSED, by="prepare", event="operation.proposed")
    monkeypatch.setitem(STEPS, State.PROPOSED, (*STEPS[State.PROPOSED], again))

    with pytest.raises(Gap):
        explore(Rules(), depth=4)


def test_an_end_that_cannot_be_reached_is_found(monkeypatch):
    monkeypatch.setitem(STEPS, State.IN_DOUBT, ())

    found = explore(SMALL[0], most=100_000, only="no way to an end")

    assert found.stuck > 0
    assert found.violations


# --- what is broken on purpose


def clicks_but(**changed):
    """Return `may_decide` asked about something else than what is the case."""
    names = (
        "state",
        "shown",
        "route",
        "member",
        "verdict",
        "card",
        "late",
        "said",
        "gone",
    )

    def asked(*words):
        given = dict(zip(names, words, strict=True))
        other = {name: how(given) for name, how in changed.items()}
        return allows(*{**given, **other}.values())

    return asked


def anybody(*words):
    return words[0] is State.PROPOSED and words[5] == words[1]


def counts_any_digest(shown, route, said, gone):
    as_shown = tuple(sorted({one._replace(head=shown) for one in said}))
    return has_quorum(shown, route, as_shown, gone)


def counts_who_left(shown, route, said, gone):
    return has_quorum(shown, route, said, ())


def counts_to_one(shown, route, said, gone):
    return bool(said)


def no_objection(world, rules):
    return None


def never_late(late):
    return True


def never_moved(shown, head):
    return True


def touches(*words):
    return words[0] is State.PROPOSED


def touches_own(*words):
    return words[0] is State.PROPOSED and words[3] == REQUESTER


def believes(shown, broke):
    return broke is not None


UNRIGHT = "acted without a full quorum on what is there, in time, in no freeze"
FAULTS = {
    "a click on another card counts": (
        Rules(
            may_decide=clicks_but(card=lambda given: given["shown"]),
            full=counts_any_digest,
        ),
        UNRIGHT,
    ),
    "requester and authors may decide": (Rules(may_decide=anybody), UNRIGHT),
    "one approval is a quorum": (Rules(full=counts_to_one), UNRIGHT),
    "who left still counts": (Rules(full=counts_who_left), UNRIGHT),
    "nothing is looked at before acting": (Rules(objects=no_objection), UNRIGHT),
    "time is not looked at before acting": (Rules(on_time=never_late), UNRIGHT),
    "a freeze holds nothing back": (
        Rules(freezes=True, holds=lambda freeze, route: False),
        UNRIGHT,
    ),
    "the digest is not made again": (
        Rules(kind=Kind.REPEATABLE, same=never_moved),
        UNRIGHT,
    ),
    "what was started is not judged again": (Rules(looks_again=False), UNRIGHT),
    "saves do not compare": (Rules(compares=False), "no step leads from"),
    "what was announced is announced again": (
        Rules(kind=Kind.ONCE, fences=False),
        "acted twice",
    ),
    "the world is not asked": (
        Rules(kind=Kind.ONCE, asks_the_world=False),
        "acted twice",
    ),
    "a lost answer is a failure": (
        Rules(doubts=False),
        "said to have failed, and it happened",
    ),
    "anybody breaks the glass": (
        Rules(route=GLASS, may_break=touches, lets_run=believes),
        UNRIGHT,
    ),
    "the glass of an older card is broken": (
        Rules(route=GLASS, may_break=touches_own, lets_run=believes),
        UNRIGHT,
    ),
    "what was asked the usual way has a glass": (
        Rules(may_break=touches, objects=no_objection),
        UNRIGHT,
    ),
    "a word ends what is at work": (
        Rules(kind=Kind.REPEATABLE, rests=False),
        "acted on what a person's word had ended",
    ),
    "a step is not told": (Rules(tells=False), "is not told"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_model_finds_what_is_broken(fault):
    rules, wanted = FAULTS[fault]

    found = explore(rules, most=1, only=wanted)

    assert wanted in found.violations[0].what


def test_the_shortest_way_to_a_fault_is_told_move_by_move():
    rules, _ = FAULTS["nothing is looked at before acting"]

    (first, *_) = explore(rules, most=1).violations

    assert first.way[0] == "alice asks"
    assert first.way[-1].endswith("acts")


def test_the_merge_itself_refuses_a_commit_that_nobody_approved():
    # The commit is named in the call: a second net under the digest.
    found = explore(replace(SMALL[0], same=never_moved))

    assert SMALL[0].kind is Kind.MERGE
    assert UNRIGHT not in {one.what for one in found.violations}


@pytest.mark.parametrize("kind", Kind, ids=lambda kind: kind.name)
def test_the_fence_alone_keeps_two_from_acting(kind):
    # The lock goes with the connection; what was announced stays announced.
    found = explore(replace(SMALL[0], kind=kind, locks=False))

    assert found.violations == []
