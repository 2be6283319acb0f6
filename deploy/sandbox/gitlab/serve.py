"""The stand-in on a loopback port, for tests and for the supervisor's process."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, closing
from typing import TYPE_CHECKING

import uvicorn

from deploy.sandbox.gitlab.app import create
from deploy.sandbox.loopback import listening

if TYPE_CHECKING:
    import socket
    from collections.abc import AsyncIterator

    from deploy.sandbox.gitlab.world import GitLabWorld


@asynccontextmanager
async def serve(world: GitLabWorld, *, port: int = 0) -> AsyncIterator[str]:
    """
    Serve `world` on 127.0.0.1 and give its URL; port 0 takes any free one.

    The world's `base_url` becomes that URL unless the caller had set another. Leaving
    stops jobs and hooks and closes the world.
    """
    with closing(listening("127.0.0.1", port)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        if world.base_url == "http://127.0.0.1":
            world.base_url = url
        async with _serving(world, listener):
            yield url


@asynccontextmanager
async def _serving(world: GitLabWorld, listener: socket.socket) -> AsyncIterator[None]:
    config = uvicorn.Config(
        create(world), log_level="warning", lifespan="on", timeout_graceful_shutdown=2
    )
    server = uvicorn.Server(config)
    server.install_signal_handlers = _leave  # type: ignore[attr-defined] # older name
    task = asyncio.create_task(server._serve(sockets=[listener]))  # noqa: SLF001 - `serve` would take the signals that belong to our caller
    try:
        while not server.started:
            if task.done():
                await task
                raise RuntimeError("the GitLab stand-in did not start")
            await asyncio.sleep(0.01)
        yield
    finally:
        server.should_exit = True
        try:
            await task
        finally:
            world.close()


def _leave() -> None:
    """Leave signals to whoever runs us."""
