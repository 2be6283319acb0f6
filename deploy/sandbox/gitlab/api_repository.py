"""REST: version, user, projects, files, trees, branches, commits, compare."""

import base64
import hashlib
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from deploy.sandbox.gitlab import (
    committing,
    merging,
    problems,
    shape_parts,
    shapes,
    standing,
)
from deploy.sandbox.gitlab.git import ZERO, GitError
from deploy.sandbox.gitlab.hooks import VERSION
from deploy.sandbox.gitlab.http import (
    CREATED,
    NO_CONTENT,
    Access,
    Called,
    Here,
    Pages,
    Segment,
)
from deploy.sandbox.gitlab.records import Level
from deploy.sandbox.gitlab.refs import ref_name
from deploy.sandbox.gitlab.shape_parts import Shape

router = APIRouter()
of_project = APIRouter(prefix="/projects/{project}")


@router.get("/version")
async def version(who: Called) -> Shape:
    _ = who
    return {"version": VERSION, "revision": "5a4d0bd", "enterprise": True}


@router.get("/user")
async def user(who: Called) -> Shape:
    found = who.world.user(who.username)
    return {
        **shape_parts.user(who.world, who.username),
        "email": found.email,
        "commit_email": found.email,
        "bot": found.bot,
        "is_admin": who.token.admin,
    }


@router.get("/projects")
async def projects(who: Called, pages: Pages) -> list[Shape]:
    mine = [
        p
        for p in who.world.projects.values()
        if who.token.levels.get(p.id, Level.NONE) >= Level.REPORTER
    ]
    return [shapes.project(who.world, p) for p in pages.cut(mine)]


@router.get("/users")
async def users(
    who: Called, pages: Pages, search: str = "", username: str = ""
) -> list[Shape]:
    """Find users; an e-mail finds its owner as a public one does."""
    found = [
        u.username
        for u in who.world.users.values()
        if username in {"", u.username}
        and (not search or search == u.email or search.lower() in u.name.lower())
    ]
    return [shape_parts.user(who.world, name) for name in pages.cut(found)]


@of_project.get("/events")
async def events(
    here: Here,
    pages: Pages,
    action: str = "",
    order: Annotated[Literal["asc", "desc"], Query(alias="sort")] = "desc",
) -> list[Shape]:
    """Return pushes, the one kind of event that this stand-in keeps."""
    pushes = [
        entry
        for entry in here.world.ledger.of("branch.pushed")
        if entry.project == here.project.path and action in {"", "pushed"}
    ]
    if order == "desc":
        pushes.reverse()
    return [
        {
            "id": number,
            "project_id": here.project.id,
            "action_name": "pushed to",
            "target_type": None,
            "author_id": here.world.user(push.actor).id,
            "author": shape_parts.user(here.world, push.actor),
            "author_username": push.actor,
            "created_at": push.at,
            "push_data": {
                "commit_count": 1,
                "action": "pushed",
                "ref_type": "branch",
                "commit_from": push.detail["before"],
                "commit_to": push.detail["after"],
                "ref": push.detail["branch"],
            },
        }
        for number, push in enumerate(pages.cut(pushes), start=1)
    ]


@of_project.get("")
async def project(here: Here) -> Shape:
    access = {"access_level": int(here.level), "notification_level": 3}
    return {
        **shapes.project(here.world, here.project),
        "permissions": {"project_access": access, "group_access": None},
    }


async def _commit_at(here: Access, ref: str) -> str:
    git = here.world.repository(here.project)
    sha = await git.resolve(here.project.default_branch if ref == "HEAD" else ref)
    if sha is None:
        raise problems.not_found("Commit")
    return sha


async def _file(here: Access, path: str, ref: str) -> tuple[Shape, bytes]:
    sha = await _commit_at(here, ref)
    git = here.world.repository(here.project)
    content = await git.read(sha, path)
    entry = await git.entry(sha, path)
    if content is None or entry is None:
        raise problems.not_found("File")
    shape: Shape = {
        "file_name": path.rpartition("/")[2],
        "file_path": path,
        "size": len(content),
        "encoding": "base64",
        "content_sha256": hashlib.sha256(content).hexdigest(),
        "ref": ref,
        "blob_id": entry.sha,
        "commit_id": sha,
        "last_commit_id": await git.last_commit_of(sha, path),
        "execute_filemode": entry.mode == "100755",
    }
    return shape, content


@of_project.get("/repository/files/{path}")
async def file(here: Here, path: Segment, ref: str = "HEAD") -> Shape:
    shape, content = await _file(here, path, ref)
    found = {**shape, "content": base64.b64encode(content).decode()}
    here.world.contracts.check("RepoFile", found)
    return found


@of_project.head("/repository/files/{path}")
async def file_head(here: Here, path: Segment, ref: str = "HEAD") -> Response:
    shape, _ = await _file(here, path, ref)
    named = {
        f"X-Gitlab-{key.replace('_', '-').title()}": str(value)
        for key, value in shape.items()
    }
    return Response(headers=named)


@of_project.get("/repository/files/{path}/raw")
async def file_raw(here: Here, path: Segment, ref: str = "HEAD") -> Response:
    _, content = await _file(here, path, ref)
    return Response(content, media_type="text/plain; charset=utf-8")


