"""Freezes: people may ask, and nothing is approved or run until they are over."""

import json

import pytest

from bot.domain.decision import Verdict
from bot.domain.operation import State
from bot.flow.decide import Choice, may_open
from bot.flow.freeze import freeze
from bot.inbound.slack.typed import typed
from bot.outbound.slack.pen import Pen
from bot.outbound.speech import Speech
from tests.flow.test_corners import Instead

PEN = Pen(Speech(), "en")
EVERYBODY = "policies/everybody.cedar"
TRAINEES = '\n@id("trainees-ask-on-staging")'
DEVELOPERS_FREEZE = """
@id("developers-freeze")
@because("Whoever sees that something is wrong stops it.")
permit (principal in Role::"client.developer", action == Action::"freeze", resource);

@id("trainees-ask-on-staging")"""


async def refusal(ops):
    """Return what was written down of the last refusal."""
    return json.loads((await ops.audit())[-1].body)


async def freezes(who, words):
    return (await typed(who._knock(words), front=who.ops.back)).message


async def test_who_asks_during_a_freeze_is_told_until_when_and_why(ops):
    await freezes(ops.carol, "freeze production until tomorrow 09:00 We launch tonight")
    card = await ops.alice.asks("backup db-prod-2")

    told = await ops.bob.approves(card)

    assert card.operation.state is State.PROPOSED
    assert "Frozen by Carol Petit until" in card
    assert "We launch tonight" in card
    assert set(card.buttons) == {"deny", "cancel"}
    assert told.key == "refused.frozen"
    assert (told.args["who"], told.args["reason"]) == (
        "Carol Petit",
        "We launch tonight",
    )
    assert await ops.state(card) is State.PROPOSED
    assert (await ops.events(card))[-1] == "decision.refused"


async def test_a_freeze_is_audited_and_the_channel_is_told(ops):
    await freezes(ops.carol, "freeze all until tomorrow 09:00 We launch tonight")
    await ops.speaks()

    (record,) = [one for one in await ops.audit() if one.event == "freeze.declared"]
    body = json.loads(record.body)
    assert (record.actor, body["environment"]) == ("carol", "all")
    assert body["reason"] == "We launch tonight"
    (said,) = ops.slack.posts()
    assert said.text.startswith("Carol Petit froze everything here until")


async def test_what_is_frozen_may_still_be_denied_and_cancelled(ops):
    first = await ops.alice.asks("backup db-prod-2")
    second = await ops.alice.asks("backup db-staging")
    await freezes(ops.bob, "freeze all until tomorrow 09:00 Disks are failing")

    await ops.bob.denies(first, "not now, the disks are failing")
    await ops.alice.cancels(second)

    assert await ops.state(first) is State.DENIED
    assert await ops.state(second) is State.CANCELLED


async def test_what_was_approved_waits_for_the_end_of_a_freeze_and_then_runs(ops):
    card = await ops.alice.asks("backup db-staging")
    await ops.bob.approves(card)
    await freezes(ops.carol, "freeze staging until tomorrow 00:30 Load test")

    await ops.works()
    await ops.sweeps()
    held = await ops.again(card)
    while_frozen = len(ops.aws.created)
    await freezes(ops.carol, "unfreeze staging")
    await ops.sweeps()

    assert held.operation.state is State.APPROVED
    assert "Frozen by Carol Petit" in held
    assert (await ops.events(card)).count("operation.paused") == 1
    assert while_frozen == 0
    assert await ops.state(card) is State.DONE
    assert len(ops.aws.created) == 1


async def test_an_approval_does_not_outlive_its_time_in_a_freeze(ops):
    card = await ops.alice.asks("backup db-prod-2")
    await ops.bob.approves(card)
    await freezes(ops.carol, "freeze production until tomorrow 23:30 We launch")
    await ops.works()
    ops.clock.passes(hours=1, minutes=1)

    await ops.sweeps()

    assert await ops.state(card) is State.EXPIRED
    assert len(ops.aws.created) == 0


async def test_a_freeze_ends_by_itself(ops):
    await freezes(ops.carol, "freeze all until tomorrow 09:00 We launch tonight")
    ops.clock.passes(days=2)
    card = await ops.alice.asks("backup db-prod-2")

    await ops.bob.approves(card)

    assert await ops.state(card) is State.APPROVED


async def test_a_freeze_of_staging_leaves_production_alone(ops):
    await freezes(ops.carol, "freeze staging until tomorrow 09:00 Load test")
    card = await ops.alice.asks("backup db-prod-2")

    await ops.bob.approves(card)

    assert await ops.state(card) is State.APPROVED


async def test_a_freeze_of_one_client_leaves_another_alone(ops):
    await freezes(ops.carol, "freeze all until tomorrow 09:00 We launch tonight")
    card = await ops.gina.asks("backup shop-db", client="globex")

    assert "Frozen" not in card
    assert await ops.back.store.freezes("globex", after=ops.clock.now()) == ()


