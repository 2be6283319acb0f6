"""The stand-in's records as GitLab's REST API says them: projects, code, requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deploy.sandbox.gitlab import ci_shapes, standing
from deploy.sandbox.gitlab.records import Level
from deploy.sandbox.gitlab.refs import ref_name
from deploy.sandbox.gitlab.shape_parts import Shape, commit, stamp, url, user

if TYPE_CHECKING:
    from deploy.sandbox.gitlab.git_says import FileDiff
    from deploy.sandbox.gitlab.records import (
        Hook,
        Issue,
        MergeRequest,
        Note,
        Project,
        Protection,
    )
    from deploy.sandbox.gitlab.world import GitLabWorld


def project(world: GitLabWorld, found: Project) -> Shape:
    group, _, name = found.path.rpartition("/")
    return {
        "id": found.id,
        "name": found.name,
        "name_with_namespace": f"{group} / {found.name}",
        "path": name,
        "path_with_namespace": found.path,
        "description": found.description,
        "created_at": stamp(found.created_at),
        "default_branch": found.default_branch,
        "visibility": "private",
        "archived": False,
        "empty_repo": False,
        "web_url": url(world, found),
        "http_url_to_repo": f"{url(world, found)}.git",
        "ssh_url_to_repo": f"git@gitlab.example:{found.path}.git",
        "readme_url": None,
        "avatar_url": None,
        "namespace": {
            "id": found.id,
            "name": group,
            "path": group,
            "kind": "group",
            "full_path": group,
            "parent_id": None,
            "avatar_url": None,
            "web_url": f"{world.base_url}/groups/{group}",
        },
        "merge_method": "merge",
        "squash_option": "default_off",
        "merge_requests_enabled": True,
        "jobs_enabled": True,
        "only_allow_merge_if_pipeline_succeeds": (
            found.only_allow_merge_if_pipeline_succeeds
        ),
        "allow_merge_on_skipped_pipeline": False,
        "only_allow_merge_if_all_discussions_are_resolved": False,
        "remove_source_branch_after_merge": False,
        "open_issues_count": 0,
        "forks_count": 0,
        "star_count": 0,
    }


async def branch(world: GitLabWorld, found: Project, name: str, sha: str) -> Shape:
    git = world.repository(found)
    rule = standing.protection(found, name)
    default = await git.branch(found.default_branch)
    merged = (
        name != found.default_branch
        and default is not None
        and await git.contains(default, ancestor=sha)
    )
    return {
        "name": name,
        "commit": commit(world, found, await git.commit(sha)),
        "merged": merged,
        "protected": rule is not None,
        "developers_can_push": rule is not None and 0 < rule.push < Level.MAINTAINER,
        "developers_can_merge": rule is not None and 0 < rule.merge < Level.MAINTAINER,
        "can_push": True,
        "default": name == found.default_branch,
        "web_url": url(world, found, "tree", ref_name(name) or ""),
    }


def protected_branch(rule: Protection) -> Shape:
    def levels(key: int, level: int) -> list[Shape]:
        named = {30: "Developers + Maintainers", 40: "Maintainers"}
        text = named.get(level, "No one")
        shape = {"id": key, "access_level": level, "access_level_description": text}
        return [{**shape, "user_id": None, "group_id": None, "deploy_key_id": None}]

    return {
        "id": 1,
        "name": rule.name,
        "push_access_levels": levels(1, rule.push),
        "merge_access_levels": levels(2, rule.merge),
        "allow_force_push": rule.force_push,
        "code_owner_approval_required": False,
    }


def file_diff(diff: FileDiff) -> Shape:
    return {
        "old_path": diff.old_path,
        "new_path": diff.new_path,
        "a_mode": diff.old_mode,
        "b_mode": diff.new_mode,
        "diff": diff.patch,
        "new_file": diff.status == "A",
        "renamed_file": diff.status == "R",
        "deleted_file": diff.status == "D",
        "generated_file": False,
        "collapsed": False,
        "too_large": False,
    }


async def merge_request_basic(
    world: GitLabWorld, found: Project, mr: MergeRequest
) -> Shape:
    """Return a merge request as lists show it."""
    detailed = await standing.status(world, found, mr)
    conflicts = await standing.has_conflicts(world, found, mr)
    notes = [
        n
        for n in world.notes.values()
        if (n.project_id, n.mr_iid, n.system) == (found.id, mr.iid, False)
    ]
    return {
        "id": mr.id,
        "iid": mr.iid,
        "project_id": found.id,
        "title": mr.title,
        "description": mr.description,
        "state": mr.state,
        "imported": False,
        "created_at": stamp(mr.created_at),
        "updated_at": stamp(mr.updated_at),
        "prepared_at": stamp(mr.created_at),
        "merged_by": user(world, mr.merged_by) if mr.merged_by else None,
        "merge_user": user(world, mr.merged_by) if mr.merged_by else None,
        "merged_at": stamp(mr.merged_at),
        "closed_by": user(world, mr.closed_by) if mr.closed_by else None,
        "closed_at": stamp(mr.closed_at),
        "target_branch": mr.target_branch,
        "source_branch": mr.source_branch,
        "user_notes_count": len(notes),
        "upvotes": 0,
        "downvotes": 0,
        "author": user(world, mr.author),
        "assignees": [],
        "assignee": None,
        "reviewers": [],
        "source_project_id": found.id,
        "target_project_id": found.id,
        "labels": list(mr.labels),
        "draft": mr.draft,
        "work_in_progress": mr.draft,
        "milestone": None,
        "merge_when_pipeline_succeeds": False,
        "merge_status": "cannot_be_merged" if conflicts else "can_be_merged",
        "detailed_merge_status": detailed,
        "sha": mr.head.head_sha,
        "merge_commit_sha": mr.merge_commit_sha,
        "squash_commit_sha": mr.squash_commit_sha,
        "discussion_locked": None,
        "should_remove_source_branch": None,
        "force_remove_source_branch": mr.remove_source_branch,
        "reference": f"!{mr.iid}",
        "references": {
            "short": f"!{mr.iid}",
            "relative": f"!{mr.iid}",
            "full": f"{found.path}!{mr.iid}",
        },
        "web_url": url(world, found, "merge_requests", mr.iid),
        "time_stats": {
            "time_estimate": 0,
            "total_time_spent": 0,
            "human_time_estimate": None,
            "human_total_time_spent": None,
        },
        "squash": mr.squash,
        "squash_on_merge": mr.squash,
        "task_completion_status": {"count": 0, "completed_count": 0},
        "has_conflicts": conflicts,
        "blocking_discussions_resolved": True,
        "approvals_before_merge": None,
    }


async def merge_request(
    world: GitLabWorld, found: Project, mr: MergeRequest, *, may_merge: bool
) -> Shape:
    """Return a merge request as GET of one shows it."""
    head = mr.head
    pipeline = standing.head_pipeline(world, mr)
    changed = await world.repository(found).changed_paths(head.base_sha, head.head_sha)
    return {
        **await merge_request_basic(world, found, mr),
        "subscribed": False,
        "changes_count": str(len(changed)) if changed else None,
        "latest_build_started_at": stamp(pipeline.started_at) if pipeline else None,
        "latest_build_finished_at": stamp(pipeline.finished_at) if pipeline else None,
        "first_deployed_to_production_at": None,
        "pipeline": ci_shapes.pipeline_basic(world, found, pipeline)
        if pipeline
        else None,
        "head_pipeline": ci_shapes.pipeline(world, found, pipeline)
        if pipeline
        else None,
        "diff_refs": {
            "base_sha": head.base_sha,
            "head_sha": head.head_sha,
            "start_sha": head.start_sha,
        },
        "merge_error": None,
        "first_contribution": False,
        "user": {"can_merge": may_merge},
    }


def note(world: GitLabWorld, under: MergeRequest | Issue, found: Note) -> Shape:
    kind = "Issue" if found.issue_iid else "MergeRequest"
    return {
        "id": found.id,
        "type": None,
        "body": found.body,
        "attachment": None,
        "author": user(world, found.author),
        "created_at": stamp(found.created_at),
        "updated_at": stamp(found.created_at),
        "system": found.system,
        "noteable_id": under.id,
        "noteable_type": kind,
        "noteable_iid": under.iid,
        "project_id": found.project_id,
        "resolvable": False,
        "confidential": False,
        "internal": False,
    }


def hook(found: Hook, project_id: int) -> Shape:
    return {
        "id": found.id,
        "url": found.url,
        "project_id": project_id,
        "created_at": stamp(found.created_at),
        "push_events": "push" in found.events,
        "push_events_branch_filter": "",
        "merge_requests_events": "merge_requests" in found.events,
        "pipeline_events": "pipeline" in found.events,
        "job_events": "job" in found.events,
        "note_events": "note" in found.events,
        "confidential_note_events": False,
        "issues_events": False,
        "confidential_issues_events": False,
        "tag_push_events": False,
        "wiki_page_events": False,
        "deployment_events": False,
        "releases_events": False,
        "repository_update_events": False,
        "enable_ssl_verification": True,
        "alert_status": "executable",
        "disabled_until": None,
        "url_variables": [],
    }
