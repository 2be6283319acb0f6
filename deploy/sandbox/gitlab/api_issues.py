"""
REST: issues, as far as Tandem opens, finds and answers them.

https://docs.gitlab.com/api/issues/
https://docs.gitlab.com/api/notes/
"""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel

from deploy.sandbox.gitlab import issuing, problems, shapes
from deploy.sandbox.gitlab.api_merge_requests import Names, NewNote
from deploy.sandbox.gitlab.http import CREATED, Access, Here, Pages
from deploy.sandbox.gitlab.records import Issue
from deploy.sandbox.gitlab.shape_parts import Shape, stamp, url, user
from deploy.sandbox.gitlab.world import GitLabWorld

router = APIRouter(prefix="/projects/{project}")
LONGEST_TITLE = 255


class NewIssue(BaseModel):
    title: str
    description: str = ""
    labels: Names = []


@router.get("/issues")
async def listed(
    here: Here,
    pages: Pages,
    *,
    search: str = "",
    within: Annotated[str, Query(alias="in")] = "title,description",
    state: Literal["opened", "closed", "all"] = "all",
    author_username: str | None = None,
    created_after: datetime | None = None,
) -> list[Shape]:
    """Search as GitLab does: each word must be there, without regard to case."""
    words = search.lower().split()
    fields = within.split(",")
    found = [
        issue
        for issue in reversed(here.world.issues_of(here.project))
        if state in ("all", issue.state)
        and (author_username or issue.author).lower() == issue.author.lower()
        and (created_after is None or created_after <= issue.created_at)
        and all(_holds(issue, word, fields) for word in words)
    ]
    return [_shape(here.world, issue) for issue in pages.cut(found)]


@router.post("/issues", status_code=CREATED)
async def create(here: Here, body: NewIssue) -> Shape:
    title = body.title.strip()
    if not title:
        raise problems.bad_request("title can't be blank")
    if len(title) > LONGEST_TITLE:
        raise problems.bad_request("title is too long (maximum is 255 characters)")
    async with here.world.lock(here.project):
        made = issuing.create(
            here, title=title, description=body.description, labels=body.labels
        )
    return _shape(here.world, made)


@router.get("/issues/{iid}")
async def one(here: Here, iid: int) -> Shape:
    return _shape(here.world, _found(here, iid))


@router.get("/issues/{iid}/notes")
async def notes(
    here: Here,
    iid: int,
    pages: Pages,
    order: Annotated[Literal["asc", "desc"], Query(alias="sort")] = "desc",
) -> list[Shape]:
    issue = _found(here, iid)
    found = here.world.notes_under(issue)
    found.sort(key=lambda note: note.id, reverse=order == "desc")
    return [shapes.note(here.world, issue, note) for note in pages.cut(found)]


@router.post("/issues/{iid}/notes", status_code=CREATED)
async def create_note(here: Here, iid: int, body: NewNote) -> Shape:
    issue = _found(here, iid)
    if not body.body.strip():
        raise problems.bad_request("400 Bad request - Note can't be blank")
    async with here.world.lock(here.project):
        made = issuing.note(here, issue, body.body)
    found = shapes.note(here.world, issue, made)
    # The published type is written for merge requests; all else in it is the same.
    here.world.contracts.check("Note", {**found, "noteable_type": "MergeRequest"})
    return found


def _found(here: Access, iid: int) -> Issue:
    for issue in here.world.issues_of(here.project):
        if issue.iid == iid:
            return issue
    raise problems.not_found("Issue")


def _holds(issue: Issue, word: str, fields: list[str]) -> bool:
    texts = {"title": issue.title, "description": issue.description}
    return any(word in texts[name].lower() for name in fields if name in texts)


def _shape(world: GitLabWorld, issue: Issue) -> Shape:
    project = world.project(issue.project_id)
    if project is None:
        raise problems.not_found("Project")
    return {
        "id": issue.id,
        "iid": issue.iid,
        "project_id": issue.project_id,
        "title": issue.title,
        "description": issue.description,
        "state": issue.state,
        "created_at": stamp(issue.created_at),
        "updated_at": stamp(issue.updated_at),
        "closed_at": stamp(issue.closed_at),
        "closed_by": user(world, issue.closed_by) if issue.closed_by else None,
        "labels": list(issue.labels),
        "milestone": None,
        "assignees": [],
        "assignee": None,
        "author": user(world, issue.author),
        "type": "ISSUE",
        "issue_type": "issue",
        "user_notes_count": len(world.notes_under(issue)),
        "upvotes": 0,
        "downvotes": 0,
        "due_date": None,
        "confidential": False,
        "discussion_locked": None,
        "severity": "UNKNOWN",
        "web_url": url(world, project, "issues", issue.iid),
        "references": {
            "short": f"#{issue.iid}",
            "relative": f"#{issue.iid}",
            "full": f"{project.path}#{issue.iid}",
        },
    }
