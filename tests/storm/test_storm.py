"""
People work while everything that is the bot's is killed, again and again, at random.

`STORM_KILLS` says how often (60 unless told otherwise), `STORM_SEED` repeats a weather:
`make storm N=1000`. What came of it is read from the books of Slack, GitLab and AWS.
"""

from __future__ import annotations

import asyncio
import os
import random
import secrets
import signal
import time
from collections import Counter
from contextlib import AsyncExitStack, suppress

import httpx
import pytest

from bot.domain.errors import Unavailable
from deploy.sandbox.loopback import free_port
from tests.storm.ledgers import judge
from tests.storm.people import People, balanced, noted
from tests.storm.world import ASKS, ENDS, OWNS, a_world, told

KILLS = int(os.environ.get("STORM_KILLS", "60"))  # noqa: TID251 - asked of the test, not of the product
SEED = int(os.environ.get("STORM_SEED", "0")) or secrets.randbits(32)  # noqa: TID251 - as above
AT_ONCE = 5

LINES = {
    "acme": (
        "resize web-1 {size}",
        "resize web-2 {size}",
        "resize web-staging {size}",
        "backup db-prod",
        "backup db-prod-2",
        "backup db-staging",
    ),
    "globex": ("resize shop-1 {size}", "resize shop-staging {size}", "backup shop-db"),
}
SIZES = ("t3.small", "t3.medium", "t3.large", "m5.large", "m5.xlarge")

pytestmark = [pytest.mark.storm, pytest.mark.timeout(0)]
# Seconds, on a machine that does something else besides.
SETTLES = 600


