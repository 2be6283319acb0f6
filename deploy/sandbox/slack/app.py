"""
The server's routes: Web API, response URLs, Socket Mode, the page and its own API.

Joins the modules beside it; each holds its own rules.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from fastapi import FastAPI
from starlette.responses import (
    FileResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
)
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles

from deploy.sandbox.slack.control_api import ControlApi
from deploy.sandbox.slack.page_api import PageApi
from deploy.sandbox.slack.response_url import ResponseApi
from deploy.sandbox.slack.web_api import WebApi

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request
    from starlette.types import Scope
    from starlette.websockets import WebSocket

    from deploy.sandbox.slack.state import SlackWorld

PAGE = Path(__file__).parent / "page"
_FRESH = {
    "Cache-Control": "no-cache",
    # What an app wrote is data on the page too: nothing of it may run there.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; "
        "img-src 'self' data:; connect-src 'self'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
}


class _FreshFiles(StaticFiles):
    """Static files that a browser asks for anew each time."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers.update(_FRESH)
        return response


async def _index(request: Request) -> Response:
    del request
    file = PAGE / "index.html"
    if not file.is_file():
        return PlainTextResponse("The page is not there; the APIs are.", 404)
    return FileResponse(file, headers=_FRESH)


async def _archives(request: Request) -> Response:
    """Where permalinks lead: the page, at the message's thread."""
    channel = request.path_params["channel"]
    stamp = str(request.path_params["stamp"]).removeprefix("p")
    thread = request.query_params.get("thread_ts", f"{stamp[:-6]}.{stamp[-6:]}")
    query = urlencode({"channel": channel, "thread": thread})
    return RedirectResponse(f"/?{query}")


def create(world: SlackWorld) -> FastAPI:
    """An application that serves this world; it closes the world when it ends."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        del app
        yield
        await world.aclose()

    async def link(socket: WebSocket) -> None:
        await world.links.serve(socket, app_id=world.workspace.app.id)

    both, post = ["GET", "POST"], ["POST"]
    say = ResponseApi(world).call
    routes: list[BaseRoute] = [
        Route("/api/{method}", WebApi(world).call, methods=both),
        Route("/commands/{team}/{key}", say, methods=post),
        Route("/actions/{team}/{key}", say, methods=post),
        WebSocketRoute("/link/", link),
        *PageApi(world).routes(),
        *ControlApi(world).routes(),
        Route("/archives/{channel}/{stamp}", _archives),
        Mount("/assets", _FreshFiles(directory=PAGE / "assets", check_dir=False)),
        Route("/", _index),
    ]
    return FastAPI(
        routes=routes,
        lifespan=lifespan,
        openapi_url=None,
        title="Slack, on your machine",
    )
