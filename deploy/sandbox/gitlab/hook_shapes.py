"""The payloads of GitLab's webhooks (lib/gitlab/data_builder/*.rb)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deploy.sandbox.gitlab import ci_shapes, shape_parts, standing
from deploy.sandbox.gitlab.git import ZERO

if TYPE_CHECKING:
    from datetime import datetime

    from deploy.sandbox.gitlab.git_says import CommitInfo
    from deploy.sandbox.gitlab.records import Job, MergeRequest, Note, Pipeline, Project
    from deploy.sandbox.gitlab.world import GitLabWorld

Shape = shape_parts.Shape
_RUNNER: Shape = {
    "id": 1,
    "description": "sandbox runner",
    "active": True,
    "runner_type": "instance_type",
    "is_shared": True,
    "tags": [],
}


def _time(moment: datetime | None) -> str | None:
    """Return a moment as hooks write it."""
    return None if moment is None else moment.strftime("%Y-%m-%d %H:%M:%S UTC")


def _user(world: GitLabWorld, username: str) -> Shape:
    return {**shape_parts.user(world, username), "email": "[REDACTED]"}


def _project(world: GitLabWorld, project: Project) -> Shape:
    home = shape_parts.url(world, project)
    ssh = f"git@gitlab.example:{project.path}.git"
    return {
        "id": project.id,
        "name": project.name,
        "description": project.description,
        "web_url": home,
        "avatar_url": None,
        "git_ssh_url": ssh,
        "git_http_url": f"{home}.git",
        "namespace": project.path.rpartition("/")[0],
        "visibility_level": 0,
        "path_with_namespace": project.path,
        "default_branch": project.default_branch,
        "ci_config_path": "",
        "homepage": home,
        "url": ssh,
        "ssh_url": ssh,
        "http_url": f"{home}.git",
    }


def _repository(world: GitLabWorld, project: Project) -> Shape:
    whole = _project(world, project)
    keys = "name url description homepage git_http_url git_ssh_url visibility_level"
    return {key: whole[key] for key in keys.split()}


def _labels(project: Project, names: list[str]) -> list[Shape]:
    return [
        {
            "id": label.id,
            "title": label.name,
            "color": label.color,
            "project_id": project.id,
            "created_at": _time(project.created_at),
            "updated_at": _time(project.created_at),
            "template": False,
            "description": label.description,
            "type": "ProjectLabel",
            "group_id": 0,
        }
        for label in project.labels
        if label.name in names
    ]


def _commit(world: GitLabWorld, project: Project, info: CommitInfo) -> Shape:
    return {
        "id": info.sha,
        "message": info.message,
        "title": info.title,
        "timestamp": info.committed_at.isoformat(),
        "url": shape_parts.url(world, project, "commit", info.sha),
        "author": {"name": info.author.name, "email": info.author.email},
    }


async def _attributes(world: GitLabWorld, project: Project, mr: MergeRequest) -> Shape:
    head = await world.repository(project).commit(mr.head.head_sha)
    whole = _project(world, project)
    states = {"opened": 1, "closed": 2, "merged": 3, "locked": 4}
    return {
        "id": mr.id,
        "iid": mr.iid,
        "title": mr.title,
        "description": mr.description,
        "state": mr.state,
        "state_id": states[mr.state],
        "author_id": world.user(mr.author).id,
        "assignee_ids": [],
        "reviewer_ids": [],
        "source_branch": mr.source_branch,
        "target_branch": mr.target_branch,
        "source_project_id": project.id,
        "target_project_id": project.id,
        "source": whole,
        "target": whole,
        "created_at": _time(mr.created_at),
        "updated_at": _time(mr.updated_at),
        "last_edited_at": None,
        "last_edited_by_id": None,
        "last_commit": _commit(world, project, head),
        "merge_commit_sha": mr.merge_commit_sha,
        "merge_status": "unchecked",
        "detailed_merge_status": await standing.status(world, project, mr),
        "milestone_id": None,
        "draft": mr.draft,
        "work_in_progress": mr.draft,
        "labels": _labels(project, mr.labels),
        "blocking_discussions_resolved": True,
        "first_contribution": False,
        "human_time_change": None,
        "human_time_estimate": None,
        "human_total_time_spent": None,
        "time_change": 0,
        "total_time_spent": 0,
        "url": shape_parts.url(world, project, "merge_requests", mr.iid),
    }


async def merge_request(
    world: GitLabWorld,
    project: Project,
    mr: MergeRequest,
    *,
    user: str,
    action: str,
    oldrev: str | None = None,
) -> Shape:
    """Return a Merge Request Hook; `oldrev` only when the code changed."""
    attributes = {**await _attributes(world, project, mr), "action": action}
    if oldrev is not None:
        attributes["oldrev"] = oldrev
    return {
        "object_kind": "merge_request",
        "event_type": "merge_request",
        "user": _user(world, user),
        "project": _project(world, project),
        "object_attributes": attributes,
        "labels": attributes["labels"],
        "changes": {},
        "repository": _repository(world, project),
    }


async def note(
    world: GitLabWorld, project: Project, mr: MergeRequest, found: Note
) -> Shape:
    attributes = await _attributes(world, project, mr)
    link = shape_parts.url(world, project, "merge_requests", mr.iid)
    return {
        "object_kind": "note",
        "event_type": "note",
        "user": _user(world, found.author),
        "project_id": project.id,
        "project": _project(world, project),
        "object_attributes": {
            "id": found.id,
            "note": found.body,
            "noteable_type": "MergeRequest",
            "noteable_id": mr.id,
            "author_id": world.user(found.author).id,
            "created_at": _time(found.created_at),
            "updated_at": _time(found.created_at),
            "project_id": project.id,
            "attachment": None,
            "line_code": None,
            "commit_id": None,
            "discussion_id": f"{found.id:040x}",
            "system": found.system,
            "st_diff": None,
            "action": "create",
            "url": f"{link}#note_{found.id}",
        },
        "repository": _repository(world, project),
        "merge_request": {**attributes, "assignee": None, "assignee_id": None},
    }


async def pipeline(world: GitLabWorld, project: Project, found: Pipeline) -> Shape:
    info = await world.repository(project).commit(found.sha)
    duration = ci_shapes.seconds(found.started_at, found.finished_at)
    mr = world.merge_request(project, found.mr_iid) if found.mr_iid else None
    return {
        "object_kind": "pipeline",
        "object_attributes": {
            "id": found.id,
            "iid": found.iid,
            "name": None,
            "ref": found.ref,
            "tag": False,
            "sha": found.sha,
            "before_sha": found.before_sha,
            "source": found.source,
            "status": found.status,
            "detailed_status": found.status,
            "stages": found.stages,
            "created_at": _time(found.created_at),
            "finished_at": _time(found.finished_at),
            "duration": None if duration is None else round(duration),
            "queued_duration": ci_shapes.seconds(found.created_at, found.started_at),
            "protected_ref": found.protected,
            "variables": [],
            "url": shape_parts.url(world, project, "pipelines", found.id),
        },
        "merge_request": None if mr is None else await _request(world, project, mr),
        "user": _user(world, found.user),
        "project": _project(world, project),
        "commit": _commit(world, project, info),
        "builds": [_build(world, job) for job in world.jobs_of(found)],
    }


async def _request(world: GitLabWorld, project: Project, mr: MergeRequest) -> Shape:
    whole = await _attributes(world, project, mr)
    keys = (
        "id iid title source_branch source_project_id target_branch target_project_id"
        " state merge_status detailed_merge_status url"
    )
    return {key: whole[key] for key in keys.split()}


def _build(world: GitLabWorld, job: Job) -> Shape:
    return {
        "id": job.id,
        "stage": job.stage,
        "name": job.name,
        "status": job.status,
        "created_at": _time(job.created_at),
        "started_at": _time(job.started_at),
        "finished_at": _time(job.finished_at),
        "duration": ci_shapes.seconds(job.started_at, job.finished_at),
        "queued_duration": ci_shapes.seconds(job.created_at, job.started_at),
        "failure_reason": job.failure_reason,
        "when": "on_success",
        "manual": False,
        "allow_failure": job.allow_failure,
        "user": _user(world, job.user),
        "runner": _RUNNER if job.started_at else None,
        "artifacts_file": {"filename": None, "size": None},
        "environment": None,
    }


async def job(world: GitLabWorld, project: Project, found: Job) -> Shape:
    of = world.pipelines[found.pipeline_id]
    info = await world.repository(project).commit(of.sha)
    return {
        "object_kind": "build",
        "ref": of.ref,
        "tag": False,
        "before_sha": of.before_sha,
        "sha": of.sha,
        "retries_count": 0,
        "build_id": found.id,
        "build_name": found.name,
        "build_stage": found.stage,
        "build_status": found.status,
        "build_created_at": _time(found.created_at),
        "build_started_at": _time(found.started_at),
        "build_finished_at": _time(found.finished_at),
        "build_duration": ci_shapes.seconds(found.started_at, found.finished_at),
        "build_queued_duration": ci_shapes.seconds(found.created_at, found.started_at),
        "build_allow_failure": found.allow_failure,
        "build_failure_reason": found.failure_reason or "unknown_failure",
        "pipeline_id": of.id,
        "runner": _RUNNER if found.started_at else None,
        "project_id": project.id,
        "project_name": f"{project.path.rpartition('/')[0]} / {project.name}",
        "user": _user(world, found.user),
        "commit": {
            "id": of.id,
            "name": None,
            "sha": of.sha,
            "message": info.message,
            "author_name": info.author.name,
            "author_email": info.author.email,
            "status": of.status,
            "duration": ci_shapes.seconds(of.started_at, of.finished_at),
            "started_at": _time(of.started_at),
            "finished_at": _time(of.finished_at),
        },
        "repository": _repository(world, project),
        "project": _project(world, project),
        "environment": None,
    }


async def push(
    world: GitLabWorld, project: Project, *, branch: str, old: str, new: str, user: str
) -> Shape:
    git = world.repository(project)
    infos: list[CommitInfo] = []
    if new != ZERO:
        revisions = (new,) if old == ZERO else (new, f"^{old}")
        infos = await git.commits(*revisions, limit=20)
    who = world.user(user)
    return {
        "object_kind": "push",
        "event_name": "push",
        "before": old,
        "after": new,
        "ref": f"refs/heads/{branch}",
        "ref_protected": standing.protection(project, branch) is not None,
        "checkout_sha": None if new == ZERO else new,
        "message": None,
        "user_id": who.id,
        "user_name": who.name,
        "user_username": who.username,
        "user_email": "",
        "user_avatar": shape_parts.user(world, user)["avatar_url"],
        "project_id": project.id,
        "project": _project(world, project),
        "commits": [_commit(world, project, info) for info in reversed(infos)],
        "total_commits_count": len(infos),
        "repository": _repository(world, project),
    }
