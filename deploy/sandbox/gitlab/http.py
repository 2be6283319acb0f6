"""
What every API route shares: who calls, which project, pages, and GitLab's refusals.

`Gate` is the outermost layer: it keeps `%2F` apart from `/`, orders the faults, and
writes each changing call into the ledger before its answer leaves.
"""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Final, TypeVar
from urllib.parse import parse_qsl, unquote, urlencode

from fastapi import Depends, Path, Request, Response
from pydantic import AfterValidator
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from deploy.sandbox.gitlab import problems
from deploy.sandbox.gitlab.records import (
    Job,
    Level,
    MergeRequest,
    Pipeline,
    Project,
    Token,
)
from deploy.sandbox.gitlab.world import GitLabWorld

_READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
API: Final = "/api/v4"
T = TypeVar("T")
Segment = Annotated[str, AfterValidator(unquote)]


@dataclass(frozen=True)
class Caller:
    """Who makes this call."""

    world: GitLabWorld
    token: Token
    username: str


@dataclass(frozen=True)
class Access:
    """A caller in a project that they can see."""

    world: GitLabWorld
    username: str
    project: Project
    level: Level

    def need(self, level: Level, detail: str = "") -> None:
        """Refuse with 403 whoever has less than `level` here."""
        if self.level < level:
            raise problems.forbidden(detail)

    def merge_request(self, iid: int) -> MergeRequest:
        found = self.world.merge_request(self.project, iid)
        if found is None:
            raise problems.not_found()
        return found

    def pipeline(self, key: int) -> Pipeline:
        found = self.world.pipelines.get(key)
        if found is None or found.project_id != self.project.id:
            raise problems.not_found("Pipeline")
        return found

    def job(self, key: int) -> Job:
        found = self.world.jobs.get(key)
        if found is None or found.project_id != self.project.id:
            raise problems.not_found()
        return found


async def caller(request: Request) -> Caller:
    """Return who holds the token of this request; 401 or 403 as GitLab."""
    world: GitLabWorld = request.state.world
    value = request.headers.get("private-token", "")
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        value = bearer.strip()
    token = next((t for t in world.tokens.values() if t.value == value), None)
    if token is None:
        raise problems.unauthorized()
    request.state.actor = token.username
    if token.expires_at is not None and token.expires_at <= world.now().date():
        raise problems.token_expired()
    enough = {"api"} if request.method not in _READING else {"api", "read_api"}
    if not enough & token.scopes:
        raise problems.insufficient_scope()
    return Caller(world, token, token.username)


Called = Annotated[Caller, Depends(caller)]


async def access(
    request: Request, who: Called, project: Annotated[Segment, Path()]
) -> Access:
    """Return the project; one that the caller cannot see is not found."""
    found = who.world.project(project)
    level = Level.NONE if found is None else who.token.levels.get(found.id, Level.NONE)
    if found is None or level < Level.REPORTER:
        raise problems.not_found("Project")
    request.state.project = found.path
    return Access(who.world, who.username, found, level)


Here = Annotated[Access, Depends(access)]


@dataclass(frozen=True)
class Paging:
    """Cuts lists into pages and names the others in headers, as GitLab does."""

    request: Request
    response: Response
    page: int
    per_page: int

    def cut(self, items: Sequence[T]) -> list[T]:
        total = len(items)
        pages = max(1, -(-total // self.per_page))
        start = (self.page - 1) * self.per_page
        more = self.page + 1 if self.page < pages else None
        less = self.page - 1 if self.page > 1 else None
        self.response.headers.update(
            {
                "X-Total": str(total),
                "X-Total-Pages": str(pages),
                "X-Page": str(self.page),
                "X-Per-Page": str(self.per_page),
                "X-Next-Page": str(more or ""),
                "X-Prev-Page": str(less or ""),
            }
        )
        named = {"prev": less, "next": more, "first": 1, "last": pages}
        links = [f'<{self._url(n)}>; rel="{rel}"' for rel, n in named.items() if n]
        self.response.headers["Link"] = ", ".join(links)
        return list(items[start : start + self.per_page])

    def _url(self, page: int) -> str:
        query = dict(parse_qsl(self.request.url.query, keep_blank_values=True))
        query |= {"page": str(page), "per_page": str(self.per_page)}
        host = self.request.headers.get("host", "")
        path = self.request.scope["path"]
        return f"{self.request.url.scheme}://{host}{path}?{urlencode(query)}"


async def paging(
    request: Request, response: Response, page: int = 1, per_page: int = 20
) -> Paging:
    return Paging(request, response, max(1, page), min(max(1, per_page), 100))


Pages = Annotated[Paging, Depends(paging)]


class Gate:
    """The outermost ASGI layer; see the module."""

    def __init__(self, app: ASGIApp, *, world: GitLabWorld) -> None:
        self._app = app
        self._world = world

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            # Whose world it is, for the routes, which are the same for every one.
            state = {**scope.get("state", {}), "world": self._world}
            scope = {**scope, "state": state}
        if scope["type"] != "http" or not scope["path"].startswith(f"{API}/"):
            await self._app(scope, receive, send)
            return
        method, raw = scope["method"], scope["raw_path"].decode("ascii", "replace")
        # Routes match the path as it was sent: `acme%2Finfra` is one segment.
        scope = {**scope, "path": raw}
        faults = self._world.faults
        if (
            fault := faults.take({"down", "lock"}, method=method, path=raw)
        ) is not None:
            down = fault.kind == "down"
            status = 503 if down else 409
            self._record(scope, status)
            text = "503 Service Unavailable" if down else "Resource lock"
            await _answer(send, status, {"message": text})
            return
        lose = faults.take({"lose"}, method=method, path=raw)
        slow = faults.take({"slow"}, method=method, path=raw)

        async def record(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._record(scope, message["status"], lost=lose is not None)
                if slow is not None:
                    await asyncio.sleep(slow.seconds)
            if lose is None:
                await send(message)

        await self._app(scope, receive, record)
        if lose is not None:
            await _answer(send, 502, {"message": "502 Bad Gateway"})

    def _record(self, scope: Scope, status: int, *, lost: bool = False) -> None:
        if scope["method"] in _READING:
            return
        state = scope["state"]
        self._world.ledger.add(
            "api.called",
            actor=state.get("actor", ""),
            project=state.get("project", ""),
            status=str(status),
            detail={
                "method": scope["method"],
                "path": scope["path"].removeprefix(API),
                **({"lost": 1} if lost else {}),
            },
        )


async def _answer(send: Send, status: int, body: dict[str, object]) -> None:
    content = json.dumps(body).encode()
    kind = (b"content-type", b"application/json")
    await send({"type": "http.response.start", "status": status, "headers": [kind]})
    await send({"type": "http.response.body", "body": content})


def refusal(problem: problems.ApiError) -> Response:
    return Response(
        json.dumps(problem.body),
        status_code=problem.status,
        media_type="application/json",
    )


NO_CONTENT: Final = HTTPStatus.NO_CONTENT
CREATED: Final = HTTPStatus.CREATED
