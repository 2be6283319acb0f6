"""Every denial by its name, and nobody slips between them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.decision import Verdict
from bot.domain.operation import State
from bot.domain.people import members
from bot.domain.policy import (
    Allowed,
    Decider,
    Denied,
    able_to_decide,
    may_ask,
    may_cancel,
    may_decide,
    may_halt,
    may_settle,
    still_approved,
    version,
)
from tests.domain import core_samples as core

HOLDERS = {"provider.oncall": frozenset({"bob", "dave", "alice"})}
ENDED_WAYS = {
    State.APPROVED: (State.APPROVED,),
    State.RUNNING: (State.APPROVED, State.RUNNING),
    State.IN_DOUBT: (State.APPROVED, State.RUNNING, State.IN_DOUBT),
    State.DONE: (State.APPROVED, State.RUNNING, State.DONE),
    State.FAILED: (State.APPROVED, State.RUNNING, State.FAILED),
    State.DENIED: (State.DENIED,),
    State.CANCELLED: (State.CANCELLED,),
    State.EXPIRED: (State.EXPIRED,),
    State.VOIDED: (State.VOIDED,),
}


def brought_to(state):
    operation = core.proposed()
    for step in ENDED_WAYS.get(state, ()):
        operation = operation.to(step, at=core.NOW)
    return operation


def decider(operation, **changes):
    return Decider(
        **{
            "person": core.person("bob"),
            "digest": operation.digest,
            "verdict": Verdict.APPROVE,
            "now": core.NOW,
            "holders": HOLDERS,
            "decisions": (),
        }
        | changes
    )


def rule(answer):
    assert isinstance(answer, Denied)
    assert answer.reason.key == f"refused.{answer.rule}"
    return answer.rule


# --- asking and cancelling


@pytest.mark.parametrize("organisation", ["acme", "claranet"])
def test_the_client_and_the_provider_may_ask(organisation):
    answer = may_ask(
        core.person("x1", organisation=organisation), client="acme", provider="claranet"
    )

    assert answer == Allowed()


def test_another_client_may_not_ask():
    answer = may_ask(core.person("gina", "globex"), client="acme", provider="claranet")

    assert rule(answer) == "other-client"


def test_the_requester_may_call_it_off():
    answer = may_cancel(core.proposed(), person=core.person("alice"))

    assert answer == Allowed()


def test_nobody_else_may_call_it_off():
    answer = may_cancel(core.proposed(), person=core.person("carol"))

    assert rule(answer) == "not-the-requester"
    assert answer.reason.args == {"requester": members(("alice",))}


@pytest.mark.parametrize("state", set(ENDED_WAYS) - {State.APPROVED})
def test_what_runs_or_ended_is_not_called_off(state):
    answer = may_cancel(brought_to(state), person=core.person("alice"))

    assert rule(answer) == "too-late-to-cancel"
    assert answer.reason.args == {"state": state.value}


# --- deciding


def test_the_on_call_may_decide():
    operation = core.proposed()

    answer = may_decide(operation, by=decider(operation))

    assert answer == Allowed()


@pytest.mark.parametrize("verdict", Verdict)
def test_nobody_decides_on_what_waits_behind_the_glass(verdict):
    operation = core.proposed().model_copy(update={"glass": "the shop is down"})

    answer = may_decide(operation, by=decider(operation, verdict=verdict))

    assert rule(answer) == "glass-not-decided"
    assert answer.reason.args == {"who": members(("alice",))}


def test_nobody_decides_on_their_own_request():
    operation = core.proposed()

    answer = may_decide(operation, by=decider(operation, person=core.person("alice")))

    assert rule(answer) == "self-decision"
    assert answer.reason.args == {"who": members(("bob", "dave"))}


def test_nobody_decides_on_what_they_wrote():
    operation = core.proposed(authors=("bob",))

    answer = may_decide(operation, by=decider(operation))

    assert rule(answer) == "author-decision"
    assert answer.reason.args == {"who": members(("dave",))}


def test_what_has_no_proposal_is_decided_by_nobody():
    operation = core.proposed().model_copy(update={"proposal": None})

    answer = may_decide(operation, by=decider(operation))

    assert rule(answer) == "author-decision"


def test_who_holds_no_role_of_the_route_may_not_decide():
    operation = core.proposed()

    answer = may_decide(operation, by=decider(operation, person=core.person("erin")))

    assert rule(answer) == "not-a-decider"
    assert answer.reason.args == {"who": members(("bob", "dave"))}


def test_an_empty_list_of_approvers_means_nobody():
    operation = core.proposed()

    answer = may_decide(
        operation, by=decider(operation, holders={"provider.oncall": frozenset()})
    )

    assert rule(answer) == "not-a-decider"
    assert answer.reason.args == {"who": members(())}


def test_a_click_on_an_older_card_does_not_count():
    operation = core.proposed()

    answer = may_decide(operation, by=decider(operation, digest="0" * 64))

    assert rule(answer) == "other-digest"


@pytest.mark.parametrize(
    ("late", "denied"), [(-1, False), (0, True), (1, True), (86400, True)]
)
def test_the_time_to_decide_is_over_at_that_very_moment(late, denied):
    operation = core.proposed()
    now = operation.expires_at + timedelta(seconds=late)

    answer = may_decide(operation, by=decider(operation, now=now))

    assert isinstance(answer, Denied) == denied
    if denied:
        assert rule(answer) == "expired"


def test_one_person_decides_once_on_one_digest():
    operation = core.proposed()
    mine = core.decision(operation)

    other = core.decision(operation, "dave")

    for decisions in ((mine,), (mine, other)):
        answer = may_decide(operation, by=decider(operation, decisions=decisions))
        assert rule(answer) == "already-decided-by-you"


def test_one_role_of_the_route_is_enough():
    operation = core.proposed()
    holders = {
        "provider.oncall": frozenset({"bob"}),
        "client.owner": frozenset({"carol"}),
    }

    answer = may_decide(operation, by=decider(operation, holders=holders))
    counting = still_approved(
        operation,
        decisions=(core.decision(operation, "bob"),),
        holders_then={"bob": holders},
    )

    assert answer == Allowed()
    assert counting == ("bob",)


def test_a_decision_on_another_digest_or_by_another_does_not_bar():
    operation = core.proposed()
    before = core.decision(operation, digest="0" * 64)
    other = core.decision(operation, "dave")

    answer = may_decide(operation, by=decider(operation, decisions=(before, other)))

    assert answer == Allowed()


@pytest.mark.parametrize("state", set(ENDED_WAYS) - {State.EXPIRED, State.VOIDED})
def test_the_second_click_is_told_who_decided_and_when(state):
    operation = brought_to(state)
    earlier = core.decision(operation, "erin", at=core.NOW - timedelta(minutes=1))
    last = core.decision(operation, "dave")

    answer = may_decide(operation, by=decider(operation, decisions=(last, earlier)))

    assert rule(answer) == "decided-already"
    assert answer.reason.args == {
        "state": state.value,
        "who": members(("dave",)),
        "verdict": "approve",
        "at": "09:00:00 UTC",
    }


@pytest.mark.parametrize("state", [State.EXPIRED, State.VOIDED])
def test_what_ended_by_itself_names_no_decider(state):
    operation = brought_to(state)

    answer = may_decide(
        operation, by=decider(operation, decisions=(core.decision(operation),))
    )

    assert rule(answer) == "not-open"
    assert answer.reason.args == {"state": state.value}


def test_what_was_called_off_before_anybody_decided_is_not_open():
    operation = brought_to(State.CANCELLED)

    answer = may_decide(operation, by=decider(operation))

    assert rule(answer) == "not-open"


def test_what_is_only_asked_is_not_open():
    operation = core.asked()

    answer = may_decide(operation, by=decider(operation, digest=""))

    assert rule(answer) == "not-open"


people = st.sampled_from(("alice", "bob", "carol", "dave", "erin"))


@given(
    who=people,
    authors=st.lists(people, max_size=2),
    on_call=st.frozensets(people),
    same_digest=st.booleans(),
    seconds=st.integers(-20_000, 20_000),
)
def test_only_a_holder_who_neither_asked_nor_wrote_may_ever_decide(
    who, authors, on_call, same_digest, seconds
):
    operation = core.proposed(authors=tuple(authors))

    answer = may_decide(
        operation,
        by=decider(
            operation,
            person=core.person(who),
            digest=operation.digest if same_digest else "0" * 64,
            now=core.NOW + timedelta(seconds=seconds),
            holders={"provider.oncall": on_call},
        ),
    )

    assert (answer == Allowed()) == (
        who in on_call - {"alice", *authors}
        and same_digest
        and core.NOW + timedelta(seconds=seconds) < operation.expires_at
    )


# --- acting


def test_an_approval_counts_while_its_giver_held_the_role_then():
    operation = core.proposed()
    approvals = (core.decision(operation, "bob"), core.decision(operation, "dave"))

    counting = still_approved(
        operation,
        decisions=approvals,
        holders_then={
            "bob": {"provider.oncall": frozenset({"bob"})},
            "dave": {"provider.oncall": frozenset({"bob"})},
        },
    )

    assert counting == ("bob",)


@pytest.mark.parametrize("changes", [{"verdict": Verdict.DENY}, {"digest": "0" * 64}])
def test_a_denial_or_an_approval_of_something_else_never_counts(changes):
    operation = core.proposed()

    counting = still_approved(
        operation,
        decisions=(core.decision(operation, **changes),),
        holders_then={"bob": {"provider.oncall": frozenset({"bob"})}},
    )

    assert counting == ()


def test_who_is_no_longer_in_the_catalog_does_not_count():
    operation = core.proposed()

    counting = still_approved(
        operation, decisions=(core.decision(operation),), holders_then={}
    )

    assert counting == ()


def test_those_who_could_decide_are_named_without_requester_and_authors():
    operation = core.proposed(authors=("dave",))

    assert able_to_decide(operation, holders=HOLDERS) == ("bob",)
    assert able_to_decide(core.asked(), holders=HOLDERS) == ("bob", "dave")


# --- having it stopped


def halting(who, *, state=State.RUNNING, stoppable=True, holders=HOLDERS):
    operation = brought_to(state)
    progress = operation.progress.model_copy(update={"stoppable": stoppable})
    operation = operation.advanced(progress)
    return may_halt(operation, person=core.person(who), holders=holders)


@pytest.mark.parametrize("who", ["alice", "bob"])
def test_who_asked_and_who_may_decide_may_have_it_stopped(who):
    assert halting(who) == Allowed()


def test_who_holds_no_role_may_not_have_it_stopped_and_learns_who_may():
    answer = halting("erin")

    assert rule(answer) == "not-a-halter"
    assert answer.reason.args["who"].args["ids"].split() == ["alice", "bob", "dave"]


def test_who_asked_and_holds_a_role_as_well_is_named_once():
    answer = halting("erin", holders={"client.owner": frozenset({"alice", "bob"})})

    assert answer.reason.args["who"].args["ids"].split() == ["alice", "bob"]


@pytest.mark.parametrize("state", sorted(set(ENDED_WAYS) - {State.RUNNING}))
def test_only_what_runs_is_stopped(state):
    answer = halting("alice", state=state)

    assert rule(answer) == "not-running"
    assert answer.reason.args == {"state": state.value}


def test_what_cannot_be_stopped_halfway_is_not():
    answer = halting("alice", stoppable=False)

    assert rule(answer) == "not-stoppable"


# --- ending a doubt


def settling(who, *, state=State.IN_DOUBT):
    return may_settle(brought_to(state), person=core.person(who), holders=HOLDERS)


def test_who_may_decide_may_say_what_became_of_it():
    assert settling("bob") == Allowed()


def test_nobody_says_what_became_of_their_own():
    answer = settling("alice")

    assert rule(answer) == "own-doubt"
    assert "bob" in str(answer.reason.args["who"])


def test_who_holds_no_role_does_not_say_what_became_of_it():
    answer = settling("erin")

    assert rule(answer) == "not-a-settler"
    assert "bob" in str(answer.reason.args["who"])


@pytest.mark.parametrize("state", sorted(set(ENDED_WAYS) - {State.IN_DOUBT}))
def test_only_a_doubt_is_settled(state):
    answer = settling("bob", state=state)

    assert rule(answer) == "not-in-doubt"
    assert answer.reason.args["state"] == state.value


def test_a_role_of_the_route_does_not_make_one_s_own_doubt_anybody_else_s():
    operation = brought_to(State.IN_DOUBT)

    answer = may_settle(
        operation,
        person=core.person("alice"),
        holders={"client.owner": frozenset({"alice"})},
    )

    assert rule(answer) == "own-doubt"
    assert "alice" not in str(answer.reason.args["who"])


def test_other_policies_are_another_version():
    one, other = version("a"), version("b")

    assert len(one) == len(other) == 64
    assert one != other
    assert version("a") == one
