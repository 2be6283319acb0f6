"""Scheduled operations: decided before, checked again and run at their moment."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.domain.operation import State
from bot.flow.freeze import freeze


def later(ops, **how):
    """Return a moment as people write it, and the words that ask for it."""
    at = (ops.clock.now() + timedelta(**how)).replace(second=0, microsecond=0)
    return at, f'--at "{at:%Y-%m-%dT%H:%MZ}"'


async def test_the_moment_is_said_back_in_full_and_stands_on_the_card(ops):
    at, words = later(ops, hours=5)
    there = at.astimezone(ZoneInfo("Europe/Paris"))

    told = await ops.alice.says(f"backup db-prod-2 {words}")
    await ops.works()

    card = await ops.card(str(told.args["id"]))
    assert told.key == "asked.scheduled"
    assert f"{there:%Y-%m-%d %H:%M} Europe/Paris" in str(told.args["at"])
    assert f"{at:%Y-%m-%d %H:%M} UTC" in str(told.args["at"])
    assert "Scheduled for" in card
    assert f"{there:%Y-%m-%d %H:%M} Europe/Paris" in card


async def test_it_is_decided_now_and_runs_then_and_once(ops):
    _, words = later(ops, hours=5)
    await ops.alice.says(f"backup db-prod-2 {words}")
    await ops.works()
    card = await ops.card((await ops.newest()).id)
    await ops.bob.approves(card)

    await ops.works()
    await ops.sweeps_once()
    before, created = await ops.state(card), len(ops.aws.created)
    ops.clock.passes(hours=5, minutes=1)
    await ops.sweeps()

    assert (before, created) == (State.APPROVED, 0)
    assert await ops.state(card) is State.DONE
    assert len(ops.aws.created) == 1


async def test_the_job_is_in_the_queue_for_that_moment(ops):
    at, words = later(ops, hours=5)
    await ops.alice.says(f"backup db-prod-2 {words}")
    await ops.works()
    await ops.bob.approves(await ops.card((await ops.newest()).id))

    ((due,),) = await ops._sql(
        "SELECT scheduled_at FROM procrastinate_jobs WHERE task_name = 'execute'"
    )

    assert abs(due - at) < timedelta(minutes=1)


async def test_it_may_be_decided_until_its_moment_and_not_after(ops):
    _, words = later(ops, hours=5)
    await ops.alice.says(f"backup db-prod-2 {words}")
    await ops.works()
    card = await ops.card((await ops.newest()).id)
    ops.clock.passes(hours=4, minutes=58)
    await ops.sweeps()
    open_till_then = await ops.state(card)
    ops.clock.passes(minutes=3)

    told = await ops.bob.approves(card)
    await ops.sweeps()

    assert open_till_then is State.PROPOSED
    assert told.key == "refused.expired"
    assert await ops.state(card) is State.EXPIRED


async def test_what_is_approved_can_be_cancelled_before_its_moment(ops):
    _, words = later(ops, hours=5)
    await ops.alice.says(f"backup db-prod-2 {words}")
    await ops.works()
    card = await ops.card((await ops.newest()).id)
    await ops.bob.approves(card)

    await ops.alice.cancels(card)
    ops.clock.passes(hours=5, minutes=1)
    await ops.sweeps()

    assert await ops.state(card) is State.CANCELLED
    assert len(ops.aws.created) == 0


async def test_a_target_that_changed_until_then_voids_it(ops):
    _, words = later(ops, hours=5)
    await ops.alice.says(f"resize web-2 m5.large {words}")
    await ops.works()
    card = await ops.card((await ops.newest()).id)
    await ops.bob.approves(card)
    ops.aws.makes("web-2", "t3.large")
    ops.clock.passes(hours=5, minutes=1)

    await ops.sweeps()

    assert await ops.state(card) is State.VOIDED
    assert ops.aws.type_of("web-2") == "t3.large"


async def test_an_approver_who_was_removed_until_then_counts_no_more(ops):
    _, words = later(ops, hours=5)
    await ops.alice.says(f"backup db-prod-2 {words}")
    await ops.works()
    card = await ops.card((await ops.newest()).id)
    await ops.bob.approves(card)
    await ops.edits_catalog("provider.yaml", "members: [bob, dave]", "members: [dave]")
    ops.clock.passes(hours=5, minutes=1)

    await ops.sweeps()

    assert await ops.state(card) is State.VOIDED


async def test_a_freeze_that_was_declared_meanwhile_holds_it_then(ops):
    at, words = later(ops, hours=5)
    await ops.alice.says(f"backup db-prod-2 {words}")
    await ops.works()
    card = await ops.card((await ops.newest()).id)
    await ops.bob.approves(card)
    until = at + timedelta(hours=3)
    told = f"freeze all until {until:%Y-%m-%dT%H:%MZ} Disks are failing"
    await freeze(ops.carol._knock(told), front=ops.back)
    ops.clock.passes(hours=5, minutes=1)
    await ops.sweeps()
    held = await ops.again(card)
    ops.clock.passes(hours=1)
    await ops.sweeps()

    assert held.operation.state is State.APPROVED
    assert "Frozen by Carol Petit" in held
    assert await ops.state(card) is State.EXPIRED
    assert len(ops.aws.created) == 0


async def test_what_runs_after_a_freeze_may_be_approved_during_it(ops):
    until = ops.clock.now() + timedelta(hours=2)
    told = f"freeze all until {until:%Y-%m-%dT%H:%MZ} We launch"
    await freeze(ops.carol._knock(told), front=ops.back)
    _, words = later(ops, hours=5)
    await ops.alice.says(f"backup db-prod-2 {words}")
    await ops.works()
    card = await ops.card((await ops.newest()).id)

    told = await ops.bob.approves(card)

    assert told.key == "decided.approve"


async def test_what_would_run_in_a_freeze_is_not_approved_before_it(ops):
    _, words = later(ops, days=3)
    await ops.edits_catalog(
        "clients/acme/client.yaml",
        "requests: {",
        "freezes:\n"
        "  - name: launch\n"
        "    reason: We launch\n"
        "    timezone: UTC\n"
        f"    from: {(ops.clock.now() + timedelta(days=2)):%Y-%m-%dT%H:%M}\n"
        f"    until: {(ops.clock.now() + timedelta(days=4)):%Y-%m-%dT%H:%M}\n"
        "requests: {",
    )
    await ops.alice.says(f"backup db-prod-2 {words}")
    await ops.works()
    card = await ops.card((await ops.newest()).id)

    told = await ops.bob.approves(card)

    assert told.key == "refused.frozen"


async def test_a_worker_that_was_down_too_long_does_not_run_it_in_the_morning(ops):
    _, words = later(ops, hours=5)
    await ops.alice.says(f"backup db-prod-2 {words}")
    await ops.works()
    card = await ops.card((await ops.newest()).id)
    await ops.bob.approves(card)
    ops.clock.passes(hours=6)

    await ops.works()

    assert await ops.state(card) is State.EXPIRED
    assert len(ops.aws.created) == 0


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        ('--at "yesterday 22:00"', "when-unread"),
        ("--at", "when-unread"),
        ('at:"2020-01-01 22:00"', "when-past"),
        ('at:"tomorrow 09:00" --at "tomorrow 10:00"', "when-again"),
    ],
)
async def test_a_moment_that_cannot_be_meant_is_refused(ops, words, rule):
    told = await ops.alice.says(f"backup db-prod-2 {words}")

    assert told.key == f"refused.{rule}"


@pytest.mark.parametrize(
    "words", ["--at tomorrow 09:00", "at:tomorrow 09:00", 'at:"tomorrow 09:00"']
)
async def test_it_may_be_typed_with_and_without_quotes(ops, words):
    told = await ops.alice.says(f"backup {words} db-prod-2")

    assert told.key == "asked.scheduled"
    assert (await ops.newest()).target == "db-prod-2"
