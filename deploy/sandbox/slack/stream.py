"""Live updates for the page: what happens is told to each person who may see it."""

from __future__ import annotations

import asyncio
import json
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator

    from deploy.sandbox.slack.workspace import Json

_BACKLOG = 1000
"""A page that is this far behind is cut off; it reconnects and reads anew."""
PING_SECONDS = 15.0


class Stream:
    """Server-sent events, one queue for each open page."""

    def __init__(self) -> None:
        self._queues: dict[asyncio.Queue[bytes | None], str] = {}
        self._closed = False

    def tell(self, users: Iterable[str], event: str, data: Json) -> None:
        """Hand an event to every open page of these people; never waits."""
        wanted = set(users)
        line = f"event: {event}\ndata: {json.dumps(data)}\n\n".encode()
        for queue, user in list(self._queues.items()):
            if user not in wanted:
                continue
            try:
                queue.put_nowait(line)
            except asyncio.QueueFull:
                self._queues.pop(queue, None)
                queue.get_nowait()
                queue.put_nowait(None)

    @contextmanager
    def _queue(self, user: str) -> Iterator[asyncio.Queue[bytes | None]]:
        queue: asyncio.Queue[bytes | None] = asyncio.Queue(_BACKLOG)
        self._queues[queue] = user
        if self._closed:
            queue.put_nowait(None)
        try:
            yield queue
        finally:
            self._queues.pop(queue, None)

    async def events(
        self, user: str, *, ping: float = PING_SECONDS
    ) -> AsyncIterator[bytes]:
        """Yield this person's events until the page leaves or the server stops."""
        with self._queue(user) as queue:
            yield b"retry: 1000\n: hello\n\n"
            while True:
                try:
                    async with asyncio.timeout(ping):
                        line = await queue.get()
                except TimeoutError:
                    yield b": ping\n\n"
                    continue
                if line is None:
                    return
                yield line

    def close(self) -> None:
        """End every open page's stream now; later ones end at once."""
        self._closed = True
        for queue in self._queues:
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(None)
