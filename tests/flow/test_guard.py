"""A plan that does more than was asked, or none at all: said before anybody decides."""

import asyncio

from bot.domain.operation import State
from bot.domain.scope import Risk

PLANS = '    - terraform -chdir="$DIRECTORY" validate\n'
WEB_1 = '    "web-1" = { instance_type = "t3.medium" }\n'


async def test_a_server_that_would_be_destroyed_is_shown_first(ops):
    # Main holds a removal that nobody has applied: the next plan carries it out.
    files = await ops.edits(WEB_1, "")
    await ops.pushes("carol", "main", files, message="Drop web-1 [skip ci]")

    card = await ops.alice.asks("resize web-2 m5.large")

    first = card.operation.proposal.findings[0]
    assert first.key == "guard.destroy"
    assert card.text.index("Destroys") < card.text.index('"web-2" = {')


async def test_a_surprise_raises_the_risk_and_asks_both_companies(ops):
    files = await ops.edits(WEB_1, "")
    await ops.pushes("carol", "main", files, message="Drop web-1 [skip ci]")

    card = await ops.alice.asks("resize web-2 m5.large")
    await ops.bob.approves(card)
    alone = await ops.state(card)
    await ops.carol.approves(card)

    assert card.operation.risk is Risk.HIGH
    assert [one.role for one in card.operation.route.needs] == [
        "provider.oncall",
        "client.owner",
    ]
    assert alone is State.PROPOSED
    assert await ops.state(card) is State.APPROVED


async def test_a_server_that_drifted_is_pointed_out(ops):
    ops.aws.makes("web-1", "t3.large")

    card = await ops.alice.asks("resize web-2 m5.large")

    keys = {one.key for one in card.operation.proposal.findings}
    assert keys == {"guard.drift", "guard.update"}


async def test_a_plan_without_surprise_has_no_finding(ops):
    card = await ops.alice.asks("resize web-2 m5.large")

    assert card.operation.proposal.findings == ()


async def test_a_pipeline_that_fails_is_refused_with_the_job_s_link(ops):
    broken = await ops.edits(PLANS, '    - "false"\n', path=".gitlab-ci.yml")
    await ops.pushes("carol", "main", broken)

    card = await ops.alice.asks("resize web-2 m5.large")

    job = ops.git.jobs("plan:production")[-1]
    assert card.operation.state is State.REFUSED
    assert card.operation.outcome.key == "refused.pipeline"
    assert card.operation.outcome.args["job"] == "plan:production"
    assert str(card.operation.outcome.args["url"]).endswith(f"/jobs/{job.id}")
    assert [one.state for one in ops.git.requests()] == ["closed"]


async def test_a_pipeline_that_was_cancelled_is_refused_with_its_own_link(ops):
    ops.day.gitlab.runner.hold()
    await ops.alice.says("resize web-2 m5.large")
    work = asyncio.create_task(ops.works())
    await ops.until(lambda: ops.git.runs("plan:production"))
    await ops.git.cancels("plan:production")
    ops.day.gitlab.runner.let_go()
    await work

    outcome = (await ops.newest()).outcome
    assert outcome.key == "refused.pipeline"
    assert outcome.args["job"] == "-"


async def test_a_pipeline_without_the_plan_job_is_refused(ops):
    await ops.edits_catalog(
        "clients/acme/client.yaml",
        'production: "plan:production"',
        'production: "plan:elsewhere"',
    )

    card = await ops.alice.asks("resize web-2 m5.large")

    assert card.operation.outcome.key == "refused.no-plan-job"
    assert card.operation.outcome.args["job"] == "plan:elsewhere"


async def test_what_somebody_else_pushed_before_the_card_is_not_shown_as_ours(ops):
    ops.day.gitlab.runner.hold()
    await ops.alice.says("resize web-2 m5.large")
    operation = await ops.newest()
    work = asyncio.create_task(ops.works())
    await ops.until(ops.git.requests)
    files = {".gitlab-ci.yml": "steal:\n  script: [echo]\n"}
    await ops.day.gitlab.push(
        "acme/infra", f"tandem/{operation.id}", "alice", files, "Mine"
    )
    ops.day.gitlab.runner.let_go()
    await work

    ended = await ops.operation(operation.id)
    assert ended.state is State.REFUSED
    assert [one.state for one in ops.git.requests()] == ["closed"]