@pytest.mark.parametrize("person", ["alice", "dave"])
async def test_a_freeze_is_for_owners_managers_and_whoever_is_on_call(ops, person):
    await ops.edits_catalog("provider.yaml", "members: [bob, dave]", "members: [bob]")

    told = await freezes(
        getattr(ops, person), "freeze all until tomorrow 09:00 Just because"
    )

    words = PEN.plain(told)
    assert "The rule responsible-freeze (tandem:default.cedar:" in words
    assert "Bob Durand" in words
    assert "Please ask one of them to do it." in words
    assert (await refusal(ops))["rule"] == "nothing-permits"


async def test_a_refused_freeze_names_who_was_handed_the_rota(ops):
    await typed(
        ops.bob._knock("oncall give <@U0DAVE> until tomorrow 09:00"), front=ops.back
    )

    told = PEN.plain(
        await freezes(ops.alice, "freeze all until tomorrow 09:00 Just because")
    )

    assert "Carol Petit, Dave Leroy, Erin" in told
    assert "Bob Durand" not in told


async def test_a_policy_can_let_others_freeze(ops):
    await ops.edits_catalog(EVERYBODY, TRAINEES, DEVELOPERS_FREEZE)

    told = await freezes(ops.alice, "freeze all until tomorrow 09:00 Shop is slow")

    assert told.key == "freeze.declared"


async def test_who_was_lent_being_an_owner_freezes(ops):
    lent = "delegate client.owner to <@U0ALICE> until tomorrow 18:00"
    await typed(ops.carol._knock(lent), front=ops.back)

    told = await freezes(ops.alice, "freeze all until tomorrow 09:00 Shop is slow")

    assert told.key == "freeze.declared"


async def test_only_the_company_that_froze_ends_it_early(ops):
    await freezes(ops.carol, "freeze all until tomorrow 09:00 We launch tonight")

    told = await freezes(ops.bob, "unfreeze all")

    assert told.key == "refused.freeze-of-others"
    assert PEN.plain(told) == (
        "This freeze was declared by Carol Petit of the other company: “We launch "
        "tonight”. Only their company ends it early (rule freeze-of-others, built in). "
        "These can: Carol Petit."
    )
    assert (await refusal(ops))["rule"] == "freeze-of-others"


async def test_that_there_is_nothing_to_end_is_written_down_with_its_rule(ops):
    await freezes(ops.carol, "unfreeze all")

    assert (await refusal(ops))["rule"] == "freeze-none"


@pytest.mark.parametrize(
    ("typed", "rule"),
    [
        ("freeze production", "freeze-usage"),
        ("freeze production until tomorrow 09:00", "freeze-usage"),
        ("freeze everything until tomorrow 09:00 Because", "freeze-where"),
        ("freeze all until yesterday 09:00 Because", "when-unread"),
        ("unfreeze", "unfreeze-usage"),
        ("unfreeze all", "freeze-none"),
    ],
)
async def test_what_cannot_be_read_says_what_to_type(ops, typed, rule):
    told = await freezes(ops.carol, typed)

    assert told.key == f"refused.{rule}"


async def test_a_freeze_delivered_twice_is_one(ops):
    knock = ops.carol._knock("freeze all until tomorrow 09:00 We launch tonight")
    first = await freeze(knock, front=ops.back)
    again = await freeze(knock, front=ops.back)

    assert first == again
    assert len(await ops.back.store.freezes("acme", after=ops.clock.now())) == 1


async def test_a_freeze_of_the_catalog_holds_too_and_names_itself(ops):
    begins = f"{ops.clock.now():%Y-%m-%d}T00:00"
    await ops.edits_catalog(
        "clients/acme/client.yaml",
        "requests: {",
        "freezes:\n"
        "  - name: year-end\n"
        "    reason: Year-end sales\n"
        "    timezone: Europe/Paris\n"
        f"    from: {begins}\n"
        "    until: 2099-01-01T00:00\n"
        "requests: {",
    )
    card = await ops.alice.asks("backup db-prod-2")

    told = await ops.bob.approves(card)

    assert "Frozen by the catalog (year-end)" in card
    assert (told.key, told.args["who"]) == ("refused.frozen", "year-end")


async def test_who_may_not_decide_learns_that_before_the_freeze(ops):
    await freezes(ops.carol, "freeze all until tomorrow 09:00 We launch tonight")
    card = await ops.alice.asks("backup db-prod-2")

    told = await ops.alice.approves(card)
    choice = Choice(card.operation.id, card.digest, Verdict.DENY)
    opens = await may_open(ops.bob._knock(), choice=choice, front=ops.back)

    assert told.key == "refused.self-decision"
    assert opens is None


async def test_a_freeze_that_is_lifted_twice_at_once_is_lifted_once(ops):
    await freezes(ops.carol, "freeze all until tomorrow 09:00 We launch tonight")
    declared = await ops.back.store.freezes("acme", after=ops.clock.now())
    first = await freezes(ops.carol, "unfreeze all")

    async def still(client, *, after):
        return declared

    front = ops.with_ports(store=Instead(ops.back.store, freezes=still))
    again = await freeze(ops.carol._knock("unfreeze all"), front=front)

    assert first.key == "freeze.lifted"
    assert again.key == "refused.freeze-none"
    assert (await ops.events()).count("freeze.lifted") == 1
