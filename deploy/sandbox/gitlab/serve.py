"""The stand-in on a loopback port, for tests and for the supervisor's process."""

from __future__ import annotations

import asyncio
import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import uvicorn

from deploy.sandbox.gitlab.app import create

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from deploy.sandbox.gitlab.world import GitLabWorld


@asynccontextmanager
async def serve(world: GitLabWorld, *, port: int = 0) -> AsyncIterator[str]:
    """
    Serve `world` on 127.0.0.1 and give its URL; port 0 takes any free one.

    The world's `base_url` becomes that URL unless the caller had set another. Leaving
    stops jobs and hooks and closes the world.
    """
    # Without the protocol named, asyncio leaves Nagle on: 40 ms more for each answer.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(("127.0.0.1", port))
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    if world.base_url == "http://127.0.0.1":
        world.base_url = url
    config = uvicorn.Config(
        create(world), log_level="warning", lifespan="on", timeout_graceful_shutdown=2
    )
    server = uvicorn.Server(config)
    server.install_signal_handlers = _leave  # type: ignore[attr-defined] # older name
    task = asyncio.create_task(server._serve(sockets=[listening]))  # noqa: SLF001 - `serve` would take the signals that belong to our caller
    try:
        while not server.started:
            if task.done():
                await task
                raise RuntimeError("the GitLab stand-in did not start")
            await asyncio.sleep(0.01)
        yield url
    finally:
        server.should_exit = True
        await task
        listening.close()
        world.close()


def _leave() -> None:
    """Leave signals to whoever runs us."""
