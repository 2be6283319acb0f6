"""A system that is down is named on the card, and what was begun is done once."""

import pytest

from bot.domain.operation import State
from bot.flow.outage import note_outage, outage_over
from deploy.sandbox.aws.faults import Fault as AwsFault
from deploy.sandbox.gitlab.faults import Fault
from deploy.sandbox.slack.faults import Failure
from tests.flow.people import ACME
from tests.flow.test_corners import Instead

WAITS = "Waiting for {}, which does not answer"


async def newest(ops):
    return await ops.card((await ops.newest()).id)


def gitlab_is_down(ops):
    ops.day.gitlab.faults.add(Fault(kind="down", times=10_000))


def aws_is_down(ops, kind="down"):
    ops.day.cloud.faults.add(AwsFault(kind=kind, action="*", times=None))


async def test_gitlab_down_while_preparing_is_named_and_waited_for(ops):
    gitlab_is_down(ops)
    await ops.alice.says("resize web-2 m5.large")
    await ops.tries()
    down = await newest(ops)
    ops.day.gitlab.faults.clear()
    await ops.works()
    up = await newest(ops)

    assert WAITS.format("GitLab") in down
    assert down.operation.state is State.ASKED
    assert up.operation.state is State.PROPOSED
    assert "Waiting for GitLab" not in up
    assert len(ops.git.requests()) == 1


async def test_gitlab_down_after_the_approval_is_named_and_waited_for(ops):
    card = await ops.alice.asks("resize web-2 m5.large")
    await ops.bob.approves(card)
    gitlab_is_down(ops)
    await ops.tries()
    down = await ops.again(card)
    ops.day.gitlab.faults.clear()
    await ops.works()

    assert WAITS.format("GitLab") in down
    assert await ops.state(card) is State.DONE
    assert len(ops.git.merged) == 1


async def test_gitlab_down_while_the_pipeline_runs_is_named_and_waited_for(ops):
    card = await ops.alice.asks("resize web-2 m5.large")
    await ops.bob.approves(card)
    ops.hurries()
    ops.day.gitlab.runner.hold()
    await ops.tries()
    gitlab_is_down(ops)
    await ops.tries()
    down = await ops.again(card)
    ops.day.gitlab.faults.clear()
    await ops.tries()
    up = await ops.again(card)
    ops.day.gitlab.runner.let_go()
    await ops.works()

    assert WAITS.format("GitLab") in down
    assert "waiting for the pipeline" in up
    assert await ops.state(card) is State.DONE
    assert len(ops.git.merged) == 1


async def test_gitlab_down_while_a_proposal_is_watched_is_named_and_taken_off(ops):
    card = await ops.alice.asks("resize web-2 m5.large")
    gitlab_is_down(ops)
    await ops.sweeps_once()
    down = await ops.again(card)
    ops.day.gitlab.faults.clear()
    await ops.works()
    up = await ops.again(card)

    assert WAITS.format("GitLab") in down
    assert "Waiting for GitLab" not in up
    assert up.operation.state is State.PROPOSED


async def test_gitlab_down_while_tidying_closes_the_request_later(ops):
    card = await ops.alice.asks("resize web-2 m5.large")
    await ops.bob.denies(card, "not now")
    gitlab_is_down(ops)
    await ops.tries()
    open_still = ops.git.requests()[0].state
    ops.day.gitlab.faults.clear()
    await ops.works()

    assert open_still == "opened"
    assert ops.git.requests()[0].state == "closed"
    assert (await ops.events(card)).count("merge_request.closed") == 1


@pytest.mark.parametrize("line", ["backup db-prod", "resize web-2 m5.large"])
async def test_vault_down_while_preparing_is_named_and_waited_for(ops, line):
    await ops.alice.says(line)
    ops.loses_vault()
    await ops.tries()
    down = await newest(ops)
    ops.finds_vault()
    await ops.works()

    assert WAITS.format("Vault") in down
    assert (await newest(ops)).operation.state is State.PROPOSED


@pytest.mark.parametrize("line", ["backup db-prod", "resize web-2 m5.large"])
async def test_vault_down_after_the_approval_is_named_and_waited_for(ops, line):
    card = await ops.alice.asks(line)
    await ops.bob.approves(card)
    ops.loses_vault()
    await ops.tries()
    down = await ops.again(card)
    ops.finds_vault()
    await ops.works()

    assert WAITS.format("Vault") in down
    assert down.operation.state is State.APPROVED
    assert await ops.state(card) is State.DONE
    assert len(ops.aws.created) + len(ops.git.merged) == 1


