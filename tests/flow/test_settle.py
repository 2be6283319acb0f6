"""What nobody can read from the world is ended by the word of somebody who looked."""

import pytest
import pytest_asyncio

from bot.domain.operation import State
from bot.domain.writes import Task
from bot.flow.turns import ACTS_ON
from deploy.sandbox.gitlab.faults import Fault
from tests.flow.test_crashes import dies
from tests.flow.test_envelope import envelope
from tests.flow.test_lost_answers import MERGE
from tests.flow.test_undo import types

FOUND = "It rebooted at 03:12, uptime says so"


@pytest_asyncio.fixture(loop_scope="session")
async def doubtful(ops):
    """A reboot that was announced, and nothing tells whether it took place."""
    card = await ops.alice.asks("restart web-staging")
    await ops.bob.approves(card)
    await dies(ops, Task.EXECUTE, at=5)
    await ops.works()
    assert await ops.state(card) is State.IN_DOUBT
    return card


async def test_the_thread_says_how_a_doubt_is_ended(ops, doubtful):
    said = "\n".join(ops.slack.thread(doubtful))

    assert f"/infra settle {doubtful.operation.short} done|failed" in said


@pytest.mark.parametrize(
    ("word", "state"), [("done", State.DONE), ("failed", State.FAILED)]
)
async def test_whoever_may_decide_looks_and_ends_it(ops, doubtful, word, state):
    told = await types(ops.bob, f"settle {doubtful.operation.short} {word} {FOUND}")
    await ops.works()

    assert told.key == f"settled.{word}"
    ended = await ops.again(doubtful)
    assert ended.operation.state is state
    assert ended.operation.outcome.args["found"] == FOUND
    assert "Bob Durand looked and says" in ended
    record = await ops.told(doubtful, "doubt.settled")
    assert (record["verdict"], record["found"]) == (word, FOUND)
    assert (await ops.events(doubtful)).count(f"operation.{word}") == 1


async def test_nobody_settles_what_they_asked_for(ops, doubtful):
    told = await types(ops.alice, f"settle {doubtful.operation.short} done {FOUND}")

    assert told.key == "refused.own-doubt"
    assert await ops.state(doubtful) is State.IN_DOUBT
    assert (await ops.events(doubtful)).count("decision.refused") == 1


async def test_who_may_not_decide_does_not_settle(ops, doubtful):
    told = await types(ops.carol, f"settle {doubtful.operation.short} done {FOUND}")

    assert told.key == "refused.not-a-settler"
    assert await ops.state(doubtful) is State.IN_DOUBT


async def test_what_is_not_in_doubt_is_not_settled(ops):
    card = await ops.alice.asks("backup db-prod-2")

    told = await types(ops.bob, f"settle {card.operation.short} done {FOUND}")

    assert told.key == "refused.not-in-doubt"
    assert await ops.state(card) is State.PROPOSED


async def test_what_a_worker_looks_at_is_not_settled_meanwhile(ops, doubtful):
    line = f"settle {doubtful.operation.short} failed {FOUND}"
    async with ops.back.store.exclusive(ACTS_ON + doubtful.operation.id):
        told = await types(ops.bob, line)

    assert told.key == "refused.at-work"
    assert await ops.state(doubtful) is State.IN_DOUBT

    assert (await types(ops.bob, line)).key == "settled.failed"


async def test_a_doubt_is_settled_once(ops, doubtful):
    line = f"settle {doubtful.operation.short} done {FOUND}"
    await types(ops.bob, line)

    again = await types(ops.dave, line)

    assert again.key == "refused.not-in-doubt"
    assert (await ops.events(doubtful)).count("doubt.settled") == 1


@pytest.mark.parametrize(
    "line",
    [
        "settle",
        "settle abcdefg",
        "settle abcdefg done",
        "settle abcdefg done ok",
        "settle abcdefg maybe I looked",
        "settle abcdefg done " + "x" * 501,
    ],
)
async def test_what_is_not_said_in_full_is_told_how_to_be(ops, line):
    told = await types(ops.bob, line)

    assert told.key == "refused.settle-usage"


async def test_what_cannot_be_seen_is_no_finding(ops, doubtful):
    told = await types(ops.bob, f"settle {doubtful.operation.short} done ab\u202ecd")

    assert told.key == "grammar.hidden-character"
    assert await ops.state(doubtful) is State.IN_DOUBT


async def test_a_doubt_of_another_client_is_not_found(ops, doubtful):
    told = await types(ops.gina, f"settle {doubtful.operation.short} done {FOUND}")

    assert told.key == "refused.no-operation"
    assert await ops.state(doubtful) is State.IN_DOUBT


async def test_a_merge_that_never_was_is_closed(ops):
    """Settled as not done, its merge request must not be left open."""
    card = await ops.alice.asks("resize web-2 m5.large")
    await ops.bob.approves(card)
    ops.day.gitlab.faults.add(Fault(kind="down", method="PUT", path=MERGE))
    await ops.tries()
    assert await ops.state(card) is State.IN_DOUBT

    await types(ops.bob, f"settle {card.operation.short} failed {FOUND}")
    await ops.works()

    assert [one.state for one in ops.git.requests()] == ["closed"]


async def test_what_a_policy_approved_is_settled_by_who_is_on_call(ops):
    await envelope(ops)
    await ops.alice.says("restart web-staging")
    ((number, task, client, operation),) = await ops.jobs()
    await ops.runs(number, task, client, operation)
    await dies(ops, Task.EXECUTE, at=5)
    await ops.works()
    card = await ops.card(operation)
    assert await ops.state(card) is State.IN_DOUBT

    told = await types(ops.bob, f"settle {card.operation.short} done {FOUND}")

    assert told.key == "settled.done"
    assert await ops.state(card) is State.DONE