class Storm:
    """The people, the weather, and what was counted."""

    def __init__(self, world, people, bots):
        self.world = world
        self.people = people
        self.bots = bots
        self.counted = Counter()
        self.chance = random.Random(SEED)  # noqa: S311 - weather, not a secret
        self.over = asyncio.Event()

    async def ask(self, client):
        """Ask for something now and then, while there is not too much under way."""
        while not self.over.is_set():
            await asyncio.sleep(self.chance.uniform(0.2, 1.0))
            cards = await self.people.cards(ASKS[client], client=client)
            if sum("cancel" in card.buttons for card in cards) >= AT_ONCE:
                continue
            line = self.chance.choice(LINES[client])
            size = self.chance.choice(SIZES)
            if self.chance.random() < 0.2:
                await self.people.troubles(duplicates=1)
            heard = await self.people.types(
                ASKS[client], line.format(size=size), client=client
            )
            self.counted["asked" if heard else "unheard"] += 1

    async def decide(self, client, *, once=False):
        """Approve, deny or cancel what lies there, and sometimes leave it lying."""
        while once or not self.over.is_set():
            await asyncio.sleep(self.chance.uniform(0.1, 0.5))
            cards = await self.people.cards("U0BOB", client=client)
            for card in cards:
                if "deny" in card.buttons:
                    await self._decide(card, client, approve=once)
            if once:
                return

    async def _decide(self, card, client, *, approve):
        die = 0.5 if approve else self.chance.random()
        people = self.people
        if die < 0.08:
            line = f"deny {card.operation} {card.digest} not in this weather"
            deed = people.types("U0DAVE", line, client=client)
        elif die < 0.16:
            deed = people.clicks(ASKS[client], card, "cancel", client=client)
        elif die < 0.9 and "approve" in card.buttons:
            await people.clicks(OWNS[client], card, "approve", client=client)
            who = self.chance.choice(("U0BOB", "U0DAVE"))
            deed = people.clicks(who, card, "approve", client=client)
        else:
            return
        self.counted["heard" if await deed else "unanswered"] += 1

    async def rage(self):
        """Kill something, as often as was asked for."""
        async with asyncio.TaskGroup() as freezing:
            while self._struck() < KILLS:
                await asyncio.sleep(self.chance.uniform(0.1, 0.9))
                die = self.chance.random()
                if die < 0.04:
                    await self._kill_database()
                elif die < 0.10:
                    doomed = self.chance.choice(self.bots["work"])
                    freezing.create_task(self._freeze(doomed))
                else:
                    kind = "serve" if die < 0.3 else "work"
                    if self.chance.choice(self.bots[kind]).strike():
                        self.counted[f"killed {kind}"] += 1

    def _struck(self):
        return sum(n for what, n in self.counted.items() if what.startswith("killed"))

    async def _freeze(self, bot):
        pid = bot.pid
        if bot.strike(signal.SIGSTOP):
            self.counted["frozen"] += 1
            await asyncio.sleep(4)
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    async def _kill_database(self):
        postgres = self.world.sandbox.postgres
        data = self.world.sandbox.state / "postgres" / "data"
        pid = int((data / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGKILL)
        self.counted["killed postgres"] += 1
        # It is our child: unburied it would count as a server that holds its socket.
        with suppress(ChildProcessError):
            await asyncio.to_thread(os.waitpid, pid, 0)
        postgres.release()
        await postgres.start()


async def patiently(question):
    """Ask the database until it answers: it was killed under our connections too."""
    async with asyncio.timeout(60):
        while True:
            try:
                return await question()
            except Unavailable:
                await asyncio.sleep(0.2)


@pytest.fixture
async def storm():
    async with AsyncExitStack() as stack:
        world = await stack.enter_async_context(a_world())
        port, where = free_port(), world.sandbox.places
        await stack.enter_async_context(balanced(where.bot, behind=[port]))
        people = People(where.slack_url)
        stack.push_async_callback(people.close)
        front = await world.front_on(port)
        workers = [await world.bot("work") for _ in range(2)]
        for worker in workers:
            await worker.child.says("worker.ready")
        yield Storm(world, people, {"serve": [front], "work": workers})


async def settle(storm):
    """Let the people finish: what is open is approved until nothing is left."""
    left = []
    try:
        async with asyncio.timeout(SETTLES):
            while left := await open_after_a_round(storm):  # noqa: ASYNC110 - no event
                await asyncio.sleep(0.5)
    except TimeoutError:
        raise AssertionError(f"still open: {left}") from None


async def open_after_a_round(storm):
    """Have everything decided once more; return what has not ended by then."""
    open_ = []
    for client in ASKS:
        with suppress(httpx.HTTPError):
            await storm.decide(client, once=True)
        found = await patiently(
            lambda client=client: storm.world.front.store.unfinished(client)
        )
        open_ += [
            (one.id, one.line, one.state.value, one.progress.waiting_for)
            for one in found
            if one.state not in ENDS
        ]
    return open_


async def everything_asked(storm):
    """Return every operation there is, and assert that what Slack heard is among it."""
    for client in ASKS:
        after = 0
        while records := await storm.world.front.store.records(client, after=after):
            after = records[-1].seq
            for one in records:
                if one.event.value == "operation.asked":
                    storm.world.asked[one.operation] = client
                if one.event.value in ("operation.denied", "operation.cancelled"):
                    storm.world.off.add(one.operation)
    entries = await storm.people.ledger()
    heard = noted(entries)
    known = {one[:7] for one in storm.world.asked}
    lines = {
        one.detail["payload"]["trigger_id"]
        for one in entries
        if one.kind == "delivery"
        and one.name == "/infra"
        and not str(one.detail["payload"].get("text", "")).startswith("deny")
    }
    return heard - known, len(storm.world.asked) - len(lines)


async def test_nothing_is_lost_doubled_or_unapproved_in_the_storm(storm):
    began = time.monotonic()
    async with asyncio.TaskGroup() as people:
        for client in ASKS:
            people.create_task(storm.ask(client))
            people.create_task(storm.decide(client))
        await storm.rage()
        storm.over.set()
    raged = time.monotonic() - began

    await settle(storm)
    unknown, too_many = await everything_asked(storm)
    book = await judge(storm.world)

    told(
        {
            "storm": KILLS,
            "seed": SEED,
            **storm.counted,
            "operations": len(storm.world.asked),
            **book.figures(),
            "raged": round(raged, 1),
            "seconds": round(time.monotonic() - began, 1),
        }
    )
    assert book.clean, book
    assert not unknown, "acknowledged and not there"
    assert too_many <= 0, "asked once and there twice"
