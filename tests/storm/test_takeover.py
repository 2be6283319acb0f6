"""Two replicas: one dies for ever, or freezes, while it acts; the other goes on."""

from __future__ import annotations

import asyncio
import itertools
import signal

import httpx
import pytest
import pytest_asyncio

from bot.domain.operation import State
from bot.outbound import clock
from deploy.sandbox.gitlab.seeding import ROOT_TOKEN
from tests.storm.ledgers import judge
from tests.storm.world import SANDBOX_PACE, a_world, told

# Seconds on a quiet machine; on a slower one as much longer as a calm run takes there.
LIMIT = 10.0
QUIET = {"resize": 4.5, "backup": 2.0}

pytestmark = [
    pytest.mark.storm,
    pytest.mark.timeout(300),
    pytest.mark.asyncio(loop_scope="module"),
]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def world():
    async with a_world(pace=SANDBOX_PACE) as found:
        yield found


@pytest_asyncio.fixture(loop_scope="module", autouse=True)
async def alone(world):
    yield
    await world.stop_bots()


ACTING = {
    "resize": ("resize web-2 {size}", "forge.merge after"),
    "backup": ("backup db-prod", "aws.call[CreateDBSnapshot] after"),
}
_DUELS = itertools.count()
_SIZES = itertools.cycle(("m5.large", "t3.medium"))


async def struck_while_two_work(world, route, *, point, number=signal.SIGKILL):
    """
    Return an operation, and which of two workers was struck while it had it in hand.

    Both would be struck at that point; only the first that comes to it is.
    """
    line = ACTING[route][0].format(size=next(_SIZES) if route == "resize" else "")
    duel = world.sandbox.state / f"duel-{next(_DUELS)}"
    workers = [
        await world.bot("work", points=(point,), number=number, again=False, duel=duel)
        for _ in range(2)
    ]
    for worker in workers:
        await worker.child.says("worker.ready")
    operation = await world.asks(line)
    await world.until(operation, State.PROPOSED)
    await world.approves(operation)
    async with asyncio.timeout(30):
        while not any(worker.deaths for worker in workers):  # noqa: ASYNC110 - files
            await asyncio.sleep(0.01)
    (struck,) = [worker for worker in workers if worker.deaths]
    return operation, struck


async def calm(world, route):
    """Return how many seconds it takes from the approval when nobody is struck."""
    worker = await world.bot("work")
    await worker.child.says("worker.ready")
    size = next(_SIZES) if route == "resize" else ""
    operation = await world.asks(ACTING[route][0].format(size=size))
    await world.until(operation, State.PROPOSED)
    began = clock.now()
    await world.approves(operation)
    done = await world.until(operation, State.DONE)
    await world.stop_bots()
    return (done.ended_at - began).total_seconds()


async def done_after(world, operation, struck):
    """Wait until it is done; return how many seconds that was after the stroke."""
    done = await world.until(operation, State.DONE, seconds=60)
    return (done.ended_at - struck.struck_at()).total_seconds()


@pytest.mark.parametrize("route", ["resize", "backup"])
async def test_the_other_worker_finishes_within_ten_seconds(world, route):
    usual = await calm(world, route)
    operation, struck = await struck_while_two_work(
        world, route, point=ACTING[route][1]
    )

    took = await done_after(world, operation, struck)
    book = await judge(world)

    seconds = {"seconds": round(took, 2), "calm": round(usual, 2)}
    told({"takeover": route, **seconds, **book.figures()})
    assert book.clean, book
    assert took <= LIMIT * max(1.0, usual / QUIET[route])


@pytest.mark.parametrize("route", ["resize", "backup"])
async def test_a_worker_frozen_while_acting_acts_once(world, route):
    point = ACTING[route][1].replace("after", "before")
    operation, frozen = await struck_while_two_work(
        world, route, point=point, number=signal.SIGSTOP
    )

    # Long enough for the other to take the silent one for dead.
    await asyncio.sleep(6.5)
    frozen.strike(signal.SIGCONT)
    took = await done_after(world, operation, frozen)
    book = await judge(world)

    told({"frozen": route, "seconds": round(took, 2), **book.figures()})
    assert book.clean, book


async def test_a_worker_told_to_stop_hands_on_what_it_cannot_finish(world):
    usual = await calm(world, "resize")
    # The merge is done at once, and its answer takes longer than a stopping worker has.
    fault = {"kind": "slow", "method": "PUT", "path": "/merge", "seconds": 6}
    async with httpx.AsyncClient(
        base_url=f"{world.sandbox.places.gitlab_url}/api/v4",
        headers={"PRIVATE-TOKEN": ROOT_TOKEN},
        trust_env=False,
    ) as http:
        (await http.post("/sandbox/faults", json=fault)).raise_for_status()

    operation, leaving = await struck_while_two_work(
        world, "resize", point="forge.merge before", number=signal.SIGTERM
    )
    took = await done_after(world, operation, leaving)
    book = await judge(world)

    seconds = {"seconds": round(took, 2), "calm": round(usual, 2)}
    told({"stopped": "resize", **seconds, **book.figures()})
    assert book.clean, book
    assert took <= LIMIT * max(1.0, usual / QUIET["resize"])
