"""`POST …/repository/commits`: many file actions, one commit, GitLab's checks."""

import base64
import binascii
from typing import Literal

from pydantic import BaseModel

from deploy.sandbox.gitlab import merging, problems, standing
from deploy.sandbox.gitlab.git import ZERO, GitError, Repository
from deploy.sandbox.gitlab.git_says import CommitInfo, Edit, Signature
from deploy.sandbox.gitlab.http import Access
from deploy.sandbox.gitlab.refs import ref_name


class Action(BaseModel):
    action: Literal["create", "update", "delete", "move"]
    file_path: str
    previous_path: str | None = None
    content: str | None = None
    encoding: Literal["text", "base64"] = "text"
    last_commit_id: str | None = None


class NewCommit(BaseModel):
    branch: str
    commit_message: str
    actions: list[Action] = []
    start_branch: str | None = None
    start_sha: str | None = None
    author_name: str | None = None
    author_email: str | None = None


async def create(here: Access, body: NewCommit) -> CommitInfo:
    """Commit and take the consequences; 400 and 403 as GitLab."""
    world, project = here.world, here.project
    git = world.repository(project)
    if not standing.may_push(project, body.branch, here.level):
        raise problems.forbidden("You are not allowed to push into this branch")
    if ref_name(body.branch) is None:
        raise problems.bad_request("Branch name is invalid")
    committer = world.signature(here.username)
    async with world.lock(project):
        old = await git.branch(body.branch)
        base = await _start(git, body, old)
        edits = [await _edit(git, base, action) for action in body.actions]
        try:
            sha = await git.write_commit(
                base=base,
                edits=[edit for several in edits for edit in several],
                message=body.commit_message,
                author=Signature(
                    body.author_name or committer.name,
                    body.author_email or committer.email,
                ),
                committer=committer,
                when=world.now(),
            )
            await git.set_branch(body.branch, new=sha, old=old or ZERO)
        except GitError as error:
            raise problems.bad_request(str(error)) from error
        await merging.pushed(
            world,
            project,
            branch=body.branch,
            old=old or ZERO,
            new=sha,
            user=here.username,
        )
    return await git.commit(sha)


async def _start(git: Repository, body: NewCommit, old: str | None) -> str:
    start = body.start_sha or body.start_branch
    if start is None:
        if old is None:
            message = "You can only create or edit files when you are on a branch"
            raise problems.bad_request(message)
        return old
    if old is not None and body.start_branch != body.branch:
        raise problems.bad_request(
            f"A branch called '{body.branch}' already exists. "
            "Switch to that branch in order to make changes"
        )
    found = await git.resolve(start)
    if found is None:
        raise problems.bad_request(f"Cannot find start_branch '{start}'")
    return found


async def _edit(git: Repository, base: str, action: Action) -> list[Edit]:
    path = _path(action.file_path)
    source = _path(action.previous_path) if action.previous_path else path
    entry = await git.entry(base, source)
    if action.action == "create":
        if entry is not None:
            raise problems.bad_request("A file with this name already exists")
        return [Edit(path, _content(action))]
    if entry is None or entry.kind != "blob":
        raise problems.bad_request("A file with this name doesn't exist")
    wanted = action.last_commit_id
    if wanted is not None and await git.last_commit_of(base, source) != wanted:
        raise problems.bad_request(
            "You are attempting to update a file that has changed since you started "
            "editing it."
        )
    if action.action == "delete":
        return [Edit(path, None)]
    if action.action == "update":
        return [Edit(path, _content(action), entry.mode)]
    kept = await git.read(base, source) if action.content is None else _content(action)
    return [Edit(source, None), Edit(path, kept, entry.mode)]


def _content(action: Action) -> bytes:
    text = action.content or ""
    if action.encoding == "text":
        return text.encode()
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise problems.invalid("actions[content]", "is invalid") from None


def _path(text: str) -> str:
    """Return a path that stays inside the repository, refuse any other."""
    parts = text.split("/")
    if "\0" in text or any(part in {"", ".", "..", ".git"} for part in parts):
        raise problems.bad_request("Path cannot include directory traversal")
    return text
