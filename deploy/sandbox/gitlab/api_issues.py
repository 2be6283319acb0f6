"""
REST: issues, as far as Tandem opens and finds them.

https://docs.gitlab.com/api/issues/
"""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel

from deploy.sandbox.gitlab import issuing, problems
from deploy.sandbox.gitlab.api_merge_requests import Names
from deploy.sandbox.gitlab.http import CREATED, Here, Pages
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
) -> list[Shape]:
    """Search as GitLab does: each word must be there, without regard to case."""
    words = search.lower().split()
    fields = within.split(",")
    found = [
        issue
        for issue in reversed(here.world.issues_of(here.project))
        if state in ("all", issue.state)
        and author_username in (None, issue.author)
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
    for issue in here.world.issues_of(here.project):
        if issue.iid == iid:
            return _shape(here.world, issue)
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
        "user_notes_count": 0,
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
