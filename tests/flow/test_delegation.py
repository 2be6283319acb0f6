"""A role lent for a while: told, written down, never worth more than who lent it."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from bot.domain.operation import State
from bot.flow.delegate import delegate
from bot.inbound.slack.typed import typed
from bot.outbound.slack.pen import Pen
from bot.outbound.speech import Speech
from tests.flow.people import GLOBEX
from tests.flow.test_corners import Instead

PEN = Pen(Speech(), "en")
TO_ALICE = "delegate client.owner to <@U0ALICE> until tomorrow 18:00"


async def told(person, line):
    view = await typed(person._knock(line), front=person.ops.back)
    return view.message


async def said(person, line):
    return PEN.plain(await told(person, line))


async def owners_decide(ops, *, count=1):
    await ops.edits_catalog(
        "routes.yaml",
        "      - role: provider.oncall\n    expires: 1h",
        f"      - role: client.owner\n        count: {count}\n    expires: 1h",
    )


async def test_who_was_lent_a_role_decides_for_a_while(ops):
    await owners_decide(ops)
    await told(ops.carol, TO_ALICE)
    card = await ops.bob.asks("backup db-prod-2")

    answer = await ops.alice.approves(card)
    await ops.works()

    assert "<@U0ALICE>" in card
    assert answer.key == "decided.approve"
    assert await ops.state(card) is State.DONE


async def test_it_is_announced_and_written_down(ops):
    answer = await said(ops.carol, TO_ALICE)
    await ops.speaks()

    record = (await ops.audit())[-1]
    body = json.loads(record.body)
    assert answer.startswith(
        "Carol Petit lends being an owner of the client to Alice Martin"
    )
    assert record.event.value == "delegation.made"
    assert (body["role"], body["giver"], body["taker"]) == (
        "client.owner",
        "carol",
        "alice",
    )
    assert any("lends being" in one.text for one in ops.slack.posts())


async def test_before_it_begins_and_after_it_ends_it_is_worth_nothing(ops):
    await owners_decide(ops)
    begins = ops.clock.now().replace(microsecond=0)
    line = (
        "delegate client.owner to <@U0ALICE> "
        f"from {_at(begins, hours=2)} until {_at(begins, hours=4)}"
    )
    await told(ops.carol, line)
    early = await ops.bob.asks("backup db-prod-2")
    before = await ops.alice.approves(early)
    ops.clock.passes(hours=5)
    late = await ops.bob.asks("backup db-prod-2")
    after = await ops.alice.approves(late)

    assert before.key == "refused.not-a-decider"
    assert after.key == "refused.not-a-decider"


def _at(moment, *, hours):
    return (moment + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")


async def test_taken_back_it_is_worth_nothing(ops):
    await owners_decide(ops)
    await told(ops.carol, TO_ALICE)
    card = await ops.bob.asks("backup db-prod-2")

    back = await said(ops.carol, "delegate client.owner back")
    answer = await ops.alice.approves(card)
    none = await told(ops.carol, "delegate client.owner back")

    assert "takes being an owner of the client back from Alice Martin" in back
    assert answer.key == "refused.not-a-decider"
    assert none.key == "refused.delegate-none"
    assert "delegation.ended" in await ops.events()


async def test_the_requester_s_delegate_cannot_decide_for_the_requester(ops):
    await owners_decide(ops)
    await told(ops.carol, TO_ALICE)
    card = await ops.carol.asks("backup db-prod-2")

    answer = await ops.alice.approves(card)

    assert answer.key == "refused.delegate-of-requester"
    assert PEN.plain(answer).startswith(
        "You decide here only by what Carol Petit lent you"
    )
    assert await ops.state(card) is State.PROPOSED
    refusal = await ops.told(card, "decision.refused")
    assert refusal["rule"] == "delegate-of-requester"


async def test_giver_and_taker_are_one_voice(ops):
    await owners_decide(ops, count=2)
    await told(ops.carol, TO_ALICE)
    card = await ops.bob.asks("backup db-prod-2")

    await ops.carol.approves(card)
    await ops.alice.approves(card)
    await ops.works()

    assert await ops.state(card) is State.PROPOSED


async def test_if_the_giver_loses_the_role_so_does_the_taker(ops):
    await owners_decide(ops)
    await told(ops.carol, TO_ALICE)
    card = await ops.bob.asks("backup db-prod-2")
    await ops.alice.approves(card)
    await ops.edits_catalog(
        "clients/acme/client.yaml", "roles: [owner]", "roles: [developer]"
    )
    await ops.works()

    assert await ops.state(card) is State.VOIDED
    assert ops.aws.created == ()


async def test_a_lent_role_lets_nobody_ask_for_more(ops):
    await ops.edits_catalog(
        "policies/everybody.cedar", "context.risk >= 3", "context.risk >= 2"
    )
    await told(ops.carol, TO_ALICE)

    answer = await ops.alice.says("backup db-prod")

    assert answer.key == "refused.policy"


async def test_another_client_knows_nothing_of_it(ops):
    await told(ops.carol, TO_ALICE)

    assert await said(ops.greg, "delegate") == "Nobody has lent a role here."
    assert "Alice Martin" in await said(ops.oscar, "delegate")
    assert await ops.back.store.delegations("globex", after=ops.clock.now()) == ()


@pytest.mark.parametrize(
    ("who", "line", "key"),
    [
        (
            "alice",
            "delegate client.owner to <@U0INES> until tomorrow 18:00",
            "not-yours",
        ),
        (
            "carol",
            "delegate client.owner to <@U0BOB> until tomorrow 18:00",
            "other-company",
        ),
        ("carol", "delegate client.owner to <@U0HENRI> until tomorrow 18:00", "gone"),
        ("carol", "delegate client.owner to <@U0CAROL> until tomorrow 18:00", "self"),
        ("bob", "delegate provider.oncall to <@U0ERIN> until tomorrow 18:00", "rota"),
        ("carol", "delegate client.king to <@U0ALICE> until tomorrow 18:00", "role"),
        ("carol", "delegate client.owner to alice until tomorrow 18:00", "usage"),
        ("carol", "delegate client.owner to <@U0ALICE>", "usage"),
        ("carol", "delegate client.owner to <@U0ALICE> until friday 18:00 ok", "usage"),
        ("carol", "delegate client.owner to <@U0ALICE> from tomorrow 18:00", "usage"),
    ],
)
async def test_what_cannot_be_lent_is_refused_and_written_down(ops, who, line, key):
    answer = await told(getattr(ops, who), line)

    assert answer.key == f"refused.delegate-{key}"
    assert "request.refused" in await ops.events()


async def test_what_was_lent_cannot_be_lent_on(ops):
    await told(ops.carol, TO_ALICE)

    answer = await told(
        ops.alice, "delegate client.owner to <@U0INES> until tomorrow 17:00"
    )

    assert answer.key == "refused.delegate-not-yours"
    assert "what was lent to you cannot be lent on" in PEN.plain(answer)


async def test_a_stranger_is_nobody_to_lend_to(ops):
    answer = await told(
        ops.carol, "delegate client.owner to <@U0MALLORY> until tomorrow 18:00"
    )

    assert answer.key == "refused.nobody-known"


async def test_a_policy_may_forbid_lending(ops):
    await ops.edits_catalog(
        "policies/everybody.cedar",
        '\n@id("trainees-ask-on-staging")',
        '\n@id("owners-stay")\n@because("Owners decide themselves.")\n'
        'forbid (principal, action == Action::"delegate", resource)\n'
        'when { context.role == Role::"client.owner" };\n'
        '@id("trainees-ask-on-staging")',
    )

    answer = await told(ops.carol, TO_ALICE)

    assert answer.key == "refused.policy"


async def test_delivered_twice_it_is_lent_once(ops):
    knock = ops.carol._knock(TO_ALICE)

    first = await typed(knock, front=ops.back)
    again = await typed(knock, front=ops.back)

    assert first.message == again.message
    found = await ops.back.store.delegations("acme", after=ops.clock.now())
    assert len(found) == 1


async def test_an_owner_elsewhere_lends_nothing_here(ops):
    answer = await told(ops.greg.at("C0ACMEOPS"), TO_ALICE)
    own = await told(ops.greg.at(GLOBEX), TO_ALICE)

    assert answer.key == "refused.other-client"
    assert own.key == "refused.delegate-other-company"


async def test_a_role_that_is_taken_back_twice_at_once_is_taken_back_once(ops):
    await told(ops.carol, TO_ALICE)
    lent = await ops.back.store.delegations("acme", after=ops.clock.now())
    first = await told(ops.carol, "delegate client.owner back")

    async def delegations(client, *, after):
        return lent

    front = ops.with_ports(store=Instead(ops.back.store, delegations=delegations))
    again = await delegate(ops.carol._knock("delegate client.owner back"), front=front)

    assert not first.key.startswith("refused.")
    assert again.key == "refused.delegate-none"
    assert (await ops.events()).count("delegation.ended") == 1
