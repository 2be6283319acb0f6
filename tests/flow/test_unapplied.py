"""What is applied is what was approved: a job whose plan is another one refuses."""

from bot.domain.operation import State
from bot.domain.terraform.outline import outline, outline_digest
from deploy.sandbox.gitlab.pipelines import retry
from deploy.sandbox.gitlab.records import Variable
from tests.flow.people import MAIN_TF
from tests.flow.test_corners import Instead, without_jobs

WEB_2 = '"web-2" = { instance_type = "t3.medium" }'
STAGING = "environments/staging/terraform.tfvars"


async def approved(ops, line="resize web-2 m5.large"):
    card = await ops.alice.asks(line)
    await ops.bob.approves(card)
    return card


def at_the_merge(ops, first=None, **changes):
    """Have something happen, or be said otherwise, in the moment of merging."""
    forge = ops.back.forge

    async def merge(project, **named):
        if first is not None:
            first()
        return await forge.merge(project, **named | changes)

    ops.back = ops.with_ports(forge=Instead(forge, merge=merge))


def jobs_say(ops, note):
    """Have every job that failed leave this note."""
    forge = ops.back.forge

    async def job_artifact(project, *, path, **named):
        if path == "unapproved.json":
            return note
        return await forge.job_artifact(project, path=path, **named)

    ops.back = ops.with_ports(forge=Instead(forge, job_artifact=job_artifact))


async def test_the_commit_on_main_names_the_plan_that_was_approved(ops):
    card = await approved(ops)

    await ops.works()

    bound = card.operation.proposal.bound
    assert await ops.state(card) is State.DONE
    assert (await ops.git.message()).splitlines()[-2:] == [
        f"Tandem-Operation: {card.operation.id}",
        f"Tandem-Plan: production {bound.outlines['production']}",
    ]
    announced = await ops.told(card, "merge.announced")
    assert announced["outlines"] == bound.outlines


async def test_what_drifted_in_the_moment_of_merging_stops_the_apply(ops):
    card = await approved(ops)
    at_the_merge(ops, lambda: ops.aws.makes("web-1", "t3.large"))

    await ops.works()

    assert await ops.state(card) is State.FAILED
    assert len(ops.git.merged) == 1
    assert ops.aws.type_of("web-1") == "t3.large"
    assert ops.aws.type_of("web-2") == "t3.medium"


async def test_people_read_that_nothing_was_applied_what_differs_and_what_to_do(ops):
    card = await approved(ops)
    at_the_merge(ops, lambda: ops.aws.makes("web-1", "t3.large"))

    await ops.works()

    (said,) = [one for one in ops.slack.thread(card) if "applied nothing" in one]
    assert "It is merged as" in said
    assert "apply:production applied nothing in production" in said
    assert 'It would now also do this: aws_instance.web["web-1"] (update).' in said
    assert "The merge stays on the branch" in said
    assert "start the job again in GitLab" in said
    assert "Beside it ended" not in said
    assert "applied nothing in production" in await ops.again(card)
    told = await ops.told(card, "apply.refused")
    assert told["departures"] == ['more: aws_instance.web["web-1"] (update)']
    assert told["approved"] == card.operation.proposal.bound.outlines["production"]
    assert "plan.differed" not in await ops.events(card)


async def test_once_it_is_put_right_the_same_job_applies_what_was_approved(ops):
    card = await approved(ops)
    at_the_merge(ops, lambda: ops.aws.makes("web-1", "t3.large"))
    await ops.works()
    ops.aws.makes("web-1", "t3.medium")

    world = ops.day.gitlab
    job = ops.git.jobs("apply:production")[-1]
    await retry(world, world.pipelines[job.pipeline_id], user="carol")
    await world.idle()

    assert ops.git.jobs("apply:production")[-1].status == "success"
    assert ops.aws.type_of("web-2") == "m5.large"
    assert await ops.state(card) is State.FAILED


