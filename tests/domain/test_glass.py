"""Breaking the glass: every denial by its name, and what goes past nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.domain.glass import (
    LASTS,
    Break,
    Breaker,
    broken,
    is_over,
    may_ask_to_break,
    may_break_glass,
    may_review,
    reviewers,
)
from bot.domain.operation import ENDED, State
from bot.domain.people import members
from bot.domain.policy import Allowed, Denied
from tests.domain import core_samples as core

WHY = "the shop is losing orders"
OVER = ENDED | {State.IN_DOUBT}


def emergency(state=State.PROPOSED, **changes):
    found = core.proposed()
    return found.model_copy(update={"glass": WHY, "state": state} | changes)


def breaker(operation, **changes):
    return Breaker(
        **{
            "person": core.person("alice", "acme", ("owner",)),
            "digest": operation.digest,
            "now": core.NOW,
        }
        | changes
    )


def a_break(of=None, **changes):
    of = of or emergency()
    return Break(
        **{
            "operation": of.id,
            "client": "acme",
            "member": "alice",
            "organisation": "acme",
            "reason": WHY,
            "digest": of.digest,
            "at": core.NOW,
        }
        | changes
    )


def rule(answer):
    assert isinstance(answer, Denied)
    assert answer.reason.key == f"refused.{answer.rule}"
    return answer.rule


# --- to break it


def test_who_asked_breaks_the_glass_alone():
    operation = emergency()

    assert may_break_glass(operation, by=breaker(operation)) == Allowed()


def test_what_was_not_asked_for_so_has_no_glass():
    operation = emergency(glass=None)

    answer = may_break_glass(operation, by=breaker(operation))

    assert rule(answer) == "glass-not-asked"


@pytest.mark.parametrize("state", sorted(set(State) - {State.PROPOSED}))
def test_it_is_broken_once_and_only_when_all_is_shown(state):
    operation = emergency(state)

    answer = may_break_glass(operation, by=breaker(operation))

    assert rule(answer) == "glass-not-open"
    assert answer.reason.args == {"state": state.value}


def test_its_time_ends_at_the_very_moment():
    operation = emergency()
    before = operation.decide_by - timedelta(microseconds=1)

    late = may_break_glass(operation, by=breaker(operation, now=operation.decide_by))

    assert rule(late) == "expired"
    assert may_break_glass(operation, by=breaker(operation, now=before)) == Allowed()


def test_only_what_was_shown_is_let_run():
    operation = emergency()

    answer = may_break_glass(operation, by=breaker(operation, digest="0" * 64))

    assert rule(answer) == "other-digest"


def test_nobody_breaks_another_s_glass():
    operation = emergency()
    other = core.person("carol", "acme", ("owner",))

    answer = may_break_glass(operation, by=breaker(operation, person=other))

    assert rule(answer) == "glass-of-another"
    assert answer.reason.args == {"who": members(("alice",))}


def test_who_was_deactivated_breaks_nothing():
    operation = emergency()
    gone = core.person("alice", "acme", ("owner",)).model_copy(
        update={"deactivated": True}
    )

    answer = may_break_glass(operation, by=breaker(operation, person=gone))

    assert rule(answer) == "deactivated"
    assert answer.reason.args == {"client": "acme"}


def test_an_open_review_bars_the_next_and_says_who_closes_it():
    operation = emergency()
    earlier = a_break(operation="z" * 20)

    answer = may_break_glass(
        operation,
        by=breaker(operation, unreviewed=(earlier,), able=("erin", "carol")),
    )

    assert rule(answer) == "glass-review-open"
    assert answer.reason.args == {"id": "z" * 7, "who": members(("carol", "erin"))}


def test_an_open_review_of_another_client_bars_and_is_not_named():
    elsewhere = a_break(client="globex")

    answer = may_ask_to_break("acme", unreviewed=(elsewhere,), able=())

    assert rule(answer) == "glass-review-elsewhere"
    assert answer.reason.args == {}


def test_of_several_open_reviews_the_one_here_is_named():
    found = (a_break(client="globex"), a_break(operation="y" * 20))

    answer = may_ask_to_break("acme", unreviewed=found, able=())

    assert rule(answer) == "glass-review-open"


def test_without_an_open_review_it_may_be_asked_for():
    assert may_ask_to_break("acme", unreviewed=(), able=()) == Allowed()


def test_an_emergency_lasts_half_an_hour():
    assert timedelta(minutes=30) == LASTS


# --- to run


def test_the_break_of_this_very_thing_lets_it_run():
    operation = emergency()
    found = a_break(operation)

    assert broken(operation, breaks=(a_break(member="bob"), found)) == found


@pytest.mark.parametrize(
    "changes",
    [{"operation": "z" * 20}, {"member": "bob"}, {"digest": "0" * 64}],
    ids=["another operation", "another person", "another digest"],
)
def test_a_break_of_anything_else_lets_nothing_run(changes):
    assert broken(emergency(), breaks=(a_break(**changes),)) is None


def test_what_was_asked_the_usual_way_runs_by_no_break():
    operation = emergency(glass=None)

    assert broken(operation, breaks=(a_break(operation),)) is None


# --- to review it

PEOPLE = (
    core.person("alice", "acme", ("owner",)),
    core.person("carol", "acme", ("owner",)),
    core.person("ines", "acme", ("developer",)),
    core.person("greg", "globex", ("owner",)),
    core.person("erin", "claranet", ("manager",)),
    core.person("bob", "claranet", ("engineer",)),
    core.person("henri", "acme", ("owner",)).model_copy(update={"deactivated": True}),
)


def able(of):
    found = reviewers(PEOPLE, client="acme", provider="claranet", of=of)
    return tuple(one.id for one in found)


def test_owners_and_managers_review_and_never_their_own():
    assert able("alice") == ("carol", "erin")
    assert able("bob") == ("alice", "carol", "erin")
    assert able("erin") == ("alice", "carol")


def review(person, state=State.DONE, **changes):
    found = next(one for one in PEOPLE if one.id == person)
    made = a_break(**changes)
    return may_review(made, person=found, state=state, able=able(made.member))


def test_another_owner_closes_it():
    assert review("carol") == Allowed()


def test_nobody_closes_their_own():
    answer = review("alice")

    assert rule(answer) == "review-own"
    assert answer.reason.args == {"who": members(("carol", "erin"))}


def test_who_is_no_owner_and_no_manager_closes_nothing():
    answer = review("ines")

    assert rule(answer) == "review-not-yours"
    assert answer.reason.args == {"who": members(("carol", "erin"))}


def test_a_closed_review_stays_closed():
    answer = review("carol", closed_at=core.NOW, closed_by="erin", finding="all well")

    assert rule(answer) == "review-closed"
    assert answer.reason.args == {"who": members(("erin",))}


@pytest.mark.parametrize("state", sorted(State))
def test_only_what_is_over_or_in_doubt_is_reviewed(state):
    answer = review("carol", state=state)

    assert (answer == Allowed()) == (state in OVER) == is_over(state)
    assert state in OVER or rule(answer) == "review-early"


def test_a_review_that_nobody_is_known_to_have_closed_is_closed():
    answer = review("carol", closed_at=core.NOW)

    assert rule(answer) == "review-closed"
    assert answer.reason.args["who"] == members(("",))
