"""
A file edited in the browser, which opens a merge request, as GitLab's web editor does.

So whoever tries the sandbox can bring a change of their own to Tandem's gate without
git. As with an issue, who it is by is chosen, and only this very page may send it.

https://docs.gitlab.com/user/project/repository/web_editor/
"""

from __future__ import annotations

import secrets
from html import escape
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request, Response

from deploy.sandbox.gitlab import problems, requesting
from deploy.sandbox.gitlab.http import Access
from deploy.sandbox.gitlab.pages import Here, World, content_of, drawn, trail
from deploy.sandbox.gitlab.pages_issue import chooser, people, sent_by_itself
from deploy.sandbox.gitlab.records import Level

router = APIRouter(prefix="/{group}/{name}")
_LONGEST: Final = 200_000
_LONGEST_TITLE: Final = 255


@router.get("/-/edit/{path:path}")
async def form(world: World, project: Here, path: str) -> Response:
    """Show the file as the default branch has it, to be changed."""
    text = await content_of(world, project, project.default_branch, path)
    size = f"maxlength='{_LONGEST_TITLE}' size='60'"
    body = (
        f"<h1>Edit {escape(path)}</h1>"
        f'<form method="post" action="/{escape(project.path)}/-/edit/{escape(path)}">'
        f"<p>{chooser(world, project)}</p>"
        f'<p><textarea name="content" rows="30" cols="90">\n{escape(text)}</textarea>'
        f'</p><p><label>Title <input name="title" required {size} '
        f'value="Update {escape(path)}"></label></p>'
        "<p><button>Create merge request</button></p></form>"
    )
    return drawn(f"Edit {path}", body, crumbs=trail(project), form=True)


@router.post("/-/edit/{path:path}")
async def create(request: Request, world: World, project: Here, path: str) -> Response:
    """Commit it to a branch of its own, and open a merge request for that."""
    sent_by_itself(request)
    await content_of(world, project, project.default_branch, path)
    raw = (await request.body())[:_LONGEST].decode("utf-8", "replace")
    said = dict(parse_qsl(raw, keep_blank_values=True))
    who, title = said.get("who", ""), said.get("title", "").strip()
    here = people(world, project)
    if who not in here or not 0 < len(title) <= _LONGEST_TITLE:
        raise problems.bad_request("who or title is invalid")
    # Browsers send a form's lines with CR LF, whatever they were.
    content = said.get("content", "").replace("\r\n", "\n")
    branch = f"{who}-patch-{secrets.token_hex(3)}"
    access = Access(world, who, project, here[who])
    access.need(Level.DEVELOPER)
    await world.push(project.path, branch, who, {path: content}, title)
    async with world.lock(project):
        made = await requesting.create(
            access,
            source=branch,
            target=project.default_branch,
            title=title,
            description="",
            labels=[],
        )
    place = f"/{project.path}/-/merge_requests/{made.iid}"
    return Response(status_code=HTTPStatus.SEE_OTHER, headers={"Location": place})
