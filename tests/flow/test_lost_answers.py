"""A lost answer is not a failure: the world is asked, and nothing is done twice."""

from datetime import timedelta

import pytest

from bot.domain.operation import State
from deploy.sandbox.aws.faults import Fault as AwsFault
from deploy.sandbox.gitlab.faults import Fault, Faults

MERGE = "/merge_requests/1/merge"


class SilentAfterMerging(Faults):
    """GitLab, which merges and then answers nothing more."""

    silent = False

    def take(self, kinds, *, method, path):
        if method == "PUT" and path.endswith("/merge") and "lose" in kinds:
            self.silent = True
            return Fault(kind="lose")
        if self.silent and "down" in kinds:
            return Fault(kind="down")
        return None


async def test_a_merge_whose_answer_is_lost_is_seen_to_be_merged(ops):
    card = await ops.alice.asks("resize web-2 m5.large")
    await ops.bob.approves(card)
    ops.day.gitlab.faults.add(Fault(kind="lose", method="PUT", path=MERGE))

    await ops.works()

    assert await ops.state(card) is State.DONE
    assert len(ops.git.merged) == 1


async def test_a_merge_after_which_gitlab_falls_silent_is_done_once(ops):
    card = await ops.alice.asks("resize web-2 m5.large")
    await ops.bob.approves(card)
    ops.day.gitlab.faults = SilentAfterMerging()
    await ops.tries()
    silent = await ops.again(card)
    ops.day.gitlab.faults = Faults()
    await ops.works()

    assert silent.operation.state is State.RUNNING
    assert "Waiting for GitLab" in silent
    assert await ops.state(card) is State.DONE
    assert len(ops.git.merged) == 1
    assert "action.reconciled" in await ops.events(card)


async def test_a_merge_that_nobody_heard_of_is_in_doubt_and_said_so(ops):
    card = await ops.alice.asks("resize web-2 m5.large")
    await ops.bob.approves(card)
    ops.day.gitlab.faults.add(Fault(kind="down", method="PUT", path=MERGE))
    await ops.tries()
    doubted = await ops.again(card)
    await ops.sweeps()

    assert doubted.operation.state is State.IN_DOUBT
    assert "nobody knows yet whether it did" in doubted
    assert await ops.state(card) is State.DONE
    assert len(ops.git.merged) == 1
    assert "operation.doubted" in await ops.events(card)


async def test_a_merge_in_doubt_that_somebody_closes_is_failed_for_certain(ops):
    card = await ops.alice.asks("resize web-2 m5.large")
    await ops.bob.approves(card)
    ops.day.gitlab.faults.add(Fault(kind="down", method="PUT", path=MERGE))
    await ops.tries()
    await ops.on_gitlab("carol", 1, "", state_event="close")
    await ops.sweeps()

    assert await ops.state(card) is State.FAILED
    assert (await ops.again(card)).operation.outcome.key == "failed.request-closed"
    assert ops.git.merged == []


async def test_a_merge_request_whose_opening_is_not_answered_is_opened_once(ops):
    ops.day.gitlab.faults.add(Fault(kind="lose", method="POST", path="/merge_requests"))

    card = await ops.alice.asks("resize web-2 m5.large")

    assert card.operation.state is State.PROPOSED
    assert len(ops.git.requests()) == 1


async def test_a_commit_whose_answer_is_lost_is_written_once(ops):
    ops.day.gitlab.faults.add(
        Fault(kind="lose", method="POST", path="/repository/commits")
    )

    card = await ops.alice.asks("resize web-2 m5.large")

    assert card.operation.state is State.PROPOSED
    assert len(ops.git.requests()) == 1


async def test_a_close_whose_answer_is_lost_is_closed(ops):
    card = await ops.alice.asks("resize web-2 m5.large")
    ops.day.gitlab.faults.add(
        Fault(kind="lose", method="PUT", path="/merge_requests/1")
    )
    await ops.bob.denies(card, "not now")

    await ops.works()

    assert ops.git.requests()[0].state == "closed"


@pytest.mark.parametrize("kind", ["drop-after", "error-after"])
async def test_a_snapshot_whose_answer_is_lost_is_in_doubt_then_found(ops, kind):
    card = await ops.alice.asks("backup db-prod")
    await ops.bob.approves(card)
    ops.day.cloud.faults.add(AwsFault(kind=kind, action="rds:CreateDBSnapshot"))
    await ops.tries()
    doubted = await ops.again(card)
    await ops.sweeps()

    assert doubted.operation.state is State.IN_DOUBT
    assert "AWS gave no answer after it was asked to act" in doubted
    assert await ops.state(card) is State.DONE
    assert len(ops.aws.created) == 1
    assert len(ops.aws.snapshots("acme-db-prod")) == 1


async def test_a_snapshot_that_was_never_begun_is_begun_once_after_the_doubt(ops):
    card = await ops.alice.asks("backup db-prod")
    await ops.bob.approves(card)
    ops.day.cloud.faults.add(AwsFault(kind="drop", action="rds:CreateDBSnapshot"))
    await ops.tries()
    doubted = await ops.state(card)
    await ops.sweeps()

    assert doubted is State.IN_DOUBT
    assert await ops.state(card) is State.DONE
    assert len(ops.aws.created) == 1


async def test_a_doubt_that_nothing_answers_stays_and_is_said_once(ops):
    card = await ops.alice.asks("backup db-prod")
    await ops.bob.approves(card)
    ops.day.cloud.faults.add(AwsFault(kind="drop-after", action="rds:CreateDBSnapshot"))
    await ops.tries()
    ops.day.cloud.faults.add(
        AwsFault(kind="error", action="rds:DescribeDBSnapshots", times=None)
    )
    await ops.sweeps_once()
    await ops.sweeps_once()
    still = await ops.state(card)
    ops.day.cloud.faults.clear()
    await ops.sweeps()

    assert still is State.IN_DOUBT
    assert (await ops.events(card)).count("operation.doubted") == 1
    assert await ops.state(card) is State.DONE


async def test_a_loan_of_aws_whose_answer_is_lost_is_asked_for_again(ops):
    card = await ops.alice.asks("backup db-prod")
    await ops.bob.approves(card)
    ops.day.cloud.faults.add(
        AwsFault(kind="drop-after", action="sts:AssumeRoleWithWebIdentity")
    )

    await ops.works()

    assert await ops.state(card) is State.DONE
    assert len(ops.aws.created) == 1


async def test_a_session_that_dies_while_the_snapshot_grows_is_lent_anew(ops):
    card = await ops.alice.asks("backup db-prod")
    await ops.bob.approves(card)
    sky, real = ops.day.sky, ops.back

    class Store:
        """Where AWS's clock leaps ahead as soon as the snapshot is begun."""

        def __getattr__(self, name):
            return getattr(real.store, name)

        async def write(self, writes):
            keys = {one.message.key for one in writes.says if one.message}
            if "playbook.rds-snapshot.started" in keys:
                sky.passes(minutes=20)
            await real.store.write(writes)

    class Lender:
        """The next loan is made in AWS's present."""

        def __getattr__(self, name):
            return getattr(real.lender, name)

        async def aws_session(self, *args, **named):
            sky.ahead = timedelta()
            return await real.lender.aws_session(*args, **named)

    ops.back = ops.with_ports(store=Store(), lender=Lender())

    await ops.works()

    assert await ops.state(card) is State.DONE
    assert len(ops.aws.created) == 1
    assert (await ops.events(card)).count("action.reconciled") == 1