@of_project.get("/repository/tree")
async def tree(
    here: Here,
    pages: Pages,
    path: str = "",
    ref: str = "HEAD",
    *,
    recursive: bool = False,
) -> list[Shape]:
    git = here.world.repository(here.project)
    sha = await git.resolve(here.project.default_branch if ref == "HEAD" else ref)
    if sha is None:
        raise problems.not_found("Tree")
    entries = await git.tree(sha, path=path, recursive=recursive)
    if entries is None:
        raise problems.not_found("invalid revision or path")
    return [
        {
            "id": entry.sha,
            "name": entry.path.rpartition("/")[2],
            "type": entry.kind,
            "path": entry.path,
            "mode": entry.mode,
        }
        for entry in pages.cut(entries)
    ]


@of_project.get("/repository/branches")
async def branches(here: Here, pages: Pages, search: str = "") -> list[Shape]:
    heads = await here.world.repository(here.project).branches()
    found = [(name, sha) for name, sha in heads.items() if search in name]
    return [
        await shapes.branch(here.world, here.project, name, sha)
        for name, sha in pages.cut(found)
    ]


@of_project.get("/repository/branches/{branch}")
async def branch(here: Here, branch: Segment) -> Shape:
    sha = await here.world.repository(here.project).branch(branch)
    if sha is None:
        raise problems.not_found("Branch")
    found = await shapes.branch(here.world, here.project, branch, sha)
    here.world.contracts.check("Branch", found)
    return found


class NewBranch(BaseModel):
    branch: str | None = None
    ref: str | None = None


@of_project.post("/repository/branches", status_code=CREATED)
async def create_branch(
    here: Here,
    body: NewBranch | None = None,
    branch: Annotated[str, Query()] = "",
    ref: Annotated[str, Query()] = "",
) -> Shape:
    name = (body.branch if body else None) or branch
    start = (body.ref if body else None) or ref
    here.need(Level.DEVELOPER)
    world, git = here.world, here.world.repository(here.project)
    async with world.lock(here.project):
        if ref_name(name) is None:
            raise problems.bad_request("Branch name is invalid")
        if await git.branch(name) is not None:
            raise problems.bad_request("Branch already exists")
        sha = await git.resolve(start)
        if sha is None:
            raise problems.bad_request(f"Invalid reference name: {start}")
        await git.set_branch(name, new=sha, old=ZERO)
        await merging.pushed(
            world, here.project, branch=name, old=ZERO, new=sha, user=here.username
        )
    return await shapes.branch(world, here.project, name, sha)


@of_project.delete("/repository/branches/{branch}")
async def delete_branch(here: Here, branch: Segment) -> Response:
    here.need(Level.DEVELOPER)
    world, git = here.world, here.world.repository(here.project)
    async with world.lock(here.project):
        sha = await git.branch(branch)
        if sha is None:
            raise problems.not_found("Branch")
        if standing.protection(here.project, branch) is not None:
            raise problems.forbidden("You are not allowed to delete protected branches")
        await git.delete_branch(branch)
        await merging.pushed(
            world, here.project, branch=branch, old=sha, new=ZERO, user=here.username
        )
    return Response(status_code=NO_CONTENT)


@of_project.post("/repository/commits", status_code=CREATED)
async def create_commit(here: Here, body: committing.NewCommit) -> Shape:
    info = await committing.create(here, body)
    found = shape_parts.commit(here.world, here.project, info)
    here.world.contracts.check("Commit", found)
    return found


@of_project.get("/repository/commits")
async def commits(
    here: Here, pages: Pages, ref_name: str = "HEAD", path: str = ""
) -> list[Shape]:
    sha = await _commit_at(here, ref_name)
    infos = await here.world.repository(here.project).commits(sha, path=path)
    return [shape_parts.commit(here.world, here.project, i) for i in pages.cut(infos)]


@of_project.get("/repository/commits/{ref}")
async def commit(here: Here, ref: Segment) -> Shape:
    info = await here.world.repository(here.project).commit(await _commit_at(here, ref))
    found = shape_parts.commit(here.world, here.project, info)
    here.world.contracts.check("Commit", found)
    return found


@of_project.get("/repository/commits/{ref}/diff")
async def commit_diff(here: Here, ref: Segment, pages: Pages) -> list[Shape]:
    git = here.world.repository(here.project)
    info = await git.commit(await _commit_at(here, ref))
    if not info.parents:
        return []
    return [
        shapes.file_diff(d)
        for d in pages.cut(await git.diff(info.parents[0], info.sha))
    ]


@of_project.get("/repository/merge_base")
async def merge_base(
    here: Here, refs: Annotated[list[str], Query(alias="refs[]")]
) -> Shape:
    shas = [await _commit_at(here, ref) for ref in refs]
    git = here.world.repository(here.project)
    base = await git.merge_base(shas[0], shas[-1])
    if base is None:
        raise problems.not_found("Merge Base")
    return shape_parts.commit(here.world, here.project, await git.commit(base))


@of_project.get("/repository/compare")
async def compare(
    here: Here,
    from_: Annotated[str, Query(alias="from")],
    to: str,
    straight: Literal["true", "false", "True", "False"] = "false",
) -> Shape:
    git = here.world.repository(here.project)
    start, end = await _commit_at(here, from_), await _commit_at(here, to)
    try:
        infos = await git.commits(f"{start}..{end}")
        base = await git.merge_base(start, end)
        old = start if straight.lower() == "true" or base is None else base
        diffs = await git.diff(old, end)
    except GitError:
        raise problems.not_found("Ref") from None
    listed = [shape_parts.commit(here.world, here.project, i) for i in reversed(infos)]
    return {
        "commit": listed[-1] if listed else None,
        "commits": listed,
        "diffs": [shapes.file_diff(d) for d in diffs],
        "compare_timeout": False,
        "compare_same_ref": start == end,
        "web_url": shape_parts.url(
            here.world, here.project, "compare", f"{start}...{end}"
        ),
    }
