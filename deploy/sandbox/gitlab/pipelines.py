"""
Pipelines: which one a push or a merge request makes, and the state of its jobs.

Leaves running a job to `runner`; it only says which may run now.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from deploy.sandbox.gitlab import ci, hook_shapes
from deploy.sandbox.gitlab.git import ZERO
from deploy.sandbox.gitlab.records import (
    ENDED,
    Job,
    JobStatus,
    MergeRequest,
    Pipeline,
    PipelineStatus,
    Project,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deploy.sandbox.gitlab.world import GitLabWorld

_FILE = ".gitlab-ci.yml"


@dataclass(frozen=True)
class _Cause:
    source: Literal["push", "merge_request_event"]
    ref: str
    sha: str
    before: str
    user: str
    message: str
    mr: MergeRequest | None = None
    skip: bool = False


async def for_push(
    world: GitLabWorld,
    project: Project,
    *,
    branch: str,
    before: str,
    sha: str,
    user: str,
    skip: bool,
) -> Pipeline | None:
    git = world.repository(project)
    message = (await git.commit(sha)).message
    cause = _Cause("push", branch, sha, before, user, message, skip=skip)
    known = await git.resolve(before) if before != ZERO else None
    if known is None:
        known = await git.branch(project.default_branch) or sha
    changed = await git.changed_paths(known, sha)
    return await _create(world, project, cause, changed)


async def for_merge_request(
    world: GitLabWorld, project: Project, mr: MergeRequest, *, user: str
) -> Pipeline | None:
    """Return the new `merge_request_event` pipeline, None when no job is for it."""
    git = world.repository(project)
    head = mr.head
    message = (await git.commit(head.head_sha)).message
    skip = "[skip ci]" in message.lower()
    changed = await git.changed_paths(head.base_sha, head.head_sha)
    ref = f"refs/merge-requests/{mr.iid}/head"
    cause = _Cause(
        "merge_request_event",
        ref,
        head.head_sha,
        ZERO,
        user,
        message,
        mr=mr,
        skip=skip,
    )
    return await _create(world, project, cause, changed)


async def _create(
    world: GitLabWorld, project: Project, cause: _Cause, changed: Sequence[str]
) -> Pipeline | None:
    text = await world.repository(project).read(cause.sha, _FILE)
    if text is None:
        return None
    errors: str | None = None
    plan = ci.Plan((), ())
    scope = ci.Context(_predefined(world, project, cause), changed)
    try:
        plan = ci.plan(text.decode("utf-8", "replace"), context=scope)
    except ci.CiError as error:
        errors = str(error)
    if not plan.jobs and errors is None:
        return None
    pipeline = _pipeline(world, project, cause, plan, errors)
    jobs = [] if cause.skip else _jobs(world, pipeline, plan)
    world.save(pipeline, *jobs)
    await announce(world, project, pipeline)
    await refresh(world, pipeline)
    return pipeline


def _pipeline(
    world: GitLabWorld,
    project: Project,
    cause: _Cause,
    plan: ci.Plan,
    errors: str | None,
) -> Pipeline:
    now = world.now()
    status: PipelineStatus = "created"
    if errors is not None:
        status = "failed"
    elif cause.skip:
        status = "skipped"
    return Pipeline(
        id=world.store.next("pipeline"),
        iid=world.store.next(f"pipeline of {project.id}"),
        project_id=project.id,
        sha=cause.sha,
        before_sha=cause.before,
        message=cause.message,
        ref=cause.ref,
        source=cause.source,
        status=status,
        created_at=now,
        updated_at=now,
        finished_at=now if status in ENDED else None,
        user=cause.user,
        mr_iid=cause.mr.iid if cause.mr else None,
        yaml_errors=errors,
        stages=[s for s in plan.stages if any(j.stage == s for j in plan.jobs)],
        protected=cause.source == "push"
        and any(rule.name == cause.ref for rule in project.protected),
    )


def _jobs(world: GitLabWorld, pipeline: Pipeline, plan: ci.Plan) -> list[Job]:
    return [
        Job(
            id=world.store.next("job"),
            pipeline_id=pipeline.id,
            project_id=pipeline.project_id,
            name=job.name,
            stage=job.stage,
            stage_index=job.stage_index,
            script=list(job.script),
            variables=dict(job.variables),
            needs=None if job.needs is None else list(job.needs),
            artifact_paths=list(job.artifact_paths),
            artifacts_when=job.artifacts_when,
            allow_failure=job.allow_failure,
            timeout=job.timeout,
            resource_group=job.resource_group,
            environment=job.environment,
            created_at=world.now(),
            user=pipeline.user,
        )
        for job in plan.jobs
    ]


def _predefined(world: GitLabWorld, project: Project, cause: _Cause) -> dict[str, str]:
    mr = cause.mr
    name = mr.source_branch if mr else cause.ref
    found = {
        "CI": "true",
        "GITLAB_CI": "true",
        "CI_API_V4_URL": f"{world.base_url}/api/v4",
        "CI_COMMIT_MESSAGE": cause.message,
        "CI_COMMIT_REF_NAME": name,
        "CI_COMMIT_SHA": cause.sha,
        "CI_COMMIT_SHORT_SHA": cause.sha[:8],
        "CI_COMMIT_BEFORE_SHA": cause.before,
        "CI_DEFAULT_BRANCH": project.default_branch,
        "CI_PIPELINE_SOURCE": cause.source,
        "CI_PROJECT_ID": str(project.id),
        "CI_PROJECT_NAME": project.name,
        "CI_PROJECT_PATH": project.path,
        "CI_PROJECT_URL": f"{world.base_url}/{project.path}",
        "CI_SERVER": "yes",
        "CI_SERVER_URL": world.base_url,
        "GITLAB_USER_LOGIN": cause.user,
    }
    if mr is None:
        found["CI_COMMIT_BRANCH"] = cause.ref
    else:
        found["CI_MERGE_REQUEST_IID"] = str(mr.iid)
        found["CI_MERGE_REQUEST_SOURCE_BRANCH_NAME"] = mr.source_branch
        found["CI_MERGE_REQUEST_TARGET_BRANCH_NAME"] = mr.target_branch
        found["CI_MERGE_REQUEST_DIFF_BASE_SHA"] = mr.head.base_sha
    return found


def variables(world: GitLabWorld, job: Job, *, folder: str) -> dict[str, str]:
    """
    Return a job's environment in GitLab's order of precedence.

    Predefined, then the job's own, then the project's CI variables; a protected one is
    there only in the pipeline of a protected branch.
    """
    pipeline = world.pipelines[job.pipeline_id]
    project = world.projects[job.project_id]
    mr = world.merge_request(project, pipeline.mr_iid) if pipeline.mr_iid else None
    cause = _Cause(
        pipeline.source,
        pipeline.ref,
        pipeline.sha,
        pipeline.before_sha,
        pipeline.user,
        pipeline.message,
        mr=mr,
    )
    found = _predefined(world, project, cause)
    found |= {
        "CI_BUILDS_DIR": folder,
        "CI_COMMIT_REF_PROTECTED": "true" if pipeline.protected else "false",
        "CI_JOB_ID": str(job.id),
        "CI_JOB_NAME": job.name,
        "CI_JOB_STAGE": job.stage,
        "CI_PIPELINE_ID": str(pipeline.id),
        "CI_PIPELINE_IID": str(pipeline.iid),
        "CI_PROJECT_DIR": folder,
    }
    if job.environment:
        found["CI_ENVIRONMENT_NAME"] = job.environment
    secret = {
        v.key: v.value
        for v in project.variables
        if pipeline.protected or not v.protected
    }
    for key, value in job.variables.items():
        found[key] = ci.expand(value, found | secret)
    return found | secret


async def refresh(world: GitLabWorld, pipeline: Pipeline) -> None:
    """Let waiting jobs through, and bring the pipeline's own status up to date."""
    project = world.projects[pipeline.project_id]
    jobs = world.jobs_of(pipeline)
    if not jobs:
        return
    for job in sorted(jobs, key=lambda j: (j.stage_index, j.id)):
        if job.status == "created" and (turn := _turn(job, jobs)) is not None:
            job.status = turn
            if turn == "skipped":
                job.finished_at = world.now()
            world.save(job)
    status = _status(jobs)
    if status != pipeline.status:
        now = world.now()
        pipeline.status, pipeline.updated_at = status, now
        if pipeline.started_at is None and status == "running":
            pipeline.started_at = now
        pipeline.finished_at = now if status in ENDED else None
        world.save(pipeline)
        await announce(world, project, pipeline)
    world.runner.wake()


