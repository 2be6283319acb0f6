"""`/infra set` while file, pipeline or plan move; and the way back from it."""

from dataclasses import replace

import pytest

from bot.domain.forge import RequestState
from bot.domain.operation import State
from tests.flow.test_client_requests_moving import held_after_the_merge
from tests.flow.test_corners import Instead
from tests.flow.test_set import INVENTORY, LAST, SIZE, TFVARS, WEB_YML
from tests.flow.test_voiding import PushesFirst, changes

STAGING_TF = "environments/staging/main.tf"


async def asks_size(ops):
    await ops.edits_catalog(INVENTORY, LAST, LAST + SIZE)
    return await ops.alice.asks("set staging-size t3.medium")


async def without_a_check(ops):
    """Have no job for such a file, in a project that merges without one."""
    project = ops.day.gitlab.project("acme/infra")
    project.only_allow_merge_if_pipeline_succeeds = False
    none = await ops.edits("        - ansible/**/*\n", "", path=".gitlab-ci.yml")
    await ops.pushes("carol", "main", none)


async def test_a_merge_request_that_gitlab_still_looks_at_is_waited_for(ops):
    forge = ops.back.forge

    async def merge_request(project, **named):
        found = await forge.merge_request(project, **named)
        return replace(found, pipeline=None, merge_status="checking")

    ops.hurries()
    hurried = ops.back
    ops.back = ops.with_ports(forge=Instead(forge, merge_request=merge_request))
    await ops.alice.says("set nginx-workers 8")
    await ops.tries()
    waiting = await ops.newest()
    ops.back = hurried
    await ops.day.gitlab.idle()
    await ops.works()

    assert waiting.state is State.ASKED
    assert waiting.progress.merge_request is not None
    assert (await ops.newest()).state is State.PROPOSED
    assert len(ops.git.requests()) == 1


async def test_a_file_that_no_job_is_for_needs_none_where_gitlab_asks_for_none(ops):
    await without_a_check(ops)
    card = await ops.alice.asks("set nginx-workers 8")
    await ops.bob.approves(card)

    await ops.works()

    assert card.operation.state is State.PROPOSED
    assert card.operation.proposal.pipeline_url == ""
    assert (await ops.again(card)).operation.outcome.key == "value.merged"
    assert "nginx_workers: 8" in await ops.git.main(WEB_YML)


async def test_looking_at_an_untouched_value_changes_nothing(ops):
    card = await ops.alice.asks("set nginx-workers 8")

    await ops.sweeps()

    assert (await ops.again(card)).operation == card.operation


@pytest.mark.parametrize("now", ["failed", "gone"])
async def test_a_plan_of_a_variable_that_is_no_longer_there_voids_it(ops, now):
    card = await asks_size(ops)
    await ops.bob.approves(card)
    pipelines = ops.day.gitlab.pipelines
    for pipeline in pipelines.values():
        pipeline.status = "failed"
    if now == "gone":
        pipelines.clear()

    await ops.works()

    assert await ops.state(card) is State.VOIDED
    assert "changed.plan" in await changes(ops, card)
    assert ops.git.merged == []


async def test_a_variable_that_nothing_uses_is_said_to_change_nothing(ops):
    fixed = await ops.edits("var.instance_type", '"t3.small"', path=STAGING_TF)
    await ops.pushes("carol", "main", fixed, message="Fixed size [skip ci]")

    card = await asks_size(ops)

    (finding,) = card.operation.proposal.findings
    assert finding.key == "value.no-effect"
    assert finding.args["file"] == TFVARS


async def test_a_value_closed_in_the_very_moment_is_failed_and_not_read_back(ops):
    card = await ops.alice.asks("set nginx-workers 8")
    await ops.bob.approves(card)

    async def carol_closes():
        await ops.on_gitlab("carol", 1, "", state_event="close")

    ops.back = ops.with_ports(forge=PushesFirst(ops.back.forge, "merge", carol_closes))
    await ops.works()

    assert (await ops.again(card)).operation.outcome.key == "failed.not-mergeable"
    assert ops.git.request(1).state == RequestState.CLOSED
    assert "nginx_workers: 4" in await ops.git.main(WEB_YML)


async def test_a_variable_that_was_merged_is_followed_later_and_merged_once(ops):
    card = await asks_size(ops)
    await ops.bob.approves(card)

    merged = await held_after_the_merge(ops, card)
    await ops.works()

    assert merged.operation.state is State.RUNNING
    assert merged.operation.progress.merged_sha
    assert (await ops.again(card)).operation.outcome.key == "value.applied"
    assert (await ops.events(card)).count("merge.done") == 1
    assert len(ops.git.merged) == 1


# The one has a character that no line may hold, the other a space that is read as any.
@pytest.mark.parametrize(
    ("former", "key"),
    [('"wa\\u200brn"', "undo.unfit"), ('"warn\\u00a0all"', "undo.misread")],
)
async def test_a_former_value_that_no_line_spells_is_no_way_back(ops, former, key):
    odd = await ops.edits("level: warn", f"level: {former}", path=WEB_YML)
    await ops.pushes("carol", "main", odd)

    card = await ops.alice.asks("set nginx-log-level info")

    assert card.operation.state is State.PROPOSED
    assert card.operation.proposal.undo.key == key
    assert card.operation.proposal.way_back == ""
    assert "There is no way back by a command" in card


async def test_a_command_that_is_no_longer_in_the_build_names_no_way_back(ops):
    await ops.alice.says("set nginx-workers 8")
    registry = ops.back.registry
    left = {name: one for name, one in registry.commands.items() if name != "set"}
    ops.back = ops.with_ports(registry=replace(registry, commands=left))
    await ops.works()

    card = await ops.card((await ops.newest()).id)

    assert card.operation.state is State.PROPOSED
    assert card.operation.proposal.undo is None
    assert card.operation.proposal.way_back == ""
