"""
Every way to approve what is not one's to approve: refused, explained, written down.

One story a way, told by whoever tries it. The explanation is read as the person reads
it, the record as the audit has it, and nothing has moved or run afterwards.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import pytest

from bot.domain.decision import Verdict
from bot.domain.operation import State
from bot.flow.decide import Choice, decide
from bot.outbound.slack.pen import Pen
from bot.outbound.speech import Speech
from tests.flow.people import ACME

PEN = Pen(Speech(), "en")
ON_CALL = "      - role: provider.oncall\n    expires: 1h"


@dataclass(frozen=True)
class Tried:
    """What somebody tried on which card, what it was answered, and who it was."""

    card: object
    answer: object
    actor: str


async def on_one_s_own_request(ops):
    card = await ops.bob.asks("backup db-prod-2")
    return Tried(card, await ops.bob.approves(card), "bob")


async def on_a_merge_request_with_a_commit_of_one_s_own(ops):
    branch = "faster"
    files = await ops.edits(
        '"web-2" = { instance_type = "t3.medium"',
        '"web-2" = { instance_type = "m5.large"',
    )
    await ops.pushes("alice", branch, files)
    await ops.pushes("bob", branch, {"notes.md": "Looked at it.\n"})
    request = await ops.opens("alice", branch, "A faster web-2")
    await ops.hints(request.iid)
    await ops.works()
    card = await ops.card((await ops.newest()).id)
    return Tried(card, await ops.bob.approves(card), "bob")


async def as_a_delegate_of_the_requester(ops):
    needs = ON_CALL.replace("provider.oncall", "client.owner")
    await ops.edits_catalog("routes.yaml", ON_CALL, needs)
    await ops.carol.types("delegate client.owner to <@U0ALICE> until tomorrow 18:00")
    card = await ops.carol.asks("backup db-prod-2")
    return Tried(card, await ops.alice.approves(card), "alice")


async def after_being_deactivated(ops):
    card = await ops.alice.asks("backup db-prod-2")
    await ops.edits_catalog(
        "provider.yaml",
        "    gitlab: bob\n",
        "    gitlab: bob\n    deactivated: true\n",
    )
    return Tried(card, await ops.bob.approves(card), "bob")


async def from_another_team(ops):
    card = await ops.alice.asks("backup db-prod-2")
    elsewhere = ops.bob.at(ACME, team="T0OTHER")
    return Tried(card, await elsewhere.approves(card), "T0OTHER/U0BOB")


async def one_second_after_the_role_was_withdrawn(ops):
    card = await ops.alice.asks("backup db-prod-2")
    await ops.edits_catalog("provider.yaml", "members: [bob, dave]", "members: [dave]")
    ops.clock.passes(seconds=1)
    return Tried(card, await ops.bob.approves(card), "bob")


async def on_an_expired_card(ops):
    card = await ops.alice.asks("backup db-prod-2")
    ops.clock.passes(hours=1, seconds=1)
    return Tried(card, await ops.bob.approves(card), "bob")


async def on_an_edited_message(ops):
    card = await ops.alice.asks("backup db-prod-2")
    other = await ops.alice.asks("backup db-staging")
    # The button of one card, made to carry what was shown on another.
    forged = Choice(card.operation.id, other.digest, Verdict.APPROVE)
    answer = await decide(ops.bob._knock(kind="action"), choice=forged, front=ops.back)
    return Tried(card, answer, "bob")


async def on_an_operation_of_another_client(ops):
    card = await ops.alice.asks("backup db-prod-2")
    return Tried(card, await ops.greg.approves(card), "greg")


async def in_the_channel_of_another_client(ops):
    card = await ops.alice.asks("backup db-prod-2")
    return Tried(card, await ops.greg.at(ACME).approves(card), "greg")


async def of_what_waits_behind_the_glass(ops):
    card = await ops.bob.breaks_glass_for("backup db-prod-2", "orders are being lost")
    return Tried(card, await ops.dave.approves(card), "dave")


OF_IT, AT_THE_DOOR = "decision.refused", "request.refused"


@dataclass(frozen=True)
class Refusal:
    """What the person reads, by which rule, in whose chain, and what it is called."""

    words: str
    rule: str | None
    chain: str = "acme"
    event: str = OF_IT


WAYS = {
    on_one_s_own_request: Refusal(
        "You asked for this, so you cannot decide on it (rule self-decision, built in)."
        " These can: Dave Leroy",
        "self-decision",
    ),
    on_a_merge_request_with_a_commit_of_one_s_own: Refusal(
        "You wrote a commit of this change, so you cannot decide on it "
        "(rule author-decision, built in). These can: Dave Leroy",
        "author-decision",
    ),
    as_a_delegate_of_the_requester: Refusal(
        "You decide here only by what Carol Petit lent you", "delegate-of-requester"
    ),
    after_being_deactivated: Refusal(
        "Your account of Acme is deactivated, so nothing is done for you here",
        "deactivated",
        event=AT_THE_DOOR,
    ),
    from_another_team: Refusal(
        "This channel belongs to no client that Tandem knows (rule unknown-channel, "
        "built in).",
        "unknown-channel",
        chain="claranet",
        event=AT_THE_DOOR,
    ),
    one_second_after_the_role_was_withdrawn: Refusal(
        "You are not among those who decide on this (rule not-a-decider, built in). "
        "These are: Dave Leroy",
        "not-a-decider",
    ),
    on_an_expired_card: Refusal(
        "Its time to be decided on is over (rule expired, built in). Please ask for it",
        "expired",
    ),
    on_an_edited_message: Refusal(
        "What you saw is not what would run now, so nothing is recorded "
        "(rule other-digest, built in).",
        "other-digest",
    ),
    on_an_operation_of_another_client: Refusal(
        "There is no operation", None, chain="globex", event=AT_THE_DOOR
    ),
    in_the_channel_of_another_client: Refusal(
        "You work for another company than the one this channel belongs to, so nothing "
        "is done for you here (rule other-client, built in).",
        "other-client",
        event=AT_THE_DOOR,
    ),
    of_what_waits_behind_the_glass: Refusal(
        "This was asked for as break-glass, so nobody approves or denies it "
        "(rule glass-not-decided, built in). Only who asked can break the glass or "
        "cancel it: Bob Durand",
        "glass-not-decided",
    ),
}


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
async def test_nobody_approves(ops, way):
    refusal = WAYS[way]

    tried = await way(ops)
    await ops.works()

    assert PEN.plain(tried.answer).startswith(refusal.words)
    records = await ops.audit(client=refusal.chain)
    written = [one for one in records if one.event.value == refusal.event][-1]
    body = json.loads(written.body)
    assert written.actor == tried.actor
    assert body.get("rule") == refusal.rule
    assert body["reason"]["key"] == tried.answer.key
    about = tried.card.operation.id if refusal.event == OF_IT else None
    assert written.operation == about
    assert await ops.state(tried.card) is State.PROPOSED
    assert ops.aws.created == ()
    assert not ops.git.merged
