"""After a broken glass somebody else looks at it; until then there is no second one."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bot.domain.operation import State
from bot.domain.writes import Overtaken
from bot.flow.review import review
from bot.outbound.slack.pen import Pen
from bot.outbound.speech import Speech
from tests.flow.people import ONCALL

PEN = Pen(Speech(), "en")
WHY = "the shop is losing orders since 02:10"
FOUND = "It was right; the alarm now names the runbook."


async def broke(ops, who, words="backup db-prod-2"):
    card = await who.breaks_glass_for(words, WHY)
    await who.confirms(card)
    await ops.works()
    return card


async def test_a_review_opens_by_itself_when_it_is_over(ops):
    card = await ops.bob.breaks_glass_for("backup db-prod-2", WHY)
    await ops.bob.confirms(card)
    await ops.sweeps_once()
    early = await ops.events(card)
    await ops.works()

    await ops.sweeps()
    await ops.sweeps()

    assert "review.opened" not in early
    assert (await ops.events(card)).count("review.opened") == 1
    assert (await ops.told(card, "review.opened"))["people"] == ["erin", "carol"]
    said = "A review is open of the break-glass"
    assert sum(said in one for one in ops.slack.thread(card)) == 1
    assert sum(said in one.text for one in ops.slack.posts(ONCALL)) == 1
    assert "Not reviewed yet" in await ops.again(card)


async def test_until_it_is_reviewed_the_same_person_breaks_no_other(ops):
    first = await broke(ops, ops.bob)

    told = await ops.bob.types(f"break-glass backup db-staging because {WHY}")
    other = await ops.dave.types(f"break-glass backup db-staging because {WHY}")
    usual = await ops.bob.says("backup db-staging")

    assert told.key == "refused.glass-review-open"
    words = PEN.plain(told)
    assert f"/infra review {first.operation.short}" in words
    assert "Carol Petit" in words
    assert other.key == "asked.glass"
    assert usual.key == "asked.noted"


async def test_what_was_asked_before_is_not_broken_before_the_review_either(ops):
    second = await ops.bob.breaks_glass_for("backup db-staging", WHY)
    await broke(ops, ops.bob)

    told = await ops.bob.confirms(second)

    assert told.key == "refused.glass-review-open"
    assert await ops.state(second) is State.PROPOSED


async def test_an_open_review_elsewhere_counts_and_says_no_name(ops):
    await broke(ops, ops.bob)

    told = await ops.bob.at("C0GLOBEXOPS").types(
        f"break-glass backup shop-db because {WHY}"
    )

    assert told.key == "refused.glass-review-elsewhere"
    assert "Acme" not in PEN.plain(told)
    assert (await ops.events(client="globex"))[-1] == "request.refused"


async def test_an_owner_closes_it_and_the_next_glass_may_be_broken(ops):
    card = await broke(ops, ops.bob)
    await ops.sweeps()

    told = await ops.carol.types(f"review {card.operation.short} {FOUND}")
    await ops.speaks()
    again = await ops.bob.types(f"break-glass backup db-staging because {WHY}")

    assert told.key == "review.closed"
    closed = await ops.told(card, "review.closed")
    assert (closed["finding"], closed["of"]) == (FOUND, "bob")
    assert "closed the review" in await ops.again(card)
    assert any(FOUND in one for one in ops.slack.thread(card))
    assert again.key == "asked.glass"


async def test_a_manager_of_the_provider_closes_it_right_after_it_ended(ops):
    card = await broke(ops, ops.carol)

    told = await ops.erin.types(f"review {card.operation.short} {FOUND}")
    await ops.sweeps()

    assert told.key == "review.closed"
    assert "review.opened" not in await ops.events(card)


async def test_nobody_reviews_what_they_did_themselves(ops):
    card = await broke(ops, ops.carol)

    told = await ops.carol.types(f"review {card.operation.short} {FOUND}")

    assert told.key == "refused.review-own"
    assert "Erin Blanc" in PEN.plain(told)
    refusal = await ops.told(card, "decision.refused")
    assert refusal["rule"] == "review-own"


async def test_a_lent_role_reviews_nothing(ops):
    await ops.carol.types("delegate client.owner to <@U0ALICE> until tomorrow 18:00")
    card = await broke(ops, ops.carol)

    told = await ops.alice.types(f"review {card.operation.short} {FOUND}")

    assert told.key == "refused.review-not-yours"


@pytest.mark.parametrize("who", ["alice", "dave", "oscar"])
async def test_only_owners_and_managers_review(ops, who):
    card = await broke(ops, ops.bob)

    told = await getattr(ops, who).types(f"review {card.operation.short} {FOUND}")

    assert told.key == "refused.review-not-yours"
    assert "Carol Petit" in PEN.plain(told)
    assert (await ops.events(card))[-1] == "decision.refused"


async def test_an_owner_who_is_auditor_besides_only_looks(ops):
    card = await broke(ops, ops.bob)
    await ops.edits_catalog(
        "clients/acme/client.yaml", "roles: [owner]", "roles: [owner, auditor]"
    )

    told = await ops.carol.types(f"review {card.operation.short} {FOUND}")

    assert told.key == "refused.policy"
    assert told.args["rule"] == "auditors-only-look"


async def test_what_is_not_over_is_not_reviewed(ops):
    card = await ops.bob.breaks_glass_for("backup db-prod-2", WHY)
    await ops.bob.confirms(card)

    told = await ops.carol.types(f"review {card.operation.short} {FOUND}")

    assert told.key == "refused.review-early"


async def test_a_closed_review_stays_as_it_was_said(ops):
    card = await broke(ops, ops.bob)
    await ops.carol.types(f"review {card.operation.short} {FOUND}")

    told = await ops.erin.types(f"review {card.operation.short} It was all wrong.")

    assert told.key == "refused.review-closed"
    (found,) = await ops.back.store.breaks("acme", operation=card.operation.id)
    assert (found.closed_by, found.finding) == ("carol", FOUND)


async def test_of_two_who_close_it_at_once_one_does(ops):
    card = await broke(ops, ops.bob)
    line = f"review {card.operation.short} {FOUND}"

    told = await asyncio.gather(ops.carol.types(line), ops.erin.types(line))

    assert "review.closed" in {one.key for one in told}
    assert {one.key for one in told} <= {
        "review.closed",
        "refused.review-none",
        "refused.review-closed",
    }
    assert (await ops.events(card)).count("review.closed") == 1


async def test_the_same_delivery_closes_it_once(ops):
    card = await broke(ops, ops.bob)
    other = await broke(ops, ops.dave, "backup db-staging")
    knock = ops.carol._knock(f"review {card.operation.short} {FOUND}")
    first = await review(knock, front=ops.back)
    moved = replace(knock, text=f"review {other.operation.short} {FOUND}")
    again = await review(moved, front=ops.back)

    assert again == first
    assert (await ops.events(other)).count("review.closed") == 0


async def test_while_it_stays_open_people_are_reminded_every_day(ops):
    card = await broke(ops, ops.bob)
    await ops.sweeps()
    ops.clock.passes(hours=25)
    await ops.sweeps()
    await ops.sweeps()
    ops.clock.passes(hours=25)
    await ops.sweeps()

    assert (await ops.events(card)).count("review.reminded") == 2
    rows = await ops._sql(
        "SELECT place FROM outbox WHERE body->>'way' = 'direct'"
        " AND body::text LIKE '%review.reminded%'"
    )
    assert sorted(place for (place,) in rows) == [
        *["U0CAROL"] * 2,
        *["U0ERIN"] * 2,
    ]


async def test_open_reviews_are_listed_at_their_own_client_only(ops):
    card = await broke(ops, ops.bob)

    here = PEN.plain(await ops.oscar.types("review"))
    there = PEN.plain(await ops.greg.types("review"))

    assert card.operation.short in here
    assert WHY in here
    assert there == "No review is open here."


async def test_a_review_of_another_client_s_operation_is_of_nothing(ops):
    card = await broke(ops, ops.bob)

    told = await ops.greg.types(f"review {card.operation.short} {FOUND}")

    assert told.key == "refused.no-operation"
    assert (await ops.events(client="globex"))[-1] == "request.refused"


async def test_what_nobody_broke_needs_no_review(ops):
    card = await ops.alice.asks("backup db-prod-2")

    told = await ops.carol.types(f"review {card.operation.short} {FOUND}")

    assert told.key == "refused.review-none"


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("review abcd234", "refused.review-usage"),
        ("review a-b it was right after all", "refused.review-usage"),
        ("review ab it was right after all", "refused.review-usage"),
        ("review abcd234 fine", "refused.review-finding"),
    ],
)
async def test_what_cannot_be_read_as_a_review_says_what_to_type(ops, line, key):
    told = await ops.carol.types(line)

    assert told.key == key


async def test_what_failed_is_reviewed_as_well(ops):
    card = await ops.bob.breaks_glass_for("backup db-prod-2", WHY)
    ops.forbids("rds:CreateDBSnapshot")
    await ops.bob.confirms(card)
    await ops.works()

    await ops.sweeps()

    assert await ops.state(card) is State.FAILED
    assert "review.opened" in await ops.events(card)


async def test_what_was_called_off_after_the_click_is_reviewed_as_well(ops):
    card = await ops.bob.breaks_glass_for("backup db-prod-2", WHY)
    await ops.bob.confirms(card)
    await ops.bob.cancels(card)
    await ops.works()

    await ops.sweeps()

    assert await ops.state(card) is State.CANCELLED
    assert "review.opened" in await ops.events(card)
    assert ops.aws.created == ()


class OvertakenOnce:
    """A store in which somebody else closes the review a moment before."""

    def __init__(self, store):
        self._store = store

    def __getattr__(self, name):
        return getattr(self._store, name)

    async def write(self, writes):
        if writes.glass is not None:
            raise Overtaken("closed before")
        await self._store.write(writes)


async def test_who_comes_a_moment_after_another_is_told_so(ops):
    card = await broke(ops, ops.bob)
    front = ops.with_ports(store=OvertakenOnce(ops.back.store))
    knock = ops.carol._knock(f"review {card.operation.short} {FOUND}")

    told = await review(knock, front=front)

    assert told.key == "refused.review-none"
    assert (await ops.events())[-1] == "request.refused"
