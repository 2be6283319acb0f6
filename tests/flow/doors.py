"""
Servers that stay open from story to story, while what answers behind them changes.

Closing a server takes uvicorn a fifth of a second of waiting, which for two of them and
a thousand stories is minutes.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, closing, contextmanager
from typing import TYPE_CHECKING

import uvicorn
from starlette.responses import PlainTextResponse

from deploy.sandbox.loopback import listening

if TYPE_CHECKING:
    import socket
    from collections.abc import AsyncIterator, Generator

    from starlette.applications import Starlette
    from starlette.types import Receive, Scope, Send

_GRACE = 2
_START = 10


class Door:
    """One address; behind it is one world at a time, or none."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._app: Starlette | None = None
        self._inside: set[asyncio.Task[object]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in to whatever is behind now."""
        if self._app is None:
            await PlainTextResponse("between two stories", 503)(scope, receive, send)
            return
        task = asyncio.current_task()
        assert task is not None
        self._inside.add(task)
        try:
            await self._app(scope, receive, send)
        finally:
            self._inside.discard(task)

    @asynccontextmanager
    async def leads_to(self, app: Starlette) -> AsyncIterator[None]:
        """Have this app answer, its lifespan around it."""
        async with _living(app):
            self._app = app
            try:
                yield
            finally:
                self._app = None
                await self._empty()

    async def _empty(self) -> None:
        """Wait for who is still inside, as a server that stops does, but not long."""
        if self._inside:
            _, left = await asyncio.wait(self._inside, timeout=_GRACE)
            for task in left:
                task.cancel()


@asynccontextmanager
async def _living(app: Starlette) -> AsyncIterator[None]:
    """Hold the app's lifespan open, begun and ended by one task as it must be."""
    up, over = asyncio.Event(), asyncio.Event()

    async def live() -> None:
        async with app.router.lifespan_context(app):
            up.set()
            await over.wait()

    task = asyncio.create_task(live())
    waiting = asyncio.create_task(up.wait())
    await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    try:
        if not task.done():
            yield
    finally:
        over.set()
        await task


class _Server(uvicorn.Server):
    """A server that says when it is up, and leaves signals to pytest."""

    def __init__(self, config: uvicorn.Config, up: asyncio.Event) -> None:
        super().__init__(config)
        self._up = up

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._up.set()

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


@asynccontextmanager
async def door(*, port: int = 0) -> AsyncIterator[Door]:
    """Open an address on loopback, with nothing behind it yet."""
    with closing(listening("127.0.0.1", port)) as listener:
        found = Door(f"http://127.0.0.1:{listener.getsockname()[1]}")
        config = uvicorn.Config(
            found,
            log_level="warning",
            access_log=False,
            lifespan="off",
            ws="websockets-sansio",
            timeout_graceful_shutdown=_GRACE,
        )
        up = asyncio.Event()
        server = _Server(config, up)
        task = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            async with asyncio.timeout(_START):
                await up.wait()
            yield found
        finally:
            server.should_exit = True
            await task