async def test_another_file_in_the_branch_before_the_card_is_refused_by_name(ops):
    ops.day.gitlab.runner.hold()
    await ops.alice.says("resize web-2 m5.large")
    operation = await ops.newest()
    work = asyncio.create_task(ops.works())
    await ops.until(ops.git.requests)
    await ops.day.gitlab.push(
        "acme/infra", f"tandem/{operation.id}", "alice", {"extra.txt": "x"}, "Mine"
    )
    ops.day.gitlab.runner.let_go()
    await work

    ended = await ops.operation(operation.id)
    assert ended.outcome.key == "refused.pushed-before"
    assert ended.outcome.args["paths"] == "extra.txt"


async def test_a_plan_that_takes_long_is_waited_for_without_holding_a_worker(ops):
    ops.day.gitlab.runner.hold()
    await ops.alice.says("resize web-2 m5.large")
    ops.hurries()

    await ops.tries()
    await ops.tries()
    waiting = await ops.card((await ops.newest()).id)
    ops.day.gitlab.runner.let_go()
    await ops.works()

    assert "Waiting for the plan" in waiting
    assert (await ops.newest()).state is State.PROPOSED


async def test_a_type_that_aws_does_not_have_fails_after_the_merge_and_says_so(ops):
    card = await ops.alice.asks("resize web-2 m5.huge99")
    await ops.bob.approves(card)

    await ops.works()

    assert await ops.state(card) is State.FAILED
    failed = await ops.again(card)
    assert failed.operation.outcome.key == "failed.apply"
    assert "It is merged, but the pipeline that applies it failed" in failed
    assert len(ops.git.merged) == 1


async def test_an_apply_pipeline_that_was_cancelled_says_the_merge_stands(ops):
    card = await ops.alice.asks("resize web-2 m5.large")
    await ops.bob.approves(card)
    ops.day.gitlab.runner.hold()
    work = asyncio.create_task(ops.works())
    await ops.until(lambda: ops.git.runs("apply:production"))
    await ops.git.cancels("apply:production")
    ops.day.gitlab.runner.let_go()
    await work

    outcome = (await ops.again(card)).operation.outcome
    assert outcome.key == "failed.apply"
    assert outcome.args["job"] == "canceled"


async def test_an_apply_that_takes_long_is_waited_for_without_holding_a_worker(ops):
    card = await ops.alice.asks("resize web-2 m5.large")
    await ops.bob.approves(card)
    ops.day.gitlab.runner.hold()
    ops.hurries()

    await ops.tries()
    between = await ops.again(card)
    await ops.tries()
    ops.day.gitlab.runner.let_go()
    await ops.works()

    assert between.operation.state is State.RUNNING
    assert "waiting for the pipeline" in between
    assert await ops.state(card) is State.DONE
    assert len(ops.git.merged) == 1


async def test_a_value_that_is_there_already_is_refused(ops):
    card = await ops.alice.asks("resize web-2 t3.medium")

    assert card.operation.state is State.REFUSED
    assert ops.git.requests() == []


async def test_an_effect_that_does_not_show_is_in_doubt_and_looked_at_again(ops):
    card = await ops.alice.asks("resize web-2 m5.large")
    await ops.bob.approves(card)
    ops.hurries()

    await ops.tries()
    await ops.day.gitlab.idle()
    ops.aws.makes("web-2", "t3.medium")
    await ops.works()
    doubted = await ops.again(card)
    ops.aws.makes("web-2", "m5.large")
    await ops.sweeps()

    assert doubted.operation.state is State.IN_DOUBT
    assert "instance_type = t3.medium" in doubted
    assert await ops.state(card) is State.DONE
