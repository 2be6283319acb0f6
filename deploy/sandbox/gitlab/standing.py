"""
How branches and merge requests stand: who may push and merge, and what is in the way.

Reads only; moving anything is `merging`'s.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deploy.sandbox.gitlab.records import (
    Level,
    MergeRequest,
    Pipeline,
    Project,
    Protection,
)

if TYPE_CHECKING:
    from deploy.sandbox.gitlab.world import GitLabWorld


def protection(project: Project, branch: str) -> Protection | None:
    return next((p for p in project.protected if p.name == branch), None)


def may_push(project: Project, branch: str, level: Level) -> bool:
    rule = protection(project, branch)
    return level >= (rule.push if rule else Level.DEVELOPER)


def may_merge(project: Project, branch: str, level: Level) -> bool:
    rule = protection(project, branch)
    return level >= (rule.merge if rule else Level.DEVELOPER)


def head_pipeline(world: GitLabWorld, mr: MergeRequest) -> Pipeline | None:
    """Return the newest pipeline of the request's head commit."""
    found = [
        p
        for p in world.pipelines.values()
        if p.project_id == mr.project_id
        and p.sha == mr.head.head_sha
        and (p.mr_iid == mr.iid or p.ref == mr.source_branch)
    ]
    return found[-1] if found else None


async def status(world: GitLabWorld, project: Project, mr: MergeRequest) -> str:
    """Return `detailed_merge_status`: `mergeable` or the first thing in the way."""
    if mr.state != "opened":
        return "not_open"
    if await world.repository(project).branch(mr.source_branch) is None:
        return "broken_status"
    if mr.draft:
        return "draft_status"
    if await has_conflicts(world, project, mr):
        return "conflict"
    if project.only_allow_merge_if_pipeline_succeeds:
        return _pipeline_status(head_pipeline(world, mr))
    return "mergeable"


def _pipeline_status(pipeline: Pipeline | None) -> str:
    if pipeline is None or pipeline.status in {"failed", "canceled", "skipped"}:
        return "ci_must_pass"
    return "mergeable" if pipeline.status == "success" else "ci_still_running"


async def has_conflicts(world: GitLabWorld, project: Project, mr: MergeRequest) -> bool:
    if mr.state != "opened":
        return False
    git = world.repository(project)
    target = await git.branch(mr.target_branch)
    if target is None:
        return True
    pair = (target, mr.head.head_sha)
    if pair not in world.conflicts:
        world.conflicts[pair] = await git.merge(ours=target, theirs=pair[1]) is None
    return world.conflicts[pair]
