"""Cards in every state: what they say, what they offer, and what they never hide."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.decision import Verdict
from bot.domain.message import Message
from bot.domain.operation import State
from bot.domain.proposal import Line
from bot.outbound.slack.cards import card
from deploy.sandbox.slack.blocks import message_faults
from deploy.sandbox.slack.contracts import Contracts
from tests.outbound.slack_samples import (
    DIFF,
    PEN,
    PEOPLE,
    decision_of,
    direct_action,
    operation_of,
    proposal_of,
    view_of,
)

CONTRACTS = Contracts(Path(__file__).parents[3] / "shared/contracts/slack")
KINDS = ("resize", "backup")
WORDS = {
    State.ASKED: "Being prepared",
    State.PROPOSED: "Waiting for approval",
    State.APPROVED: "Approved, about to run",
    State.RUNNING: "Running",
    State.IN_DOUBT: "In doubt",
    State.DONE: "Done",
    State.FAILED: "Failed",
    State.REFUSED: "Refused",
    State.DENIED: "Denied",
    State.CANCELLED: "Cancelled",
    State.EXPIRED: "Expired",
    State.VOIDED: "Void",
}
BUTTONS = {
    State.ASKED: ["cancel"],
    State.PROPOSED: ["approve", "deny", "cancel"],
    State.APPROVED: ["cancel"],
}
# Slack refuses blocks with more text than some 13,000 characters in all.
MOST_TEXT = 13_000


def drawn(operation, **more):
    made = card(view_of(operation, **more), pen=PEN)
    assert message_faults(list(made.blocks), CONTRACTS) == []
    assert len(made.text) < 3500
    assert sum(len(one) for one in texts(list(made.blocks))) < MOST_TEXT
    return made


def texts(value):
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == "text" and isinstance(inner, str):
                yield inner
            else:
                yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)


def said(made):
    return "\n".join(texts(list(made.blocks)))


def buttons(made):
    last = made.blocks[-1]
    return last["elements"] if last["type"] == "actions" else []


def names(made):
    return [one["action_id"] for one in buttons(made)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("state", list(State))
def test_every_state_has_its_word_and_its_buttons(kind, state):
    made = drawn(operation_of(kind, state))

    offered = [name for name in names(made) if name != "open"]
    assert WORDS[state] in made.text
    assert f"*{WORDS[state]}*" in made.blocks[1]["text"]["text"]
    assert offered == BUTTONS.get(state, [])
    assert ("open" in names(made)) is (kind == "resize")


@pytest.mark.parametrize(
    ("progress", "offered"),
    [
        ({"stoppable": True}, ["halt"]),
        ({"stoppable": True, "halted_by": "alice"}, []),
        ({"stoppable": False}, []),
    ],
)
def test_what_runs_on_a_host_may_be_stopped_once(progress, offered):
    operation = operation_of("backup", State.RUNNING)
    running = operation.progress.model_copy(update=progress)

    made = drawn(operation.advanced(running))

    assert names(made) == offered


def test_the_order_is_the_order_of_questions_at_night():
    whole = said(drawn(operation_of()))

    order = [
        "Resize web-2 to m5.large",
        "Waiting for approval",
        "Destroys aws\N{LOW LINE}instance.db\N{LOW LINE}1",
        "instance_type = ",
        "Plan: 0 to add",
        "<@U0ALICE>",
        "<@U0BOB> <@U0DAVE>",
        "fingerprint",
    ]
    places = [whole.index(one) for one in order]
    assert places == sorted(places)


def test_a_button_carries_what_was_shown_and_nobody():
    operation = operation_of()

    values = [json.loads(one["value"]) for one in buttons(drawn(operation))[:2]]

    assert values == [{"o": operation.id, "d": operation.digest}] * 2


def test_approving_is_asked_twice_with_target_and_fingerprint():
    operation = operation_of()

    (approve, *_) = buttons(drawn(operation))

    text = approve["confirm"]["text"]["text"]
    assert operation.digest[:8] in text
    assert "web-2 in production of Acme" in text


def test_the_fingerprint_stays_in_the_question_however_long_the_title():
    operation = operation_of("backup", change=direct_action("x" * 400))

    (approve, *_) = buttons(drawn(operation))

    assert operation.digest[:8] in approve["confirm"]["text"]["text"]


def test_who_may_decide_is_called_by_mention_and_until_when():
    whole = said(drawn(operation_of()))

    assert "Needs 1 × the provider's on-call, until <!date^" in whole  # noqa: RUF001 - as shown
    assert "May decide: <@U0BOB> <@U0DAVE>" in whole


def test_nobody_to_decide_is_said():
    assert "Nobody may decide" in said(drawn(operation_of(), able=()))


def test_who_left_the_catalog_is_named_by_id():
    made = drawn(operation_of(), people={})

    assert "May decide: bob dave" in said(made)


def test_a_person_of_another_workspace_is_named_and_not_called():
    bob = PEOPLE["bob"]
    slack = tuple(one.model_copy(update={"team": "T0OTHER"}) for one in bob.slack)
    moved = bob.model_copy(update={"slack": slack})

    made = drawn(operation_of(), people={**PEOPLE, "bob": moved})

    assert "May decide: Bob Durand <@U0DAVE>" in said(made)


def test_decisions_are_told_with_their_reason():
    operation = operation_of("resize", State.DENIED)
    no = decision_of(operation, verdict=Verdict.DENY, reason="<!channel> no\n*really*")

    whole = said(drawn(operation, decisions=[no]))

    assert "🛑 <@U0BOB> denied at <!date^" in whole
    assert "<!channel>" not in whole
    assert "no ⏎ ＊really＊" in whole  # noqa: RUF001 - the twins are the point


def test_what_is_waited_for_is_shown_until_it_is_over():
    waits = operation_of("resize", State.RUNNING)
    over = operation_of("resize", State.DONE, progress=waits.progress)

    assert "Waiting for the plan" in said(drawn(waits))
    assert "Waiting for the plan" not in said(drawn(over))


def test_notes_are_shown_after_what_is_dangerous():
    note = Message.of("note.look-alikes", {"target": "web-2", "names": "web-1"})
    seen = proposal_of("resize", notes=(note,))

    whole = said(drawn(operation_of(proposal=seen)))

    assert whole.index("Mind the name") > whole.index("Destroys")


def test_a_diff_cannot_leave_its_block():
    nasty = f"{DIFF}+  ``` <!channel> :tada:\n"
    operation = operation_of(proposal=proposal_of("resize", diff=nasty))

    made = drawn(operation)

    (block,) = [one for one in made.blocks if "<!channel>" in str(one)]
    assert block["type"] == "rich_text"


def test_a_finding_that_does_not_fit_takes_the_approve_button_away():
    many = tuple(
        Message.of("guard.destroy", {"address": f"aws_instance.web_{number}"})
        for number in range(400)
    )
    operation = operation_of(proposal=proposal_of("resize", findings=many))

    made = drawn(operation)

    assert "approve" not in names(made)
    assert "more lines do not fit here" in said(made)
    assert f"/infra approve {operation.short} {operation.digest[:8]}" in said(made)


def test_a_finding_too_long_to_be_shown_in_full_takes_it_away_too():
    found = (Message.of("guard.update", {"address": "a.b", "attributes": "x" * 900}),)
    operation = operation_of(proposal=proposal_of("resize", findings=found))

    made = drawn(operation)

    assert "approve" not in names(made)
    assert "shortened" in said(made)


@pytest.mark.parametrize("count", [1, 5, 40, 500, 5000])
def test_no_destructive_line_is_hidden_from_who_can_approve(count):
    destroyed = tuple(f"- aws_instance.web_{number}" for number in range(count))
    rest = tuple(f"+ aws_instance.new_{number}" for number in range(count))
    seen = proposal_of("resize", plan=(*destroyed, *rest), findings=())

    made = drawn(operation_of(proposal=seen))

    whole = said(made).split("\n")
    assert "approve" not in names(made) or set(destroyed) <= set(whole)


def test_a_long_plan_without_danger_is_counted_and_approvable():
    plan = tuple(f"+ aws_instance.new_{number}" for number in range(500))

    made = drawn(operation_of(proposal=proposal_of("resize", plan=plan)))

    assert "approve" in names(made)
    assert "more lines do not fit here" in said(made)


def test_a_plan_line_cannot_pretend_to_be_another():
    plan = ("~ aws_instance.a", "    tag = x\n- aws_instance.b -> y")

    made = drawn(operation_of(proposal=proposal_of("resize", plan=plan)))

    assert "\n- aws_instance.b" not in said(made)


NASTY = st.text(
    alphabet=st.one_of(st.sampled_from("<>&@!*_~`:|\n\u202e"), st.characters()),
    max_size=700,
)


@given(NASTY, st.lists(NASTY, max_size=12), NASTY)
def test_no_text_makes_a_card_that_slack_refuses(one, many, diff):
    seen = proposal_of(
        "resize",
        findings=tuple(Message.of("guard.create", {"address": text}) for text in many),
        facts=tuple(
            Line(label=Message.of("card.live", {"name": one[:30]}), value=text)
            for text in many
        ),
        plan=tuple(many),
        shared_with=tuple(many),
        diff=diff,
    )
    operation = operation_of(
        "resize",
        proposal=seen,
        change=direct_action(one),
        target=one[:60] or "x",
        outcome=Message.of("refused.no-operation", {"got": one}),
    )

    drawn(operation, able=[one or "x"])