async def test_a_commit_that_names_no_plan_is_not_applied_and_that_is_said(ops):
    card = await approved(ops)
    at_the_merge(ops, message="Merged")

    await ops.works()

    assert ops.aws.type_of("web-2") == "t3.medium"
    outcome = (await ops.again(card)).operation.outcome
    assert outcome.args["why"].key == "unapplied.unnamed"
    assert (await ops.told(card, "apply.refused"))["approved"] is None
    assert "The project's merge method must be one" in await ops.again(card)


async def test_where_it_is_let_through_a_commit_without_a_plan_is_applied(ops):
    project = ops.day.gitlab.project("acme/infra")
    project.variables.append(Variable(key="UNAPPROVED", value="apply"))
    card = await approved(ops)
    at_the_merge(ops, message="Merged")

    await ops.works()

    assert await ops.state(card) is State.DONE
    assert ops.aws.type_of("web-2") == "m5.large"


async def test_what_somebody_pushes_to_main_by_themselves_is_not_applied(ops):
    await ops.pushes("carol", "main", await ops.edits(WEB_2, WEB_2.replace("t3", "m5")))

    (job,) = ops.git.jobs("apply:production")
    assert job.status == "failed"
    assert "names no approved" in ops.day.gitlab.runner.trace(job)
    assert ops.aws.type_of("web-2") == "t3.medium"


async def test_of_two_environments_each_is_told_as_it_ended(ops):
    files = await ops.edits(WEB_2, WEB_2.replace("t3.medium", "m5.large"))
    files |= await ops.edits('"t3.small"', '"t3.medium"', path=STAGING)
    await ops.pushes("alice", "both", files, message="Both")
    await ops.opens("alice", "both", "Both, please")
    await ops.sweeps()
    card = await ops.card((await ops.newest()).id)
    await ops.bob.approves(card)
    await ops.carol.approves(card)
    at_the_merge(ops, lambda: ops.aws.makes("web-1", "t3.large"))

    await ops.works()

    assert set(card.operation.proposal.bound.outlines) == {"production", "staging"}
    assert await ops.state(card) is State.FAILED
    assert ops.aws.type_of("web-2") == "t3.medium"
    assert ops.aws.type_of("web-staging") == "t3.medium"
    assert "Beside it ended: apply:staging success" in await ops.again(card)


async def test_a_note_beside_the_very_plan_that_was_approved_is_not_believed(ops):
    # The job began to apply and AWS refused: nobody may read that nothing was applied.
    card = await approved(ops, "resize web-2 m5.huge99")
    digest = card.operation.proposal.bound.outlines["production"]
    jobs_say(ops, f'{{"approved": "{"0" * 64}", "planned": "{digest}"}}'.encode())

    await ops.works()

    assert (await ops.again(card)).operation.outcome.key == "failed.apply"


async def test_a_note_about_another_plan_than_the_job_s_own_is_not_believed(ops):
    card = await approved(ops, "resize web-2 m5.huge99")
    jobs_say(ops, f'{{"approved": "", "planned": "{"0" * 64}"}}'.encode())

    await ops.works()

    assert (await ops.again(card)).operation.outcome.key == "failed.apply"


async def test_a_failed_pipeline_without_the_apply_job_tells_what_failed(ops):
    card = await approved(ops, "resize web-2 m5.huge99")
    without_jobs(ops)
    await ops.works()

    assert (await ops.again(card)).operation.outcome.key == "failed.apply"


async def test_the_outline_that_is_bound_is_that_of_the_plan_that_was_shown(ops):
    card = await ops.alice.asks("resize web-2 m5.large")

    job = ops.git.jobs("plan:production")[-1]
    raw = (ops.day.gitlab.runner.artifacts(job) / "plan.json").read_bytes()
    proposal = card.operation.proposal
    assert proposal.outlined == {"production": outline(raw)}
    assert proposal.bound.outlines == {"production": outline_digest(outline(raw))}
    assert 'aws_instance.web[\\"web-2\\"]' in proposal.outlined["production"][0]
    assert MAIN_TF in proposal.bound.paths
