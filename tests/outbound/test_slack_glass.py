"""The card of an emergency: loud, without a word of approval, with its review."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.glass import Break
from bot.domain.message import Message
from bot.domain.operation import State
from bot.outbound.slack.cards import card
from deploy.sandbox.slack.blocks import message_faults
from tests.outbound.slack_samples import NOW, PEN, operation_of, view_of
from tests.outbound.test_slack_cards import CONTRACTS, texts

WHY = "orders <!channel> are *lost* since 02:10"


def emergency(state, kind="backup"):
    return operation_of(kind, state).model_copy(update={"glass": WHY})


def a_break(operation, **more):
    return Break(
        operation=operation.id,
        client="acme",
        member="alice",
        organisation="acme",
        reason=WHY,
        digest=operation.digest or "",
        at=NOW,
        **more,
    )


def drawn(operation, **more):
    made = card(replace(view_of(operation), **more), pen=PEN)
    assert message_faults(list(made.blocks), CONTRACTS) == []
    return made


def whole(made):
    return "\n".join(texts(list(made.blocks)))


def actions(made):
    return [
        one["action_id"]
        for block in made.blocks
        if block["type"] == "actions"
        for one in block["elements"]
        if one.get("value")
    ]


@pytest.mark.parametrize("kind", ["resize", "backup"])
def test_it_cannot_be_taken_for_another_card(kind):
    made = drawn(emergency(State.PROPOSED, kind))

    assert made.blocks[0]["text"]["text"].startswith("🚨 BREAK-GLASS · ")
    assert made.text.startswith("🚨 BREAK-GLASS · ")
    assert "Waiting to be confirmed" in whole(made)
    assert "Only <@U0ALICE> can break the glass" in whole(made)
    assert "It goes past the approval of: 1 × the provider's on-call" in whole(made)  # noqa: RUF001 - as shown


def test_its_reason_is_data():
    made = drawn(emergency(State.PROPOSED))

    assert "<!channel>" not in whole(made)
    assert "&lt;!channel&gt;" in whole(made)


def test_it_offers_the_glass_and_nothing_to_approve_or_deny():
    assert actions(drawn(emergency(State.PROPOSED))) == ["break_glass", "cancel"]


def test_a_freeze_takes_the_button_from_no_emergency():
    frozen = Message.of(
        "card.frozen-past",
        {"declared": "yes", "who": "Carol", "until": "tomorrow", "reason": "Launch"},
    )

    made = drawn(emergency(State.PROPOSED), held=frozen)

    assert actions(made) == ["break_glass", "cancel"]
    assert "Breaking the glass goes past this" in whole(made)


@pytest.mark.parametrize("state", State)
def test_no_state_of_it_is_told_as_approved(state):
    made = drawn(emergency(state))

    assert "Approved" not in whole(made)
    assert "Waiting for approval" not in whole(made)


def test_what_runs_has_no_review_yet():
    operation = emergency(State.RUNNING)

    made = drawn(operation, broken=a_break(operation))

    assert "<@U0ALICE> broke the glass at" in whole(made)
    assert "🔎" not in whole(made)


def test_what_ended_says_how_to_close_its_review():
    operation = emergency(State.DONE)

    made = drawn(operation, broken=a_break(operation))

    assert f"/infra review {operation.short}" in whole(made)


def test_a_closed_review_says_by_whom_and_what_was_found():
    operation = emergency(State.DONE)
    closed = a_break(
        operation,
        closed_at=NOW + timedelta(hours=1),
        closed_by="bob",
        finding="It was right.",
    )

    made = drawn(operation, broken=closed)

    assert "<@U0BOB> closed the review at" in whole(made)
    assert "It was right." in whole(made)