@pytest.mark.parametrize("kind", ["throttle", "down", "error", "drop"])
async def test_aws_down_while_previewing_is_named_and_waited_for(ops, kind):
    aws_is_down(ops, kind)
    await ops.alice.says("backup db-prod")
    await ops.tries()
    down = await newest(ops)
    ops.day.cloud.faults.clear()
    await ops.works()

    assert WAITS.format("AWS") in down
    assert (await newest(ops)).operation.state is State.PROPOSED


@pytest.mark.parametrize("kind", ["throttle", "down"])
async def test_aws_down_after_the_approval_is_named_and_waited_for(ops, kind):
    card = await ops.alice.asks("backup db-prod")
    await ops.bob.approves(card)
    aws_is_down(ops, kind)
    await ops.tries()
    down = await ops.again(card)
    ops.day.cloud.faults.clear()
    await ops.works()

    assert WAITS.format("AWS") in down
    assert await ops.state(card) is State.DONE
    assert len(ops.aws.created) == 1


async def test_a_throttled_snapshot_is_asked_for_again_and_taken_once(ops):
    card = await ops.alice.asks("backup db-prod")
    await ops.bob.approves(card)
    fault = AwsFault(kind="throttle", action="rds:CreateDBSnapshot", times=1)
    ops.day.cloud.faults.add(fault)

    await ops.works()

    assert await ops.state(card) is State.DONE
    assert len(ops.aws.created) == 1


async def test_a_snapshot_that_aws_refuses_is_failed_with_aws_s_own_code(ops):
    card = await ops.alice.asks("backup db-prod")
    await ops.bob.approves(card)
    ops.forbids("rds:CreateDBSnapshot")

    await ops.works()

    assert await ops.state(card) is State.FAILED
    assert "AWS refused rds:CreateDBSnapshot with AccessDenied" in await ops.again(card)
    assert ops.aws.created == ()


async def test_a_preview_that_aws_refuses_is_refused(ops):
    ops.forbids("rds:DescribeDBInstances")

    card = await ops.alice.asks("backup db-prod")

    assert card.operation.state is State.REFUSED
    assert card.operation.outcome.key == "refused.aws"


async def test_an_outage_is_said_once_however_often_it_is_tried(ops):
    ops.loses_vault()
    await ops.alice.says("backup db-prod")
    await ops.tries()
    first = (await ops.newest()).version
    await ops.tries()
    await ops.tries()

    assert (await ops.newest()).version == first


async def test_what_a_proposal_waits_for_is_shown_again_after_an_outage(ops):
    ops.hurries()
    ops.day.gitlab.runner.hold()
    await ops.alice.says("resize web-2 m5.large")
    await ops.tries()
    operation = await ops.newest()
    await note_outage("acme", operation.id, system="GitLab", back=ops.back)
    down = await ops.newest()

    await outage_over("acme", operation.id, back=ops.back)

    up = await ops.newest()
    ops.day.gitlab.runner.let_go()
    assert (down.state, up.state) == (State.ASKED, State.ASKED)
    assert down.progress.waiting_for.key == "waiting.outage"
    assert up.progress.waiting_for.key == "waiting.plan"


async def test_what_a_merge_waits_for_is_shown_again_after_an_outage(ops):
    card = await ops.alice.asks("resize web-2 m5.large")
    await ops.bob.approves(card)
    ops.hurries()
    ops.day.gitlab.runner.hold()
    await ops.tries()
    await note_outage("acme", card.operation.id, system="GitLab", back=ops.back)
    down = await ops.newest()

    await outage_over("acme", card.operation.id, back=ops.back)

    up = await ops.newest()
    ops.day.gitlab.runner.let_go()
    assert (down.state, up.state) == (State.RUNNING, State.RUNNING)
    assert down.progress.waiting_for.key == "waiting.outage"
    assert up.progress.waiting_for.key == "waiting.apply"


async def test_an_outage_of_what_moved_on_meanwhile_is_not_written_over_it(ops):
    card = await ops.alice.asks("backup db-prod")
    await ops.bob.approves(card)
    stale, store = card.operation, ops.back.store

    async def operation(client, *, id):  # noqa: A002 - the port's own name
        return stale

    back = ops.with_ports(store=Instead(store, operation=operation))
    await note_outage("acme", stale.id, system="GitLab", back=back)

    now = await ops.newest()
    assert now.state is State.APPROVED
    assert now.version > stale.version
    assert now.progress.waiting_for is None


