"""
A form of the stand-in: an issue is opened in the browser, as anybody here.

There is no login, so who it is by is chosen, as in the Slack beside it. Only this very
page may send it.
"""

from __future__ import annotations

from html import escape
from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request, Response

from deploy.sandbox.gitlab import issuing, problems
from deploy.sandbox.gitlab.api_issues import LONGEST_TITLE
from deploy.sandbox.gitlab.http import Access
from deploy.sandbox.gitlab.pages import Here, World, drawn, trail

if TYPE_CHECKING:
    from deploy.sandbox.gitlab.records import Level, Project
    from deploy.sandbox.gitlab.world import GitLabWorld

router = APIRouter(prefix="/{group}/{name}")
_LONGEST: Final = 20_000


def people(world: GitLabWorld, project: Project) -> dict[str, Level]:
    """Return who could do something here, and what they may."""
    return {
        token.username: token.levels[project.id]
        for token in world.tokens.values()
        if project.id in token.levels
        and "api" in token.scopes
        and not world.user(token.username).bot
    }


def chooser(world: GitLabWorld, project: Project) -> str:
    """Return the part of a form by which one says who one is."""
    options = "".join(
        f'<option value="{escape(one)}">{escape(world.user(one).name)}</option>'
        for one in sorted(people(world, project))
    )
    return f'<label>Signed in as <select name="who">{options}</select></label>'


def sent_by_itself(request: Request) -> None:
    """Refuse what another page sends: browsers say from where."""
    if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        raise problems.forbidden()


@router.get("/-/issues/new")
async def form(world: World, project: Here) -> Response:
    body = (
        f'<h1>New issue</h1><form method="post" action="/{escape(project.path)}'
        f'/-/issues"><p>{chooser(world, project)}'
        '</p><p><label>Title <input name="title" required size="60" '
        f'maxlength="{LONGEST_TITLE}"></label></p><p><label>Description<br>'
        '<textarea name="description" rows="6" cols="60"></textarea></label></p>'
        "<p><button>Create issue</button></p></form>"
    )
    crumbs = trail(project, ("issues", "Issues"))
    return drawn("New issue", body, crumbs=crumbs, form=True)


@router.post("/-/issues")
async def create(request: Request, world: World, project: Here) -> Response:
    sent_by_itself(request)
    said = dict(parse_qsl((await request.body())[:_LONGEST].decode("utf-8", "replace")))
    who, title = said.get("who", ""), said.get("title", "").strip()
    here_are = people(world, project)
    if who not in here_are or not 0 < len(title) <= LONGEST_TITLE:
        raise problems.bad_request("who or title is invalid")
    here = Access(world, who, project, here_are[who])
    async with world.lock(project):
        made = issuing.create(
            here, title=title, description=said.get("description", ""), labels=[]
        )
    place = f"/{project.path}/-/issues/{made.iid}"
    return Response(status_code=HTTPStatus.SEE_OTHER, headers={"Location": place})
