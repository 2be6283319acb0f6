"""
Branches and merge requests: what a push entails, when one may merge, and merging it.

Callers hold `world.lock(project)` around everything here that moves a ref.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from deploy.sandbox.gitlab import hook_shapes, pipelines, standing
from deploy.sandbox.gitlab.git import ZERO, GitError
from deploy.sandbox.gitlab.interpret import reading
from deploy.sandbox.gitlab.problems import conflict, not_allowed, unauthorized
from deploy.sandbox.gitlab.problems import unprocessable as unmergeable
from deploy.sandbox.gitlab.records import (
    Level,
    MergeRequest,
    Project,
    Version,
)

if TYPE_CHECKING:
    from deploy.sandbox.gitlab.world import GitLabWorld


async def pushed(
    world: GitLabWorld, project: Project, *, branch: str, old: str, new: str, user: str
) -> None:
    """Take the consequences of a branch that moved: requests, hooks, pipelines."""
    world.ledger.add(
        "branch.pushed",
        actor=user,
        project=project.path,
        detail={"branch": branch, "before": old, "after": new},
    )
    payload = await hook_shapes.push(
        world, project, branch=branch, old=old, new=new, user=user
    )
    world.hooks.fire(project, "push", payload)
    for mr in world.requests_of(project):
        if mr.state != "opened" or new == ZERO:
            continue
        if mr.source_branch == branch and mr.head.head_sha != new:
            await _moved(world, project, mr, new=new, user=user)
        if mr.target_branch == branch:
            await _merged_by_push(world, project, mr, user=user)
    if new == ZERO:
        project.heads.pop(branch, None)
    else:
        message = (await world.repository(project).commit(new)).message
        await pipelines.for_push(
            world,
            project,
            branch=branch,
            before=old,
            sha=new,
            user=user,
            skip=reading(message).skips_ci,
        )
        project.heads[branch] = new
    world.save(project)


async def catch_up(world: GitLabWorld, project: Project) -> None:
    """Take the consequences that a kill between git and our records left untaken."""
    async with world.lock(project):
        heads = await world.repository(project).branches()
        for branch, sha in heads.items():
            if project.heads.get(branch) != sha:
                info = await world.repository(project).commit(sha)
                user = next(
                    (
                        u.username
                        for u in world.users.values()
                        if u.email == info.committer.email
                    ),
                    "root",
                )
                old = project.heads.get(branch, ZERO)
                await pushed(world, project, branch=branch, old=old, new=sha, user=user)


async def version_of(
    world: GitLabWorld, project: Project, *, head: str, target: str
) -> Version:
    """Return the diff's three ends for a head against a target branch."""
    git = world.repository(project)
    start = await git.branch(target) or head
    base = await git.merge_base(start, head) or start
    return Version(
        id=world.store.next("version"),
        head_sha=head,
        base_sha=base,
        start_sha=start,
        created_at=world.now(),
    )


async def _moved(
    world: GitLabWorld, project: Project, mr: MergeRequest, *, new: str, user: str
) -> None:
    before = mr.head.head_sha
    mr.versions.append(
        await version_of(world, project, head=new, target=mr.target_branch)
    )
    mr.updated_at = world.now()
    world.save(mr)
    payload = await hook_shapes.merge_request(
        world, project, mr, user=user, action="update", oldrev=before
    )
    world.hooks.fire(project, "merge_requests", payload)
    await pipelines.for_merge_request(world, project, mr, user=user)


async def _merged_by_push(
    world: GitLabWorld, project: Project, mr: MergeRequest, *, user: str
) -> None:
    git = world.repository(project)
    target = await git.branch(mr.target_branch)
    head = mr.head.head_sha
    if target is None or not await git.contains(target, ancestor=head):
        return
    if head == mr.head.base_sha:
        return  # an empty request: there was nothing to merge
    merges = await git.commits("--merges", f"{head}..{target}", limit=100)
    by_merge = next((c for c in merges if head in c.parents[1:]), None)
    await _close_as_merged(
        world, project, mr, user=user, commit=by_merge.sha if by_merge else target
    )


async def _close_as_merged(
    world: GitLabWorld, project: Project, mr: MergeRequest, *, user: str, commit: str
) -> None:
    now = world.now()
    mr.state = "merged"
    mr.merged_by, mr.merged_at, mr.updated_at = user, now, now
    mr.merge_commit_sha = commit
    world.save(mr)
    world.ledger.add(
        "merge_request.merged",
        actor=user,
        project=project.path,
        detail={"iid": mr.iid, "head": mr.head.head_sha, "commit": commit},
    )
    payload = await hook_shapes.merge_request(
        world, project, mr, user=user, action="merge"
    )
    world.hooks.fire(project, "merge_requests", payload)


@dataclass(frozen=True)
class MergeOptions:
    sha: str | None = None
    message: str | None = None
    squash_message: str | None = None
    squash: bool | None = None
    remove_source_branch: bool | None = None


async def merge(
    world: GitLabWorld,
    project: Project,
    mr: MergeRequest,
    *,
    user: str,
    level: Level,
    options: MergeOptions,
) -> None:
    """
    Merge with a real merge commit, or refuse in GitLab's order: 401, 405, 422, 409.

    The order is lib/api/merge_requests.rb's: right, state, mergeability, then the sha.
    """
    if not standing.may_merge(project, mr.target_branch, level):
        raise unauthorized()
    now = await standing.status(world, project, mr)
    if now == "conflict":
        raise unmergeable("Branch cannot be merged")
    if now != "mergeable":
        raise not_allowed()
    head = mr.head.head_sha
    if options.sha is not None and options.sha != head:
        raise conflict(f"SHA does not match HEAD of source branch: {head}")
    git = world.repository(project)
    target = await git.branch(mr.target_branch)
    if target is None:
        raise not_allowed()
    if options.squash is not None:
        mr.squash = options.squash
    try:
        commit = await _merge_commit(
            world, project, mr, target=target, user=user, options=options
        )
        await git.set_branch(mr.target_branch, new=commit, old=target)
    except GitError:
        raise unmergeable("Branch cannot be merged") from None
    await _close_as_merged(world, project, mr, user=user, commit=commit)
    await pushed(
        world, project, branch=mr.target_branch, old=target, new=commit, user=user
    )
    remove = options.remove_source_branch
    if mr.remove_source_branch if remove is None else remove:
        await git.delete_branch(mr.source_branch)
        await pushed(
            world, project, branch=mr.source_branch, old=head, new=ZERO, user=user
        )


async def _merge_commit(
    world: GitLabWorld,
    project: Project,
    mr: MergeRequest,
    *,
    target: str,
    user: str,
    options: MergeOptions,
) -> str:
    git = world.repository(project)
    who = world.signature(user)
    head = mr.head.head_sha
    tree = await git.merge(ours=target, theirs=head)
    if tree is None:
        raise GitError("conflict")
    if mr.squash:
        mr.squash_commit_sha = head = await git.commit_tree(
            tree,
            parents=[target],
            message=options.squash_message or f"{mr.title}\n",
            author=world.signature(mr.author),
            committer=who,
            when=world.now(),
        )
    default = (
        f"Merge branch '{mr.source_branch}' into '{mr.target_branch}'\n\n"
        f"{mr.title}\n\nSee merge request {project.path}!{mr.iid}\n"
    )
    return await git.commit_tree(
        tree,
        parents=[target, head],
        message=options.message or default,
        author=who,
        committer=who,
        when=world.now(),
    )
