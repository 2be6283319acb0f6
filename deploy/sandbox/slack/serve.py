"""
Running a world: inside another program (`serving`), or until told to stop (`serve`).

Listens on loopback unless told otherwise. Stopping ends the pages' streams and the
app's sockets first, so that it never waits for them.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import uvicorn

from deploy.sandbox.loopback import listening
from deploy.sandbox.slack.app import create

if TYPE_CHECKING:
    import socket
    from collections.abc import AsyncIterator, Callable, Generator

    from deploy.sandbox.slack.state import SlackWorld

_GRACE_SECONDS = 2
_START_SECONDS = 10


@dataclass(frozen=True)
class Address:
    """Where a world is served."""

    host: str
    port: int

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def api_url(self) -> str:
        """The base URL for `slack_sdk` clients."""
        return f"{self.url}/api/"


class _Server(uvicorn.Server):
    """A server that ends what would keep it waiting before it waits."""

    def __init__(self, world: SlackWorld, up: Callable[[], None]) -> None:
        super().__init__(_config(world))
        self._world = world
        self._up = up

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if not self.should_exit:
            self._up()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._world.stream.close()
        await super().shutdown(sockets)


class _Embedded(_Server):
    """The same without signal handlers: those are the surrounding program's."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


def _config(world: SlackWorld) -> uvicorn.Config:
    return uvicorn.Config(
        create(world),
        log_level="warning",
        access_log=False,
        ws="websockets-sansio",
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )


async def serve(
    world: SlackWorld,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    ready: Callable[[Address], None] | None = None,
) -> None:
    """Serve until SIGINT or SIGTERM; `ready` is told the address, port 0 resolved."""
    with contextlib.closing(listening(host, port)) as listener:
        address = Address(host, int(listener.getsockname()[1]))
        world.base_url = address.url

        def up() -> None:
            if ready is not None:
                ready(address)

        await _Server(world, up).serve(sockets=[listener])


@contextlib.asynccontextmanager
async def serving(
    world: SlackWorld, *, host: str = "127.0.0.1", port: int = 0
) -> AsyncIterator[Address]:
    """Serve a world inside this program for as long as the block lasts."""
    with contextlib.closing(listening(host, port)) as listener:
        address = Address(host, int(listener.getsockname()[1]))
        world.base_url = address.url
        up = asyncio.Event()
        server = _Embedded(world, up.set)
        task = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            async with asyncio.timeout(_START_SECONDS):
                await up.wait()
            yield address
        finally:
            server.should_exit = True
            await task
