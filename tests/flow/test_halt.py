"""What runs on a host is stopped where it stands, and from then on only looked at."""

import pytest
import pytest_asyncio

from bot.domain.audit import EventName
from bot.domain.operation import State
from bot.domain.writes import Task, Writes
from bot.flow.changes import observing
from bot.flow.outage import note_outage, outage_over
from deploy.sandbox.aws.faults import Fault as AwsFault
from tests.flow.test_corners import Instead
from tests.flow.test_crashes import dies
from tests.flow.test_freeze import EVERYBODY, TRAINEES
from tests.flow.test_undo import types

NOBODY_CALLS_OFF = f"""
@id("what-runs-runs")
@because("In the week of the sale what was approved is carried out.")
forbid (principal, action == Action::"cancel", resource);
{TRAINEES}"""


async def advanced(ops, card, **more):
    """Save progress as the worker that runs it would have."""
    found = (await ops.again(card)).operation
    progress = found.progress.model_copy(update=more)
    saves = (found.advanced(progress),)
    await ops.back.store.write(Writes(client="acme", at=ops.back.now(), saves=saves))


@pytest_asyncio.fixture(loop_scope="session")
async def running(ops):
    """An action that was announced; its worker is gone, as if it were still at it."""
    card = await ops.alice.asks("backup db-prod-2")
    await ops.bob.approves(card)
    await dies(ops, Task.EXECUTE, at=5)
    assert await ops.state(card) is State.RUNNING
    assert (await ops.again(card)).operation.progress.announced
    await advanced(ops, card, stoppable=True)
    return card


@pytest.mark.parametrize("who", ["alice", "bob"])
async def test_who_asked_and_who_may_decide_have_it_stopped(ops, running, who):
    person = getattr(ops, who)

    told = await types(person, f"halt {running.operation.short}")
    await ops.speaks()

    stopped = await ops.again(running)
    assert told.key == "halt.told"
    assert stopped.operation.progress.halted_by == who
    assert "It is being stopped." in stopped
    assert "is stopping it" in "\n".join(ops.slack.thread(running))
    assert (await ops.events(running)).count("operation.halted") == 1


async def test_it_is_stopped_once_and_the_second_is_told_who_was_first(ops, running):
    await types(ops.alice, f"halt {running.operation.short}")

    told = await types(ops.bob, f"halt #{running.operation.short}")

    assert told.key == "halt.already"
    assert "Alice" in told.args["who"]
    assert (await ops.events(running)).count("operation.halted") == 1


async def test_who_may_neither_ask_nor_decide_stops_nothing(ops, running):
    told = await types(ops.carol, f"halt {running.operation.short}")

    assert told.key == "refused.not-a-halter"
    assert (await ops.again(running)).operation.progress.halted_by is None
    assert (await ops.events(running)).count("decision.refused") == 1


async def test_a_policy_may_keep_who_asked_from_stopping_it(ops, running):
    await ops.edits_catalog(EVERYBODY, TRAINEES, NOBODY_CALLS_OFF)

    told = await types(ops.alice, f"halt {running.operation.short}")

    assert told.key == "refused.policy"
    assert told.args["rule"] == "what-runs-runs"
    assert (await ops.again(running)).operation.progress.halted_by is None
    refused = await ops.told(running, "decision.refused")
    assert refused["rule"] == "what-runs-runs"


async def test_one_of_another_client_is_not_found(ops, running):
    told = await types(ops.gina, f"halt {running.operation.short}")

    assert told.key == "refused.no-operation"


async def test_what_was_halted_before_it_did_anything_failed_and_is_not_repeated(
    ops, running
):
    await types(ops.alice, f"halt {running.operation.short}")

    await ops.works()
    await ops.sweeps()
    await ops.works()

    ended = await ops.again(running)
    assert ended.operation.state is State.FAILED
    assert "stopped it before it took effect" in ended
    assert ops.aws.created == ()
    assert (await ops.events(running)).count("action.reconciled") == 1


