"""People read names, never ids, in whatever they are refused."""

from __future__ import annotations

import pytest

from bot.domain.message import Message
from bot.domain.people import members
from bot.flow.answer import answer
from bot.flow.naming import called, in_names
from bot.outbound.slack.pen import Pen
from bot.outbound.speech import Speech

PEN = Pen(Speech(), "en")


async def test_who_clicks_second_reads_the_first_one_s_name(ops):
    card = await ops.alice.asks("backup db-prod-2")
    await ops.bob.approves(card)

    told = await ops.dave.approves(card)

    assert PEN.plain(told).startswith("Bob Durand approved it at")
    assert PEN.say(told).startswith("<@U0BOB> approved it at")


async def test_who_may_not_decide_reads_who_can(ops):
    card = await ops.alice.asks("backup db-prod-2")

    told = await ops.carol.approves(card)

    assert PEN.plain(told).endswith("These are: Bob Durand, Dave Leroy.")
    assert PEN.say(told).endswith("These are: <@U0BOB> <@U0DAVE>.")


async def test_who_may_not_cancel_reads_who_asked(ops):
    card = await ops.alice.asks("backup db-prod-2")

    told = await ops.carol.cancels(card)

    assert PEN.plain(told).startswith("Only the person who asked can cancel this (")
    assert PEN.plain(told).endswith(": Alice Martin.")


async def test_the_story_tells_a_refusal_with_names_and_keeps_the_ids(ops):
    card = await ops.alice.asks("backup db-prod-2")
    await ops.carol.cancels(card)

    kept = await ops.told(card, "decision.refused")
    story = await answer(
        ops.alice._knock(f"status {card.operation.short}"), front=ops.back
    )

    assert kept["reason"]["args"]["requester"]["args"]["members"] == "alice"
    assert "Alice Martin" in kept["reason"]["args"]["requester"]["args"]["names"]
    assert story.card.operation == card.operation


@pytest.mark.parametrize(
    ("ids", "plain", "drawn"),
    [
        ((), "nobody at the moment", "nobody at the moment"),
        (("bob",), "Bob Durand", "<@U0BOB>"),
        (("bob", "stranger"), "Bob Durand, stranger", "<@U0BOB>, stranger"),
    ],
)
async def test_whoever_cannot_be_called_is_named(ops, ids, plain, drawn):
    found = called(ids, team="T0CLARANET", front=ops.back)
    message = Message.of("refused.not-a-decider", {"who": found})

    assert PEN.plain(message).endswith(f"These are: {plain}.")
    assert PEN.say(message).endswith(f"These are: {drawn}.")


async def test_people_deep_within_a_message_are_named_too(ops):
    inner = Message.of("refused.not-a-decider", {"who": members(("bob",))})
    message = Message.of("doubt.refused", {"reason": inner})

    found = in_names(message, team="T0CLARANET", front=ops.back)

    assert "Bob Durand" in PEN.plain(found)
    assert "people.members" not in found.model_dump_json()


async def test_the_answer_to_asking_says_which_look_alike_is_not_meant(ops):
    told = await ops.alice.says("backup db-prod")

    assert "Back up db-prod (not db-prod-2)." in PEN.plain(told)


async def test_the_card_says_which_look_alike_is_not_meant(ops):
    card = await ops.alice.asks("backup db-prod")

    assert "this is db-prod, not db-prod-2" in card


async def test_a_target_like_no_other_is_asked_for_without_a_warning(ops):
    told = await ops.alice.says("backup db-staging")

    assert "Back up db-staging. A card" in PEN.plain(told)
