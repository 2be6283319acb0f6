"""The words of the table, written a second time: what is stored and audited by name."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import ValidationError

from bot.domain.decision import Decision, Verdict
from bot.domain.operation import ENDED, STEPS, Operation, Progress, State, step_to
from bot.domain.scope import Risk
from tests.domain import core_samples as core

TABLE = """
asked     proposed   prepare         operation.proposed
asked     refused    prepare         operation.refused
asked     cancelled  requester       operation.cancelled
asked     expired    sweep           operation.expired
proposed  approved   decider         operation.approved
proposed  approved   break-glass     glass.broken
proposed  denied     decider         operation.denied
proposed  cancelled  requester       operation.cancelled
proposed  expired    sweep           operation.expired
proposed  voided     watch           operation.voided
approved  running    execute         operation.started
approved  voided     execute, watch  operation.voided
approved  cancelled  requester       operation.cancelled
approved  expired    execute, sweep  operation.expired
running   done       execute         operation.done
running   failed     execute         operation.failed
running   in_doubt   execute, sweep  operation.doubted
in_doubt  done       reconcile, decider operation.done
in_doubt  failed     reconcile, decider operation.failed
"""
ENDS = {"done", "failed", "refused", "denied", "cancelled", "expired", "voided"}


def test_the_table_is_this_one():
    lines = [
        f"{before.value:<9} {step.to.value:<10} {step.by:<15} {step.event}"
        for before in STEPS
        for step in STEPS[before]
    ]

    assert lines == TABLE.strip().splitlines()
    assert {state.value for state in ENDED} == ENDS


def test_what_is_new_has_brought_nothing_about():
    operation = core.asked()

    assert operation.state is State.ASKED
    assert (operation.version, operation.reminded) == (1, False)
    assert operation.called
    assert operation.route is operation.proposal is operation.digest is None
    assert operation.progress == Progress()
    yet = {name: value for name, value in operation.progress if value is not None}
    assert yet == {"announced": False, "stoppable": False, "handed": False}


def test_what_goes_on_has_no_end():
    on_its_way = core.proposed().to(State.APPROVED, at=core.NOW)

    assert on_its_way.ended_at is None
    assert on_its_way.to(State.VOIDED, at=core.NOW).ended_at == core.NOW


def test_a_verdict_is_one_of_two_words_and_a_decision_may_be_silent():
    decision = core.decision(core.proposed())

    assert [one.value for one in Verdict] == ["approve", "deny"]
    assert (decision.reason, decision.shown_in) == ("", "")
    assert Decision.model_validate(decision.model_dump(mode="json")) == decision


@pytest.mark.parametrize("wrong", ["", "a" * 19, "a" * 21, "A" * 20, "a" * 19 + "1"])
def test_what_is_no_id_is_refused(wrong):
    with pytest.raises(ValidationError):
        Operation.model_validate(core.asked().model_dump() | {"id": wrong})


# --- when


def test_what_is_not_scheduled_is_decided_until_it_expires_and_runs_at_once():
    operation = core.proposed()

    assert operation.decide_by == operation.expires_at
    assert operation.runs_at(core.NOW) == core.NOW
    assert operation.wait(core.NOW) is None


def test_what_is_scheduled_is_decided_until_then_and_runs_then_or_late():
    then = core.NOW + timedelta(hours=2)
    operation = core.proposed().model_copy(update={"scheduled_for": then})

    assert operation.decide_by == then != operation.expires_at
    assert operation.runs_at(core.NOW) == then
    assert operation.wait(core.NOW) == timedelta(hours=2)
    late = then + timedelta(minutes=1)
    assert operation.runs_at(late) == late
    assert operation.wait(then) is operation.wait(late) is None


# --- what is known of it


def test_what_was_proposed_has_the_risk_that_was_found():
    made = core.proposal().model_copy(update={"risk": Risk.HIGH})
    route = core.proposed().route

    operation = core.asked(risk=Risk.LOW).proposed(made, digest="0" * 64, route=route)

    assert operation.risk is Risk.HIGH
    assert operation.escalated == 0


def test_what_is_taken_back_says_by_which():
    assert core.proposed().undone(by="another").undone_by == "another"


@pytest.mark.parametrize("before", sorted(STEPS))
def test_a_step_of_the_table_is_given_whole(before):
    for step in STEPS[before]:
        assert step_to(before, step.to).to is step.to