async def test_what_was_there_already_when_it_was_halted_is_done(ops):
    card = await ops.alice.asks("backup db-prod-2")
    await ops.bob.approves(card)
    await dies(ops, Task.EXECUTE, at=7)
    assert len(ops.aws.created) == 1
    await advanced(ops, card, stoppable=True)
    await types(ops.bob, f"halt {card.operation.short}")

    await ops.works()
    await ops.sweeps()
    await ops.works()

    assert await ops.state(card) is State.DONE
    assert len(ops.aws.created) == 1


async def test_what_nobody_can_tell_after_it_was_halted_is_in_doubt(ops):
    card = await ops.alice.asks("restart web-staging")
    await ops.bob.approves(card)
    await dies(ops, Task.EXECUTE, at=5)
    await advanced(ops, card, stoppable=True)
    await types(ops.alice, f"halt {card.operation.short}")

    await ops.works()

    doubtful = await ops.again(card)
    assert doubtful.operation.state is State.IN_DOUBT
    assert doubtful.operation.outcome.key == "doubt.halted"
    assert "Alice" in doubtful.operation.outcome.args["who"]
    assert "/infra settle" in "\n".join(ops.slack.thread(card))


async def test_what_does_not_run_yet_is_told_how_to_call_it_off(ops):
    card = await ops.alice.asks("backup db-prod-2")

    told = await types(ops.alice, f"halt {card.operation.short}")

    assert told.key == "refused.not-running"
    assert told.args["state"] == "proposed"


async def test_a_call_at_aws_is_not_stopped_halfway(ops, running):
    await advanced(ops, running, stoppable=False)

    told = await types(ops.alice, f"halt {running.operation.short}")

    assert told.key == "refused.not-stoppable"
    assert (await ops.again(running)).operation.progress.halted_by is None


@pytest.mark.parametrize("line", ["halt", "halt one two"])
async def test_without_one_id_it_says_how(ops, line):
    told = await types(ops.alice, line)

    assert told.key == "refused.halt-usage"


async def test_an_outage_that_is_over_leaves_it_said_that_it_is_being_stopped(
    ops, running
):
    await types(ops.alice, f"halt {running.operation.short}")
    await note_outage("acme", running.operation.id, system="AWS", back=ops.back)
    down = (await ops.again(running)).operation

    await outage_over("acme", running.operation.id, back=ops.back)

    up = (await ops.again(running)).operation
    assert down.progress.waiting_for.key == "waiting.outage"
    assert up.progress.waiting_for.key == "waiting.halted"


async def test_a_run_that_a_stop_broke_off_is_in_doubt_and_names_who_did_it(ops):
    card = await ops.alice.asks("restart web-staging")
    await ops.bob.approves(card)
    store = ops.back.store

    async def write(writes):
        await store.write(writes)
        if any(each.name is EventName.ACTION_ANNOUNCED for each in writes.events):
            await advanced(ops, card, stoppable=True)
            await types(ops.bob, f"halt {card.operation.short}")

    ops.back = ops.with_ports(store=Instead(store, write=write))
    ops.day.cloud.faults.add(AwsFault(kind="drop-after", action="ec2:RebootInstances"))
    await ops.works()

    doubtful = (await ops.again(card)).operation
    assert doubtful.state is State.IN_DOUBT
    assert doubtful.outcome.key == "doubt.halted"
    assert "Bob" in doubtful.outcome.args["who"]


async def test_what_runs_learns_of_the_stop_and_what_only_looks_is_never_stopped(
    ops, running
):
    operation = (await ops.again(running)).operation
    halted = observing._halting(operation, back=ops.back)
    before = await halted()

    await types(ops.alice, f"halt {running.operation.short}")

    stopped = (await ops.again(running)).operation
    assert (before, await halted()) == (False, True)
    assert observing._halting(stopped, back=ops.back) is None
    assert observing._halting(running.operation, back=ops.back) is None
