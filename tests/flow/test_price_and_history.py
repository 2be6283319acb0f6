"""Routes by price and by history: what is cheap, and what went well so far."""

import pytest

from bot.domain.operation import State
from bot.domain.scope import Environment
from bot.flow.history import successes_now
from deploy.sandbox.gitlab.faults import Fault
from playbooks.aws import prices
from tests.flow.test_envelope import ALWAYS, HOURS
from tests.flow.test_trust import AT_REVIEW, declared, ladder
from tests.flow.test_undo import undoes

ACME = "clients/acme/client.yaml"
CHEAP = """routes:
  - match: { environment: staging, trust: self-serve, costs_up_to: 50 }
    needs: []
    envelope: { name: cheap, per_day: 5 }
"""
WELL = """routes:
  - match: { command: backup, environment: staging, after_success: 3 }
    needs: []
    envelope: { name: well, per_day: 5 }
"""
ONE_WILL_DO = """routes:
  - match: { command: backup, environment: staging, after_success: 3 }
    needs: [{ role: provider.oncall }]
  - match: { command: backup, environment: staging }
    needs: [{ role: provider.oncall }, { role: client.owner }]
"""
SECOND = "merge_requests/2/merge"
# From t3.small: +17.23 a month, +64.53, and a type that the list does not have.
LITTLE, MUCH, UNKNOWN = "t3.medium", "m5.large", "m5.metal"


async def begins(ops, rules):
    """Have these rules come before the sample's own, and everybody there always."""
    await ops.edits_catalog("routes.yaml", "routes:\n", rules)
    await ops.edits_catalog(ACME, HOURS, ALWAYS)


async def self_serve(ops, rules="routes:\n"):
    await begins(ops, rules)
    await ops.edits_catalog(ACME, AT_REVIEW, declared("self-serve", "review"))


async def decided(ops, words):
    """Ask for it, have it approved if it waits for people, and carried out."""
    card = await ops.alice.asks(words)
    if card.operation.state is State.PROPOSED:
        for who in (ops.bob, ops.carol):
            await who.approves(card)
        await ops.works()
    return await ops.again(card)


async def backups(ops, many):
    return [await decided(ops, "backup db-staging") for _ in range(many)]


async def failing_backup(ops):
    card = await ops.alice.asks("backup db-staging")
    ops.forbids("rds:CreateDBSnapshot")
    await ops.bob.approves(card)
    await ops.carol.approves(card)
    await ops.works()
    assert await ops.state(card) is State.FAILED
    ops.allows_again()


# --- price


async def test_a_cheap_resize_passes_by_itself_and_the_card_says_by_which_rule(ops):
    await self_serve(ops, CHEAP)

    card = await ops.alice.asks(f"resize web-staging {LITTLE}")

    assert await ops.state(card) is State.DONE
    assert card.operation.route.envelope.name == "cheap"
    assert ops.aws.type_of("web-staging") == LITTLE
    said = "By rule 1 of the routes. It takes up to 50 USD more a month; this is +17.23"
    assert said in card
    body = await ops.told(card, "operation.proposed")
    assert body["bound"]["cost"] == {"cents": 1723}
    assert body["route"]["grounds"]["rule"] == 1


@pytest.mark.parametrize("kind", [MUCH, UNKNOWN])
async def test_what_costs_much_or_nobody_knows_what_waits_for_people(ops, kind):
    await self_serve(ops, CHEAP)

    card = await ops.alice.asks(f"resize web-staging {kind}")

    assert card.operation.state is State.PROPOSED
    assert [one.role for one in card.operation.route.needs] == ["provider.oncall"]
    assert "By rule 8 of the routes." in card
    assert "USD more a month; this is" not in card


async def test_what_has_no_price_is_not_cheap(ops):
    await begins(ops, CHEAP.replace(" trust: self-serve,", ""))

    card = await ops.alice.asks("backup db-staging")

    assert card.operation.state is State.PROPOSED


async def test_a_price_of_a_part_of_the_plan_is_no_price(ops):
    await begins(ops, CHEAP.replace("staging, trust: self-serve", "production"))
    ops.aws.makes("web-1", "t3.large")

    card = await ops.alice.asks("resize web-2 t3.large")

    assert card.operation.state is State.PROPOSED
    assert card.operation.proposal.bound.cost is None
    assert "+34.45 USD" in card


async def test_another_price_than_the_one_that_was_shown_voids_the_approval(
    ops, monkeypatch
):
    card = await ops.alice.asks(f"resize web-staging {LITTLE}")
    listed = dict(prices._HOURLY["eu-west-3"])
    dearer = listed | {LITTLE: listed[LITTLE] * 2}
    monkeypatch.setitem(prices._HOURLY, "eu-west-3", dearer)

    await ops.bob.approves(card)
    await ops.works()

    ended = await ops.again(card)
    assert ended.operation.state is State.VOIDED
    assert "adds a month in US dollars is +51.68 instead of +17.23" in ended
    assert ops.aws.type_of("web-staging") == "t3.small"


async def test_a_price_that_is_known_no_more_voids_the_approval(ops, monkeypatch):
    card = await ops.alice.asks("resize-disk uploads 60")
    monkeypatch.setitem(prices._GIBIBYTE, "eu-west-3", {})

    await ops.bob.approves(card)
    await ops.works()

    ended = await ops.again(card)
    assert ended.operation.state is State.VOIDED
    assert "adds a month in US dollars is - instead of +1.86" in ended


