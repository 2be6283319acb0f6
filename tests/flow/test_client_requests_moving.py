"""A client's own merge request that moves, or lacks something, while it is read."""

import pytest

from bot.domain.operation import State
from bot.domain.scope import Risk
from tests.flow.test_client_requests import noticed, opens
from tests.flow.test_voiding import changes

NOTES = {"notes.md": "What we do on Mondays\n"}


async def taken_in(ops):
    """Let the timer find it, and leave it to be looked at."""
    await ops.sweeps_once()
    return await ops.newest()


async def looked_at(ops):
    await ops.works()
    return await ops.card((await ops.newest()).id)


async def opens_notes(ops):
    """Open a merge request with nothing in it that a pipeline has a job for."""
    await ops.pushes("alice", "notes", NOTES)
    return await ops.opens("alice", "notes", "What we do on Mondays")


async def approved_notes(ops):
    await opens_notes(ops)
    card = await noticed(ops)
    await ops.bob.approves(card)
    await ops.carol.approves(card)
    await ops.works()
    return await ops.again(card)


async def held_after_the_merge(ops, card):
    """Let it be merged, and return it as it is while its pipeline has not run."""
    ops.hurries()
    ops.day.gitlab.runner.hold()
    await ops.tries()
    await ops.tries()
    merged = await ops.again(card)
    ops.day.gitlab.runner.let_go()
    await ops.day.gitlab.idle()
    return merged


async def test_a_pipeline_that_has_not_begun_is_waited_for(ops):
    await opens(ops)
    asked = await taken_in(ops)
    ops.hurries()
    begun = dict(ops.day.gitlab.pipelines)
    ops.day.gitlab.pipelines.clear()
    await ops.tries()
    waiting = await ops.operation(asked.id)
    ops.day.gitlab.pipelines.update(begun)

    card = await looked_at(ops)

    assert waiting.state is State.ASKED
    assert card.operation.id == asked.id
    assert card.operation.state is State.PROPOSED


@pytest.mark.parametrize("pipeline", ["through", "not begun"])
async def test_a_push_before_it_was_looked_at_gives_way_to_the_newer_card(
    ops, pipeline
):
    await opens(ops)
    asked = await taken_in(ops)
    await ops.pushes("alice", "bigger-web-2", NOTES)
    if pipeline == "not begun":
        ops.day.gitlab.pipelines.clear()

    card = await looked_at(ops)

    assert card.operation.id == asked.id
    assert card.operation.state is State.REFUSED
    assert card.operation.outcome.key == "request.newer"


async def test_one_that_became_a_draft_is_refused_with_what_to_do(ops):
    request = await opens(ops)
    await taken_in(ops)
    await ops.on_gitlab("alice", request.iid, "", title="Draft: later")

    card = await looked_at(ops)

    assert card.operation.state is State.REFUSED
    assert card.operation.outcome.key == "refused.request-draft"


async def test_one_whose_pipeline_has_no_such_plan_job_is_refused_with_its_name(ops):
    request = await opens(ops)
    await taken_in(ops)
    ops.git.jobs("plan:production")[-1].name = "plan:other"

    card = await looked_at(ops)

    outcome = card.operation.outcome
    assert outcome.key == "refused.no-plan-job"
    assert outcome.args["job"] == "plan:production"
    assert str(outcome.args["url"]).endswith(f"/merge_requests/{request.iid}")


async def test_a_pipeline_that_failed_since_voids_the_approval(ops):
    await opens(ops)
    card = await noticed(ops)
    await ops.bob.approves(card)
    for pipeline in ops.day.gitlab.pipelines.values():
        pipeline.status = "failed"

    await ops.works()

    assert await ops.state(card) is State.VOIDED
    assert "changed.plan" in await changes(ops, card)
    assert ops.git.merged == []


async def test_one_without_a_plan_is_a_high_risk_and_bound_to_none(ops):
    await opens_notes(ops)

    card = await noticed(ops)

    assert card.operation.state is State.PROPOSED
    assert card.operation.risk is Risk.HIGH
    assert card.operation.proposal.bound.plan == "-"
    assert card.operation.proposal.bound.pipeline == "-"
    assert "+What we do on Mondays" in card


async def test_one_without_a_plan_is_merged_and_nothing_is_waited_for(ops):
    project = ops.day.gitlab.project("acme/infra")
    project.only_allow_merge_if_pipeline_succeeds = False

    card = await approved_notes(ops)

    assert card.operation.state is State.DONE
    assert card.operation.outcome.key == "request.merged"
    assert card.operation.progress.apply_pipeline is None
    assert len(ops.git.merged) == 1
    assert "effect.verified" in await ops.events(card)


async def test_one_that_gitlab_will_not_merge_is_failed_with_gitlab_s_reason(ops):
    card = await approved_notes(ops)

    assert card.operation.state is State.FAILED
    assert card.operation.outcome.key == "failed.not-mergeable"
    assert ops.git.merged == []
    assert "effect.verified" not in await ops.events(card)


async def test_one_that_was_merged_is_followed_later_and_not_merged_again(ops):
    await opens(ops)
    card = await noticed(ops)
    await ops.bob.approves(card)
    merged = await held_after_the_merge(ops, card)

    await ops.works()

    assert merged.operation.state is State.RUNNING
    assert merged.operation.progress.merged_sha
    assert (await ops.again(card)).operation.outcome.key == "request.applied"
    assert (await ops.events(card)).count("merge.done") == 1
    assert len(ops.git.merged) == 1


async def test_a_change_too_long_to_read_is_cut_and_says_where_the_rest_is(ops):
    await opens(ops, **{"notes.md": "A line that nobody reads\n" * 1000})

    card = await noticed(ops)

    diff = card.operation.proposal.diff
    assert diff.endswith("\n… the rest is in the merge request\n")
    assert 20_000 <= len(diff) < 20_100
