"""An operation moves along the table of steps, and along nothing else."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from bot.domain.audit import EventName
from bot.domain.errors import WrongState
from bot.domain.message import Message
from bot.domain.operation import ENDED, STEPS, Operation, Progress, State, step_to
from tests.domain import core_samples as core

SQL = Path(__file__).parents[2] / "alembic/sql/0002_tables.sql"
STATES = st.sampled_from(State)


class Life(RuleBasedStateMachine):
    """Any operation, pushed towards any state, at any time."""

    def __init__(self):
        super().__init__()
        self.operation = core.asked()
        self.been = [State.ASKED]

    @rule(state=STATES)
    def push(self, state):
        before = self.operation
        allowed = any(step.to is state for step in STEPS[before.state])

        if allowed:
            self.operation = before.to(state, at=core.NOW)
            self.been.append(state)
        else:
            with pytest.raises(WrongState) as refusal:
                before.to(state, at=core.NOW)
            assert refusal.value.message.args == {
                "state": before.state.value,
                "wanted": state.value,
            }

    @precondition(lambda self: not self.operation.ended)
    @rule()
    def note_progress(self):
        noted = Progress(branch="tandem/x", merge_request=len(self.been))

        moved = self.operation.advanced(noted)

        assert (moved.state, moved.progress) == (self.operation.state, noted)
        self.operation = moved

    @invariant()
    def never_twice_in_one_state(self):
        assert len(set(self.been)) == len(self.been)

    @invariant()
    def nothing_runs_that_was_not_approved(self):
        if State.RUNNING in self.been:
            at = self.been.index(State.RUNNING)
            assert self.been[at - 1] is State.APPROVED
            assert State.PROPOSED in self.been[:at]

    @invariant()
    def ended_means_a_moment_and_no_way_on(self):
        assert self.operation.ended == (self.operation.ended_at is not None)
        assert self.operation.ended == (not STEPS[self.operation.state])

    @invariant()
    def what_it_is_never_changes(self):
        assert self.operation.id == core.ID
        assert self.operation.requester == "alice"


TestLife = Life.TestCase


def test_the_database_has_the_same_steps():
    written = SQL.read_text(encoding="utf-8")
    values = written.partition("INSERT INTO operation_step")[2].partition(";")[0]

    in_sql = set(re.findall(r"\('(\w+)', '(\w+)'\)", values))

    assert in_sql == {
        (before.value, step.to.value) for before in STEPS for step in STEPS[before]
    }


def test_every_state_has_its_row_and_every_way_leads_to_an_end():
    def ends(state):
        return (
            {state}
            if not STEPS[state]
            else set().union(*(ends(step.to) for step in STEPS[state]))
        )

    assert set(STEPS) == set(State)
    assert ends(State.ASKED) == ENDED


def test_each_step_is_told_by_an_event_that_the_audit_has():
    told = {step.event for steps in STEPS.values() for step in steps}

    assert told <= {name.value for name in EventName}


def test_steps_to_one_state_are_told_by_one_event():
    events = {}
    for steps in STEPS.values():
        for step in steps:
            events.setdefault(step.to, set()).add(step.event)

    # What nobody approved is told as that, and never as an approval.
    assert events.pop(State.APPROVED) == {"operation.approved", "glass.broken"}
    assert all(len(names) == 1 for names in events.values())


def test_a_step_that_is_not_in_the_table_is_refused_with_where_it_stands():
    with pytest.raises(WrongState) as refusal:
        step_to(State.ASKED, State.RUNNING)

    assert refusal.value.message.key == "refused.wrong-state"


def test_an_outcome_stays_until_another_one_comes():
    first, second = Message.of("a.b"), Message.of("c.d")
    running = core.proposed().to(State.APPROVED, outcome=first).to(State.RUNNING)

    done = running.to(State.DONE, at=core.NOW, outcome=second)

    assert (running.outcome, done.outcome) == (first, second)


def test_proposing_lays_down_what_is_decided_on():
    waiting = core.asked().advanced(Progress(waiting_for=Message.of("wait.plan")))
    later = core.NOW + timedelta(hours=8)
    made = core.proposal(core.bound(expires_at=later))

    laid = waiting.proposed(made, digest="d" * 64, route=core.ON_CALL)

    assert laid.state is State.PROPOSED
    assert (laid.proposal, laid.digest, laid.route) == (made, "d" * 64, core.ON_CALL)
    assert (laid.risk, laid.expires_at) == (made.risk, later)
    assert laid.progress.waiting_for is None


def test_a_reminder_is_remembered():
    reminded = core.proposed().reminded_now()

    assert reminded.reminded


def test_people_type_the_beginning_of_an_id():
    assert core.asked().short == core.ID[:7]


@given(st.text(max_size=24))
def test_an_id_is_twenty_letters_of_base32(text):
    fits = re.fullmatch(r"[a-z2-7]{20}", text, re.ASCII) is not None

    try:
        core.asked(id=text)
    except ValueError:
        assert not fits
    else:
        assert fits


def test_an_operation_survives_being_stored():
    stored = core.proposed().model_dump_json()

    assert Operation.model_validate_json(stored) == core.proposed()