async def test_slack_down_keeps_nothing_from_happening(ops):
    ops.day.slack.faults.down_for(3600)
    await ops.alice.says("backup db-prod")
    await ops.works()
    silent = ops.slack.posts()
    ops.day.slack.faults.clear()
    ops.clock.passes(minutes=6)
    await ops.speaks()

    assert silent == []
    assert (await ops.newest()).state is State.PROPOSED
    assert len(ops.slack.posts()) == 2


async def test_what_slack_missed_is_drawn_once_as_it_then_stands(ops):
    ops.day.slack.faults.down_for(3600)
    await ops.alice.says("backup db-prod")
    await ops.works()
    ops.day.slack.faults.clear()
    ops.clock.passes(minutes=6)
    await ops.speaks()

    calls = ops.day.slack.ledger.calls("chat.postMessage")
    assert [one.ok for one in calls if one.ok] == [True, True]
    assert ops.day.slack.ledger.calls("chat.update") == []


async def test_slack_s_patience_is_obeyed_to_the_second(ops):
    ops.day.slack.faults.storm_for(3600, retry_after=30)
    await ops.alice.says("backup db-prod")
    await ops.works()
    asked = len(ops.day.slack.ledger.calls("chat.postMessage"))
    ops.clock.passes(seconds=20)
    await ops.speaks()
    too_soon = len(ops.day.slack.ledger.calls("chat.postMessage"))
    ops.day.slack.faults.clear()
    ops.clock.passes(seconds=11)
    await ops.speaks()

    assert asked == too_soon == 1
    assert len(ops.slack.posts()) == 2


async def test_a_card_that_slack_took_without_an_answer_is_posted_once(ops):
    ops.day.slack.faults.lose_answers("chat.postMessage")
    await ops.alice.says("backup db-prod")
    await ops.works()
    ops.clock.passes(minutes=1)
    await ops.speaks()

    assert [one.thread_ts for one in ops.slack.posts()].count("") == 1
    assert (await newest(ops)).operation.state is State.PROPOSED


async def test_what_may_have_arrived_is_looked_for_after_a_second_failure_too(ops):
    ops.day.slack.faults.lose_answers("chat.postMessage")
    ops.day.slack.faults.fail("conversations.history")
    await ops.alice.says("backup db-prod")
    await ops.works()
    for _ in range(3):
        ops.clock.passes(minutes=5)
        await ops.speaks()

    assert [one.thread_ts for one in ops.slack.posts()].count("") == 1


async def test_a_reply_that_slack_took_without_an_answer_is_posted_once(ops):
    card = await ops.alice.asks("backup db-prod")
    ops.day.slack.faults.lose_answers("chat.postMessage")
    await ops.bob.denies(card, "not now")
    await ops.works()
    ops.clock.passes(minutes=1)
    await ops.speaks()

    assert ops.slack.thread(card).count("Bob Durand denied this: not now") == 1


async def test_what_slack_will_never_take_is_put_aside(ops):
    card = await ops.alice.asks("backup db-prod")
    failure = Failure(status=200, error="msg_too_long")
    ops.day.slack.faults.fail("chat.postMessage", failure=failure)
    await ops.bob.denies(card, "not now")

    await ops.works()

    assert await ops.back.outbox.places("acme", now=ops.clock.now()) == ()
    assert await ops.state(card) is State.DENIED


async def test_what_was_tried_too_often_is_put_aside(ops):
    ops.day.slack.faults.fail("chat.postMessage", times=1000)
    await ops.alice.says("backup db-prod")
    await ops.works()
    for _ in range(70):
        ops.clock.passes(minutes=10)
        await ops.speaks()

    tried = len(ops.day.slack.ledger.calls("chat.postMessage"))
    assert tried <= 2 * 60 + 2
    assert await ops.back.outbox.places("acme", now=ops.clock.now()) == ()


async def test_posts_to_one_channel_keep_their_distance(ops):
    from dataclasses import replace  # noqa: PLC0415 - the one test of the gap
    from datetime import timedelta  # noqa: PLC0415

    slept = []

    async def sleep(seconds):
        slept.append(seconds)
        ops.clock.passes(seconds=seconds)

    pace = replace(ops.back.pace, post_gap=timedelta(seconds=1))
    ops.back = ops.with_ports(pace=pace, sleep=sleep)
    await ops.alice.says("backup db-prod")
    await ops.works()
    first, second = ops.slack.posts()

    assert second.thread_ts == first.ts
    assert sum(slept) > 0.5


async def test_a_channel_that_another_replica_speaks_in_is_left_to_it(ops):
    await ops.alice.says("backup db-prod")

    async with ops.back.outbox.hold(ACME):
        await ops.speaks()
    while_held = ops.slack.posts()
    await ops.speaks()

    assert while_held == []
    assert len(ops.slack.posts()) == 1
