"""
Group commit: writes that come at the same time are made durable at the same time.

Under load most of what a request costs is its round trip and its commit. While one
batch is on its way the next one gathers, and when enough have gathered it follows at
once, so that neither the database nor this process waits for the other. Nobody waits
for a timer. Each write is still whole or not at all, and is acknowledged only after the
commit that holds it. Batches are of one client: one client's blocked chain makes no
other client wait.

Only writes that insert go this way. One that changes a row would hold its lock while
the batch waits for the audit's, and a batch elsewhere could wait the other way round.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from bot.domain.errors import TandemError, Unacknowledged, Unavailable
from bot.domain.writes import Overtaken
from bot.outbound.postgres.engine import SYSTEM
from bot.outbound.postgres.errors import OVERTAKEN, state_of
from bot.outbound.postgres.lines import Lines

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Sequence

    from sqlalchemy.ext.asyncio import AsyncEngine

    from bot.outbound.postgres.line import Answers, Line

_MOST: Final = 64
# So many are worth a round trip of their own while another batch is on its way.
_ENOUGH: Final = 8
# Of one client: one whose commit is awaited, and one that is next for the chain.
_AT_ONCE: Final = 2
_WRITTEN: Final[dict[str, str | None]] = {"answer": None}


@dataclass(slots=True)
class _Waiting:
    writes: bytes
    answer: asyncio.Future[str | None]
    alone: bool = False


class Together:
    """One process' writes, committed in batches while `running` is open."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._lines = Lines(engine, there=self._send_all, missing=self._none_to_be_had)
        self._waiting: dict[str, deque[_Waiting]] = {}
        self._under_way: Counter[str] = Counter()
        self._due = False
        self._drained: asyncio.Future[None] | None = None
        self._open = False

    @property
    def open(self) -> bool:
        """Whether writes are taken."""
        return self._open

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Take writes while the body runs; what waits at its end is still written."""
        self._open = True
        try:
            yield
        finally:
            self._open = False
            if self._waiting or self._under_way.total():
                self._drained = asyncio.get_running_loop().create_future()
                await self._drained
                self._drained = None
            await self._lines.close()

    async def write(self, client: str, *, writes: str) -> str | None:
        """Return what `tandem_write` answers, once the batch is committed."""
        if not self._open:
            raise Unavailable(SYSTEM, "this process is stopping")
        loop = asyncio.get_running_loop()
        # Whoever goes away takes no other's write along: the batch is not theirs.
        answer: asyncio.Future[str | None] = loop.create_future()
        waiting = self._waiting.setdefault(client, deque())
        waiting.append(_Waiting(writes.encode(), answer))
        if len(waiting) >= _ENOUGH:
            self._send_of(client)
        elif not self._due and not self._under_way[client]:
            # After all that came in the same moment, and no later.
            self._due = True
            loop.call_soon(self._send_all)
        return await answer

    def _send_all(self) -> None:
        self._due = False
        for client in tuple(self._waiting):
            self._send_of(client)

    def _send_of(self, client: str) -> None:
        """Send what waits for this client, as far as it is its turn."""
        while waiting := self._waiting.get(client):
            under_way = self._under_way[client]
            if under_way and (under_way >= _AT_ONCE or len(waiting) < _ENOUGH):
                return
            line = self._lines.take()
            if line is None:  # one is on its way, or will be free
                return
            batch = _taken(waiting)
            del self._waiting[client]
            if waiting:  # behind the others, should lines be short
                self._waiting[client] = waiting
            self._under_way[client] += 1
            # The items are JSON texts already: put together as text, not parsed again.
            items = b"[%b]" % b",".join(one.writes for one in batch)
            landed = partial(self._landed, client, batch, line)
            line.send(client, items).add_done_callback(landed)

    def _landed(
        self,
        client: str,
        batch: Sequence[_Waiting],
        line: Line,
        answer: asyncio.Future[Answers],
    ) -> None:
        self._under_way[client] -= 1
        if not self._under_way[client]:
            del self._under_way[client]
        error = answer.exception()
        if error is None:
            # Of a batch that went in as it was, there is nothing to be said of each.
            answers = answer.result() or [_WRITTEN] * len(batch)
            for one, found in zip(batch, answers, strict=True):
                _settle(one, found)
        elif len(batch) > 1 and _is_about_one(error):
            for one in batch:
                one.alone = True
            self._waiting.setdefault(client, deque()).extendleft(reversed(batch))
        else:
            _fail(batch, error)
        self._lines.give_back(line)
        self._send_all()
        self._note_if_drained()

    def _none_to_be_had(self, error: TandemError) -> None:
        """Say so to all whose writes nothing is under way for; none of it was sent."""
        for client in tuple(self._waiting):
            if not self._under_way[client]:
                _fail(self._waiting.pop(client), error)
        self._note_if_drained()

    def _note_if_drained(self) -> None:
        if self._waiting or self._under_way.total() or self._drained is None:
            return
        if not self._drained.done():
            self._drained.set_result(None)


def _taken(waiting: deque[_Waiting]) -> list[_Waiting]:
    """Take the next batch; one that must be tried by itself is one."""
    batch = [waiting.popleft()]
    while waiting and len(batch) < _MOST and not (batch[0].alone or waiting[0].alone):
        batch.append(waiting.popleft())
    return batch


def _is_about_one(error: BaseException) -> bool:
    """
    Tell whether something that was sent cannot be stored, such as a NUL in a text.

    The server reads a batch before it begins with the first item, so the fault of one
    would be everybody's. Class 22 is "data exception": nothing was written.
    """
    state = state_of(error.__cause__)
    return state is not None and state[:2] == "22"


def _fail(batch: Iterable[_Waiting], error: BaseException) -> None:
    # One for each writer, since each adds its own traceback to it.
    known = isinstance(error, TandemError) and not isinstance(error, Unacknowledged)
    kind = Unavailable if known else Unacknowledged
    detail = error.detail if isinstance(error, Unavailable) else type(error).__name__
    for one in batch:
        if not one.answer.done():
            one.answer.set_exception(kind(SYSTEM, detail))


def _settle(one: _Waiting, found: dict[str, str | None]) -> None:
    if one.answer.done():  # its writer has gone meanwhile
        return
    problem = found.get("error")
    if problem is None:
        one.answer.set_result(found["answer"])
    elif problem in OVERTAKEN:
        one.answer.set_exception(Overtaken(problem))
    else:
        one.answer.set_exception(Unavailable(SYSTEM, problem))
