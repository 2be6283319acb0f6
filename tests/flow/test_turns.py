"""Several operations on one target act one after another, and say so."""

import asyncio

from bot.domain.operation import State


async def at_work(ops, words):
    """A resize that waits for its pipeline, and another operation approved since."""
    first = await ops.alice.asks("resize web-2 m5.large")
    second = await ops.alice.asks(words)
    await ops.bob.approves(first)
    ops.day.gitlab.runner.hold()
    ops.hurries()
    await ops.tries()
    await ops.bob.approves(second)
    await ops.carol.approves(second)
    return first, second


async def approved(ops, words):
    card = await ops.alice.asks(words)
    await ops.bob.approves(card)
    return card


async def test_the_second_backup_of_a_database_waits_for_the_first(ops):
    first = await approved(ops, "backup db-prod")
    second = await approved(ops, "backup db-prod")

    await asyncio.gather(*(ops.runs(*job) for job in await ops.jobs()))
    await ops.works()

    assert await ops.state(first) is State.DONE
    assert await ops.state(second) is State.DONE
    assert len(ops.aws.created) == 2


async def test_who_waits_says_for_whom_and_then_goes_on(ops):
    first, second = await at_work(ops, "restart web-2")

    await ops.tries()
    waiting = await ops.again(second)
    ops.day.gitlab.runner.let_go()
    await ops.works()

    assert waiting.operation.state is State.APPROVED
    assert f"Waiting for {first.operation.short}" in waiting
    assert await ops.state(first) is State.DONE
    # The resize launched the machine anew: that is not what was approved.
    assert await ops.state(second) is State.VOIDED


async def test_the_card_points_out_what_else_is_open_on_the_target(ops):
    first = await ops.alice.asks("resize web-2 m5.large")

    second = await ops.alice.asks("restart web-2")

    assert f"{first.operation.short} is open on the same target" in second
    assert "open on the same target" not in first


async def test_another_target_waits_for_nobody(ops):
    _, other = await at_work(ops, "backup db-prod")

    await ops.tries()
    state = await ops.state(other)
    ops.day.gitlab.runner.let_go()
    await ops.works()

    assert state is State.DONE


async def test_an_approval_that_waits_too_long_expires(ops):
    _, second = await at_work(ops, "restart web-2")
    await ops.tries()

    ops.clock.passes(hours=3)
    await ops.sweeps_once()
    state = await ops.state(second)
    ops.day.gitlab.runner.let_go()
    await ops.works()

    assert state is State.EXPIRED
    assert ops.day.cloud.ledger.effects("ec2:RebootInstances") == ()
