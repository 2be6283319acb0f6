"""
The web server: Slack's and GitLab's way in, and two questions for who operates us.

Owns routes, headers and how the server starts and stops. What a request means is for
those who are handed in: `SlackDoor` for Slack, a function for GitLab's hooks.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import TYPE_CHECKING, Final

import structlog
import uvicorn
from fastapi import FastAPI
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from bot.domain.errors import Broken, TandemError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Mapping

    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    Hook = Callable[[Mapping[str, str], bytes], Awaitable[int]]
    Ping = Callable[[], Awaitable[None]]

_log = structlog.get_logger()

LARGEST_HOOK: Final = 2_000_000
_SLACK: Final = "/slack/events"
_PING_SECONDS: Final = 2.0
_START_SECONDS: Final = 10.0
_GRACE_SECONDS: Final = 3
_BACKLOG: Final = 2048  # uvicorn's own
# No page is served here, so nothing may be run, framed, guessed or kept.
_HEADERS: Final = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
)


def web(
    *,
    slack: ASGIApp | None = None,
    hook: Hook | None = None,
    pings: Mapping[str, Ping] | None = None,
) -> ASGIApp:
    """
    Return the application.

    `slack` takes what Slack posts; `hook` takes a hook's headers and body and returns
    the status to answer; `pings` are what `/readyz` asks, by the name it reports.
    """
    operator = _Operator(pings or {})
    routes: list[BaseRoute] = [
        Route("/healthz", _alive, methods=["GET"]),
        Route("/readyz", operator.ready, methods=["GET"]),
    ]
    if slack is not None:
        # For every other method's sake: a POST never comes so far.
        routes.append(Route(_SLACK, slack, methods=["POST"]))
    if hook is not None:
        routes.append(Route("/gitlab/hooks", _Hooks(hook).take, methods=["POST"]))
    app: ASGIApp = FastAPI(
        title="Tandem", routes=routes, openapi_url=None, docs_url=None, redoc_url=None
    )
    if slack is not None:
        app = _Straight(app, path=_SLACK, to=slack)
    return _Guarded(app)


class _Guarded:
    """Puts the security headers on every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], *_HEADERS]}
            await send(message)

        await self._app(scope, receive, guarded)


class _Straight:
    """Takes what is posted to one path where it belongs, past what all else is for."""

    def __init__(self, app: ASGIApp, *, path: str, to: ASGIApp) -> None:
        self._app = app
        self._path = path
        self._to = to

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        ours = scope["type"] == "http" and scope["path"] == self._path
        app = self._to if ours and scope["method"] == "POST" else self._app
        await app(scope, receive, send)


class _Operator:
    def __init__(self, pings: Mapping[str, Ping]) -> None:
        self._pings = pings

    async def ready(self, _: Request) -> Response:
        """Say whether everything we need answers, and what does not."""
        names = list(self._pings)
        answers = await asyncio.gather(*(self._answers(name) for name in names))
        failing = [name for name, ok in zip(names, answers, strict=True) if not ok]
        return JSONResponse({"failing": failing}, status_code=503 if failing else 200)

    async def _answers(self, name: str) -> bool:
        try:
            async with asyncio.timeout(_PING_SECONDS):
                await self._pings[name]()
        except (TandemError, TimeoutError) as error:
            _log.warning("web.not_ready", system=name, detail=str(error))
            return False
        return True


class _Hooks:
    def __init__(self, hook: Hook) -> None:
        self._hook = hook

    async def take(self, request: Request) -> Response:
        """Hand a hook on, unless it is larger than any that GitLab should send."""
        body = bytearray()
        async for part in request.stream():
            body += part
            if len(body) > LARGEST_HOOK:
                return Response(status_code=413)
        try:
            status = await self._hook(dict(request.headers), bytes(body))
        except TandemError as error:
            # A hook is only a hint: what it hints at is found by looking as well.
            _log.warning("web.hook_failed", detail=str(error))
            return Response(status_code=503)
        return Response(status_code=status)


async def _alive(_: Request) -> Response:
    return PlainTextResponse("ok\n")


class _Server(uvicorn.Server):
    """A server that leaves signals to the program around it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


@contextlib.asynccontextmanager
async def serving(app: ASGIApp, *, host: str, port: int) -> AsyncIterator[int]:
    """Serve as long as the block lasts; gives the bound port, also for port 0."""
    with contextlib.closing(_bound(host, port)) as listener:
        server = _Server(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,  # nobody's address counts for anything here
                lifespan="off",
                ws="none",
                timeout_graceful_shutdown=_GRACE_SECONDS,
            )
        )
        task = asyncio.create_task(server.serve(sockets=[listener]), name="web")
        try:
            await _started(server, task)
            yield int(listener.getsockname()[1])
        finally:
            server.should_exit = True
            await task


async def serve(
    app: ASGIApp,
    *,
    host: str,
    port: int,
    ready: Callable[[int], None] | None = None,
) -> None:
    """Serve until cancelled; `ready` is told the bound port once requests are taken."""
    async with serving(app, host=host, port=port) as bound:
        _log.info("web.ready", host=host, port=bound)
        if ready is not None:
            ready(bound)
        await asyncio.get_running_loop().create_future()


async def _started(server: uvicorn.Server, task: asyncio.Task[None]) -> None:
    """Return once the server takes requests; raise what kept it from starting."""
    async with asyncio.timeout(_START_SECONDS):
        while not server.started:
            if task.done():
                await task
                return
            await asyncio.sleep(0.01)


def _bound(host: str, port: int) -> socket.socket:
    """
    Return a socket of our own, so that port 0 is known before the start.

    Broken when it cannot be had, most often because something else listens there.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named as TCP, or else asyncio leaves Nagle's algorithm on and each answer waits.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        # At once: what is only bound may be bound by another too, who listens first.
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        why = error.strerror or type(error).__name__
        raise Broken(f"cannot listen on {host}:{port}: {why}") from error
    listener.setblocking(False)
    return listener