def _turn(job: Job, jobs: list[Job]) -> JobStatus | None:
    """Return what a created job becomes now: pending, skipped, or None (it waits)."""
    if job.needs is None:
        before = [j for j in jobs if j.stage_index < job.stage_index]
    else:
        before = [j for j in jobs if j.name in job.needs]
    if any(j.status not in ENDED for j in before):
        return None
    good = all(
        j.status == "success" or (j.status == "failed" and j.allow_failure)
        for j in before
    )
    return "pending" if good else "skipped"


def _status(jobs: list[Job]) -> PipelineStatus:
    states = {job.status for job in jobs}
    if states <= ENDED:
        if "canceled" in states:
            return "canceled"
        if any(j.status == "failed" and not j.allow_failure for j in jobs):
            return "failed"
        return "skipped" if states == {"skipped"} else "success"
    if "running" in states or states & ENDED:
        return "running"
    return "pending" if "pending" in states else "created"


async def announce(world: GitLabWorld, project: Project, pipeline: Pipeline) -> None:
    payload = await hook_shapes.pipeline(world, project, pipeline)
    world.hooks.fire(project, "pipeline", payload)


async def announce_job(world: GitLabWorld, job: Job) -> None:
    project = world.projects[job.project_id]
    world.hooks.fire(project, "job", await hook_shapes.job(world, project, job))


async def cancel(world: GitLabWorld, pipeline: Pipeline) -> None:
    for job in world.jobs_of(pipeline):
        if job.status not in ENDED:
            await world.runner.cancel(job)
    await refresh(world, pipeline)


async def retry(world: GitLabWorld, pipeline: Pipeline, *, user: str) -> None:
    """Run failed and canceled jobs again, as new jobs; skipped ones get their turn."""
    for job in world.jobs_of(pipeline):
        if job.status in {"failed", "canceled"}:
            job.retried = True
            again = job.model_copy(
                update={
                    "id": world.store.next("job"),
                    "status": "created",
                    "failure_reason": None,
                    "created_at": world.now(),
                    "started_at": None,
                    "finished_at": None,
                    "user": user,
                    "retried": False,
                    "artifacts": [],
                    "process": None,
                }
            )
            world.save(job, again)
        elif job.status == "skipped":
            job.status, job.finished_at = "created", None
            world.save(job)
    await refresh(world, pipeline)
