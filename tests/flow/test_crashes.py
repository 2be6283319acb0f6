"""
Killed anywhere, started again: the same end, every effect once.

Each test dies before one of the calls that change something; together they die before
all of them, and the last of each says that there are no more.
"""

import contextlib

import pytest

from bot.domain.operation import State
from bot.domain.writes import Task
from bot.flow.report import report
from bot.flow.sweep import sweep
from bot.flow.turns import ACTS_ON
from tests.flow.mortal import KilledError, Mortal
from tests.flow.people import ACME

# So many calls change something in each stage.
BACKUP, RESIZE, PREPARE, SPEAK, TIDY = 10, 17, 7, 6, 4


async def dies(ops, task, *, at):
    """Run the one job of this task until call number `at`; True if it was reached."""
    ((number, found, client, operation),) = await ops.jobs()
    assert found is task
    mortal, alive = Mortal(at), ops.back
    ops.back = mortal.around(alive)
    try:
        await ops.runs(number, task, client, operation)
    except KilledError:
        pass
    finally:
        ops.back = alive
    return mortal


async def card_once(ops, card):
    """Whether the operation has one card and one only."""
    posted = [
        one
        for one in ops.slack.posts()
        if (one.metadata or {}).get("event_payload", {}).get("key")
        == f"card-{card.operation.id}"
    ]
    return len(posted) == 1


@pytest.mark.parametrize("point", range(BACKUP + 1))
async def test_a_backup_killed_while_it_runs_is_taken_once(ops, point):
    card = await ops.alice.asks("backup db-prod-2")
    await ops.bob.approves(card)

    mortal = await dies(ops, Task.EXECUTE, at=point)
    await ops.works()
    await ops.sweeps()

    assert mortal.dead is (point < BACKUP), mortal.calls
    assert await ops.state(card) is State.DONE
    assert len(ops.aws.created) == 1
    assert (await ops.events(card)).count("operation.started") == 1
    assert (await ops.events(card)).count("operation.done") == 1
    assert await ops.back.store.open_leases("acme") == ()
    assert await card_once(ops, card)


@pytest.mark.parametrize("point", range(RESIZE + 1))
async def test_a_resize_killed_while_it_runs_is_merged_once(ops, point):
    card = await ops.alice.asks("resize web-2 m5.large")
    await ops.bob.approves(card)

    mortal = await dies(ops, Task.EXECUTE, at=point)
    await ops.works()
    await ops.sweeps()

    assert mortal.dead is (point < RESIZE), mortal.calls
    assert await ops.state(card) is State.DONE
    assert len(ops.git.merged) == 1
    assert len(ops.aws.resized) == 1
    events = await ops.events(card)
    once = ("operation.started", "merge.announced", "merge.done", "operation.done")
    assert [events.count(one) for one in once] == [1, 1, 1, 1]
    assert await ops.back.store.open_leases("acme") == ()
    assert await card_once(ops, card)


@pytest.mark.parametrize("point", range(PREPARE + 1))
async def test_a_resize_killed_while_it_is_prepared_opens_one_merge_request(ops, point):
    await ops.alice.says("resize web-2 m5.large")

    mortal = await dies(ops, Task.PREPARE, at=point)
    await ops.works()

    operation = await ops.newest()
    assert mortal.dead is (point < PREPARE), mortal.calls
    assert operation.state is State.PROPOSED
    assert len(ops.git.requests()) == 1
    assert await card_once(ops, await ops.card(operation.id))


@pytest.mark.parametrize("point", range(SPEAK + 1))
async def test_a_worker_killed_while_it_speaks_says_everything_once(ops, point):
    await ops.alice.says("backup db-prod-2")
    ((number, task, client, operation),) = await ops.jobs()
    await ops.runs(number, task, client, operation)
    mortal = Mortal(point)

    with contextlib.suppress(KilledError):
        await report("acme", ACME, back=mortal.around(ops.back))
    await ops.works()

    texts = [one.text for one in ops.slack.posts()]
    assert mortal.dead is (point < SPEAK), mortal.calls
    assert len(texts) == 2
    assert len(ops.slack.thread(await ops.card(operation))) == 1


@pytest.mark.parametrize("point", range(TIDY + 1))
async def test_a_worker_killed_while_it_tidies_leaves_no_merge_request(ops, point):
    card = await ops.alice.asks("resize web-2 m5.large")
    await ops.bob.denies(card, "not now")

    mortal = await dies(ops, Task.TIDY, at=point)
    await ops.works()

    assert mortal.dead is (point < TIDY), mortal.calls
    assert [one.state for one in ops.git.requests()] == ["closed"]


async def test_what_a_crash_left_lent_in_doubt_is_given_back_before_its_time(ops):
    """Nobody can tell whether a reboot took place, so its end is not waited for."""
    card = await ops.alice.asks("restart web-staging")
    await ops.bob.approves(card)

    mortal = await dies(ops, Task.EXECUTE, at=5)
    left = await ops.back.store.open_leases("acme")
    await ops.works()
    await ops.sweeps()

    assert mortal.dead
    assert left
    assert await ops.state(card) is State.IN_DOUBT
    assert await ops.back.store.open_leases("acme") == ()
    lent, ended = "credentials.lent", "credentials.ended"
    events = await ops.events(card)
    assert events.count(lent) == events.count(ended)


async def test_what_is_in_use_is_not_given_back(ops):
    card = await ops.alice.asks("restart web-staging")
    await ops.bob.approves(card)
    await dies(ops, Task.EXECUTE, at=5)

    async with ops.back.store.exclusive(f"{ACTS_ON}{card.operation.id}"):
        await sweep(back=ops.back)
        kept = await ops.back.store.open_leases("acme")

    assert kept