# --- history


async def test_the_fourth_passes_once_three_went_well(ops):
    await begins(ops, WELL)
    before = await backups(ops, 3)

    fourth = await ops.alice.asks("backup db-staging")

    assert all(one.operation.route.envelope is None for one in before)
    assert await ops.state(fourth) is State.DONE
    assert fourth.operation.route.envelope.name == "well"
    assert "It takes what went well 3 times in a row; it did 3 times." in fourth
    record = await ops.told(fourth, "operation.proposed")
    assert record["route"]["grounds"] == {
        "rule": 1,
        "costs_up_to": None,
        "after_success": 3,
        "successes": 3,
        "relied_on": 3,
    }


async def test_after_a_failure_it_waits_for_people_again(ops):
    await begins(ops, ONE_WILL_DO)
    await backups(ops, 3)
    trusted = await ops.alice.asks("backup db-staging")
    await failing_backup(ops)

    after = await ops.alice.asks("backup db-staging")

    assert [one.role for one in trusted.operation.route.needs] == ["provider.oncall"]
    assert len(after.operation.route.needs) == 2
    assert after.operation.route.grounds.successes == 0


async def test_a_failure_between_card_and_click_voids_what_relied_on_there_being_none(
    ops,
):
    await begins(ops, ONE_WILL_DO)
    await backups(ops, 3)
    card = await ops.alice.asks("backup db-staging")
    await failing_backup(ops)

    await ops.bob.approves(card)
    await ops.works()

    ended = await ops.again(card)
    assert ended.operation.state is State.VOIDED
    assert ended.operation.outcome.key == "voided.history"
    assert "Please ask again" in ended


async def test_what_went_well_between_card_and_click_loosens_nothing(ops):
    await begins(ops, ONE_WILL_DO)
    await backups(ops, 2)
    card = await ops.alice.asks("backup db-staging")
    await backups(ops, 1)

    await ops.bob.approves(card)
    await ops.works()
    one_of_two = await ops.state(card)
    await ops.carol.approves(card)
    await ops.works()

    assert one_of_two is State.PROPOSED
    assert await ops.state(card) is State.DONE


async def test_what_was_long_ago_says_nothing_any_more(ops):
    await begins(ops, WELL)
    await backups(ops, 3)
    ops.clock.passes(days=91)

    card = await ops.alice.asks("backup db-staging")

    assert card.operation.state is State.PROPOSED


async def test_neither_another_client_nor_another_place_adds_to_it(ops):
    await begins(ops, WELL)
    (card,) = await backups(ops, 1)
    mine = card.operation
    elsewhere = mine.model_copy(update={"environment": Environment.PRODUCTION})
    theirs = mine.model_copy(update={"client": "globex"})
    other = mine.model_copy(update={"command": "resize"})

    found = [
        await successes_now(one, front=ops.back)
        for one in (mine, elsewhere, theirs, other)
    ]

    assert found == [1, 0, 0, 0]


async def test_an_undo_takes_with_it_what_went_well_and_adds_nothing(ops):
    done = await decided(ops, f"resize web-staging {LITTLE}")
    before = await successes_now(done.operation, front=ops.back)

    back = await undoes(ops.alice, done)
    await ops.bob.approves(back)
    await ops.works()

    assert await ops.state(back) is State.DONE
    assert before == 1
    assert await successes_now(done.operation, front=ops.back) == 0


async def test_what_is_in_doubt_ends_the_row_until_it_is_known(ops):
    done = await decided(ops, f"resize web-staging {LITTLE}")
    card = await ops.alice.asks(f"resize web-staging {MUCH}")
    await ops.bob.approves(card)
    ops.day.gitlab.faults.add(Fault(kind="down", method="PUT", path=SECOND))

    await ops.tries()

    assert await ops.state(card) is State.IN_DOUBT
    assert await successes_now(done.operation, front=ops.back) == 0


async def test_what_went_past_its_deciders_adds_nothing(ops):
    card = await ops.carol.breaks_glass_for("backup db-staging", "the disk is dying")
    await ops.carol.confirms(card)
    await ops.works()

    assert await ops.state(card) is State.DONE
    assert await successes_now(card.operation, front=ops.back) == 0


# --- both, as the sample catalog has them


async def test_a_client_at_self_serve_resizes_staging_by_itself_after_three(ops):
    await self_serve(ops)
    for kind in (LITTLE, MUCH, "t3.large"):
        await decided(ops, f"resize web-staging {kind}")

    card = await ops.alice.asks("resize web-staging t3.medium")

    assert await ops.state(card) is State.DONE
    assert card.operation.route.envelope.name == "staging-resize"
    assert ops.aws.type_of("web-staging") == "t3.medium"


async def test_the_ladder_says_what_a_rule_looks_at(ops):
    told = await ladder(ops.alice)

    (rule,) = [one for one in told["staging: merge with review"] if "resize" in one]
    assert rule == (
        "By the routes: medium risk passes by itself, 3 a day. That is for resize "
        "alone. That is for what adds 50 USD a month at most. That is when the last 3 "
        "went well."
    )
