"""Many click at once, at two replicas: one outcome, and who came late is told."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio

from bot.domain.operation import State
from deploy.sandbox.loopback import free_port
from tests.storm.ledgers import judge
from tests.storm.people import People, answers, balanced
from tests.storm.world import a_world, told

BOB, DAVE, CAROL, ALICE, ERIN = "U0BOB", "U0DAVE", "U0CAROL", "U0ALICE", "U0ERIN"
NAMES = {BOB: "Bob", DAVE: "Dave"}

pytestmark = [
    pytest.mark.storm,
    pytest.mark.timeout(300),
    pytest.mark.asyncio(loop_scope="module"),
]


class Arena:
    """Two fronts behind one address, and proposals that wait to be fought over."""

    def __init__(self, world, people, cards):
        self.world = world
        self.people = people
        self.cards = cards

    async def proposal(self):
        return self.cards.pop()

    async def fight(self, *deeds):
        """Do all of it at once; return what Slack saw happen."""
        last = (await self.people.ledger())[-1].n
        heard = await asyncio.gather(*deeds)
        return heard, await self.people.ledger(after=last)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def arena():
    async with AsyncExitStack() as stack:
        world = await stack.enter_async_context(a_world())
        ports = [free_port(), free_port()]
        where = world.sandbox.places
        await stack.enter_async_context(balanced(where.bot, behind=ports))
        people = People(where.slack_url)
        stack.push_async_callback(people.close)
        await asyncio.gather(*(world.front_on(port) for port in ports))
        worker = await world.bot("work")
        asked = [await world.asks("backup db-staging") for _ in range(12)]
        for one in asked:
            await world.until(one, State.PROPOSED)
        async with asyncio.timeout(30):
            while True:
                cards = await people.cards(BOB)
                if sum("approve" in card.buttons for card in cards) == len(asked):
                    break
                await asyncio.sleep(0.1)
        # Nobody acts meanwhile, so that what was approved stays so to be looked at.
        await worker.stop()
        yield Arena(world, people, cards)
        await world.bot("work")
        for one in asked:
            if (await world.operation(one)).state is State.PROPOSED:
                await world.approves(one)
        book = await judge(world)
        told({"races": "all", **book.figures()})
        assert book.clean, book


def decisions_in(heard, entries):
    """No delivery failed; return what each of the two deciders was told."""
    assert all(heard)
    assert all(one.ok for one in entries if one.kind == "delivery")
    return {who: answers(entries, who) for who in (BOB, DAVE)}


@pytest.mark.parametrize("clicks", [2, 5, 16])
async def test_of_many_approvals_one_counts_and_the_others_are_told(arena, clicks):
    card = await arena.proposal()
    people = arena.people

    heard, entries = await arena.fight(
        *(people.clicks((BOB, DAVE)[at % 2], card, "approve") for at in range(clicks))
    )

    said = decisions_in(heard, entries)
    decisions = await arena.world.front.store.decisions(
        "acme", operation=card.operation
    )
    assert len(decisions) == 1
    winner = BOB if decisions[0].member == "bob" else DAVE
    loser = DAVE if winner == BOB else BOB
    late = [one for one in said[winner] + said[loser] if "already" in one]
    assert len(late) == clicks - 1
    assert all("approved" in one for one in late)
    assert sum("is recorded" in one for one in said[winner]) == 1
    assert not any("is recorded" in one for one in said[loser])


@pytest.mark.parametrize("each", [1, 8])
async def test_approve_against_deny_has_one_outcome(arena, each):
    card = await arena.proposal()
    people = arena.people
    deny = f"deny {card.operation} {card.digest} far too late for that"

    heard, entries = await arena.fight(
        *(people.clicks(BOB, card, "approve") for _ in range(each)),
        *(people.types(DAVE, deny) for _ in range(each)),
    )

    said = decisions_in(heard, entries)
    found = await arena.world.operation(card.operation)
    (decision,) = await arena.world.front.store.decisions(
        "acme", operation=card.operation
    )
    assert (
        found.state
        is {"approve": State.APPROVED, "deny": State.DENIED}[decision.verdict.value]
    )
    everything = [one for told_to in said.values() for one in told_to]
    assert sum("is recorded" in one for one in everything) == 1
    assert sum("already" in one for one in everything) == 2 * each - 1


async def test_a_cancellation_races_an_approval_and_both_are_told_the_truth(arena):
    card = await arena.proposal()
    people = arena.people

    heard, entries = await arena.fight(
        people.clicks(ALICE, card, "cancel"),
        people.clicks(BOB, card, "approve"),
        people.clicks(DAVE, card, "approve"),
    )

    said = decisions_in(heard, entries)
    found = await arena.world.operation(card.operation)
    decisions = await arena.world.front.store.decisions(
        "acme", operation=card.operation
    )
    # Whoever asked may still call off what was approved and has not begun.
    assert found.state is State.CANCELLED
    assert len(decisions) <= 1
    recorded = [
        one for told_to in said.values() for one in told_to if "recorded" in one
    ]
    assert len(recorded) == len(decisions)
    assert all(len(told_to) == 1 for told_to in said.values())


async def test_those_who_may_not_decide_change_nothing_in_the_crowd(arena):
    card = await arena.proposal()
    people = arena.people

    heard, entries = await arena.fight(
        *(people.clicks(who, card, "approve") for who in (ALICE, CAROL, ERIN) * 4)
    )

    assert all(heard)
    found = await arena.world.operation(card.operation)
    assert found.state is State.PROPOSED
    assert not await arena.world.front.store.decisions("acme", operation=card.operation)
    assert all(len(answers(entries, who)) == 4 for who in (ALICE, CAROL, ERIN))
