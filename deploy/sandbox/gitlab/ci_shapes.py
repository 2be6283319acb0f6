"""Pipelines and jobs as GitLab's REST API says them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from deploy.sandbox.gitlab import shape_parts
from deploy.sandbox.gitlab.records import ENDED

if TYPE_CHECKING:
    from datetime import datetime

    from deploy.sandbox.gitlab.git_says import CommitInfo
    from deploy.sandbox.gitlab.records import Job, Pipeline, Project
    from deploy.sandbox.gitlab.shape_parts import Shape
    from deploy.sandbox.gitlab.world import GitLabWorld

_LABELS: Final = {"success": "passed", "created": "created", "canceled": "canceled"}
RUNNER: Final[Shape] = {
    "id": 1,
    "description": "sandbox runner",
    "ip_address": "127.0.0.1",
    "active": True,
    "paused": False,
    "is_shared": True,
    "runner_type": "instance_type",
    "name": "sandbox",
    "online": True,
    "status": "online",
}


def seconds(start: datetime | None, end: datetime | None) -> float | None:
    if start is None or end is None:
        return None
    return round((end - start).total_seconds(), 3)


def pipeline_basic(world: GitLabWorld, project: Project, pipeline: Pipeline) -> Shape:
    return {
        "id": pipeline.id,
        "iid": pipeline.iid,
        "project_id": project.id,
        "sha": pipeline.sha,
        "ref": pipeline.ref,
        "status": pipeline.status,
        "source": pipeline.source,
        "created_at": shape_parts.stamp(pipeline.created_at),
        "updated_at": shape_parts.stamp(pipeline.updated_at),
        "web_url": shape_parts.url(world, project, "pipelines", pipeline.id),
        "name": None,
    }


def pipeline(world: GitLabWorld, project: Project, found: Pipeline) -> Shape:
    label = _LABELS.get(found.status, found.status)
    duration = seconds(found.started_at, found.finished_at)
    return {
        **pipeline_basic(world, project, found),
        "before_sha": found.before_sha,
        "tag": False,
        "yaml_errors": found.yaml_errors,
        "user": shape_parts.user(world, found.user),
        "started_at": shape_parts.stamp(found.started_at),
        "finished_at": shape_parts.stamp(found.finished_at),
        "committed_at": None,
        "duration": None if duration is None else round(duration),
        "queued_duration": seconds(found.created_at, found.started_at),
        "coverage": None,
        "archived": False,
        "detailed_status": {
            "icon": f"status_{found.status}",
            "text": label.capitalize(),
            "label": label,
            "group": found.status,
            "tooltip": label,
            "has_details": True,
            "details_path": f"/{project.path}/-/pipelines/{found.id}",
            "illustration": None,
            "favicon": "/-/favicon.svg",
        },
    }


def job(world: GitLabWorld, project: Project, found: Job, info: CommitInfo) -> Shape:
    of = world.pipelines[found.pipeline_id]
    shape: Shape = {
        "id": found.id,
        "status": found.status,
        "stage": found.stage,
        "name": found.name,
        "ref": of.ref,
        "tag": False,
        "coverage": None,
        "allow_failure": found.allow_failure,
        "created_at": shape_parts.stamp(found.created_at),
        "started_at": shape_parts.stamp(found.started_at),
        "finished_at": shape_parts.stamp(found.finished_at),
        "erased_at": None,
        "duration": seconds(found.started_at, found.finished_at),
        "queued_duration": seconds(found.created_at, found.started_at),
        "user": _whole_user(world, found.user),
        "commit": shape_parts.commit(world, project, info),
        "pipeline": pipeline_basic(world, project, of),
        "web_url": shape_parts.url(world, project, "jobs", found.id),
        "project": {"ci_job_token_scope_enabled": False},
        "artifacts": _artifacts(world, found),
        "runner": RUNNER if found.started_at else None,
        "artifacts_expire_at": None,
        "archived": False,
        "tag_list": [],
    }
    if found.artifacts:
        size = sum(
            (world.runner.artifacts(found) / name).stat().st_size
            for name in found.artifacts
        )
        shape["artifacts_file"] = {"filename": "artifacts.zip", "size": size}
    if found.failure_reason:
        shape["failure_reason"] = found.failure_reason
    return shape


def _artifacts(world: GitLabWorld, found: Job) -> list[Shape]:
    trace = world.runner.trace_file(found)
    size = trace.stat().st_size if trace.exists() else 0
    listed: list[Shape] = []
    if found.status in ENDED and size:
        listed.append(
            {
                "file_type": "trace",
                "size": size,
                "filename": "job.log",
                "file_format": None,
            }
        )
    return listed


def _whole_user(world: GitLabWorld, username: str) -> Shape:
    """Return a user as jobs carry it: with the profile, nearly all of it empty."""
    found = world.user(username)
    empty = (
        "bio location skype linkedin twitter discord organization job_title pronouns"
        " work_information website_url public_email local_time"
    )
    return {
        **shape_parts.user(world, username),
        **dict.fromkeys(empty.split(), ""),
        "created_at": "2026-01-05T08:00:00.000Z",
        "bot": found.bot,
        "followers": 0,
        "following": 0,
        "is_followed": False,
    }
