"""
The product, run so that it dies where a test wants: `python -m tests.storm.bot`.

    python -m tests.storm.bot serve|work PLAN.json

What runs is `serve` or `work` of `bot.wiring` itself, with a toll at every call of a
port that reaches out: the call point is written to a file before and after the call,
and at a chosen one the process sends itself the signal of the plan. There is no hook
for this in the product. The process that was started imports everything once and then
gives birth to one life after another, so that dying a hundred times takes seconds.
"""

from __future__ import annotations

import asyncio
import ctypes
import functools
import inspect
import json
import os
import signal
import sys
import threading
import time
import traceback
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import psycopg
from pydantic import BaseModel, ConfigDict

from bot import registry
from bot.observe import observe
from bot.outbound.aws import Session
from bot.outbound.postgres.listen import conninfo
from bot.settings import Settings
from bot.wiring.serve import serve
from bot.wiring.work import work

_PR_SET_PDEATHSIG: Final = 1
# Reading the database has no consequence that a crash could leave half done.
_READS: Final = frozenset(
    {
        "store.operation",
        "store.operations_like",
        "store.unfinished",
        "store.decisions",
        "store.records",
        "store.checkpoints",
        "store.head",
        "store.open_leases",
        "store.last_checkpoint",
        "store.search",
        "store.exclusive",
        "store.ping",
    }
)


# What is lent is a port as well: what is asked of it, and how its points begin.
_SESSIONS: Final = {
    "lender.database_session": "database",
    "lender.host_session": "host",
    "lender.tls_session": "tls",
}


class Plan(BaseModel):
    """
    What happens to each life of a process.

    `points` are where it dies, each once over all lives, as "name before" or "name
    after"; "*" is every point there is. `again` gives birth to the next life after a
    death. `bury` tells the queue at once that the dead one is dead: a test of hundreds
    of deaths has no time for heartbeats to be missed. `duel` is a file that several
    processes share: only the first of them that comes to its point dies.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    folder: Path
    points: tuple[str, ...] = ()
    signal: int = signal.SIGKILL
    again: bool = True
    bury: bool = False
    duel: Path | None = None

    @property
    def passed(self) -> Path:
        """Where every call point is written: its name and the moment, a line each."""
        return self.folder / "points.log"

    @property
    def died(self) -> Path:
        """Where the points are written at which a life has ended."""
        return self.folder / "died.log"

    @property
    def pid(self) -> Path:
        """The process id of the life that runs now."""
        return self.folder / "pid"


class Toll:
    """Writes each call point down, and dies at the chosen ones, each once."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._every = "*" in plan.points
        died = plan.died.read_text().splitlines() if plan.died.exists() else []
        self._left = set(plan.points) - set(died)
        self._died = set(died)

    def pay(self, name: str, moment: str) -> None:
        point = f"{name} {moment}"
        _append(self._plan.passed, point)
        chosen = point in self._left or (self._every and point not in self._died)
        if chosen and _is_first(self._plan.duel):
            self._left.discard(point)
            self._died.add(point)
            _append(self._plan.died, point)
            os.kill(os.getpid(), self._plan.signal)


class Gate:
    """A port with a toll at each of its calls."""

    def __init__(self, inner: Any, port: str, toll: Toll) -> None:
        self._inner = inner
        self._port = port
        self._toll = toll

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        full = f"{self._port}.{name}"
        if name.startswith("_") or full in _READS:
            return found
        if inspect.iscoroutinefunction(found):
            return self._tolled(found, full)
        if callable(found) and name == "hold":
            return self._held(found, full)
        return found

    def _tolled(self, call: Any, full: str) -> Any:
        @functools.wraps(call)
        async def tolled(*words: Any, **named: Any) -> Any:
            name = full + _detail(full, words, named)
            self._toll.pay(name, "before")
            answer = await call(*words, **named)
            self._toll.pay(name, "after")
            if isinstance(answer, Session):
                return Gate(answer, "aws", self._toll)
            if full in _SESSIONS:
                return Gate(answer, _SESSIONS[full], self._toll)
            return answer

        return tolled

    def _held(self, call: Any, full: str) -> Any:
        @asynccontextmanager
        async def held(place: str) -> Any:
            self._toll.pay(full, "before")
            async with call(place) as mine:
                self._toll.pay(full, "after")
                yield mine

        return held


def _detail(full: str, words: tuple[Any, ...], named: dict[str, Any]) -> str:
    """Return what tells one call of a method from another, stable over runs."""
    found = ""
    match full:
        case "store.write":
            found = _written(words[0])
        case "lender.mint":
            found = named["action"]
        case "lender.forge_token":
            found = named["purpose"]
        case "lender.aws_session" | "lender.database_session" | "lender.host_session":
            found = named["scope"].name
        case "aws.call":
            found = words[1]
        case "host.play":
            found = f"{'check ' if named.get('check') else ''}{words[0].entry}"
        case "chat.post" | "chat.direct" | "chat.whisper":
            found = words[0].key
    return f"[{found}]" if found else ""


def _written(writes: Any) -> str:
    """Return what a transaction leaves behind, in a few words."""
    parts = [event.name.value for event in writes.events]
    parts += [f"lent:{one.purpose}" for one in writes.lent]
    parts += [f"job:{one.task.value}" for one in writes.jobs]
    parts += [
        f"says:{one.message.key if one.message else one.way.value}"
        for one in writes.says
        if not writes.events
    ]
    return " ".join(parts) or "state"


def _is_first(duel: Path | None) -> bool:
    if duel is None:
        return True
    try:
        os.close(os.open(duel, os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        return False
    return True


def _append(path: Path, line: str) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(handle, f"{line}\n".encode())
    finally:
        os.close(handle)


_PORTS: Final = ("store", "outbox", "chat", "forge", "lender", "notary")


def _gated(built: Any, toll: Toll) -> Any:
    """Return the ports with a toll at each; a front has fewer than a worker."""
    here = [name for name in _PORTS if hasattr(built, name)]
    return replace(
        built, **{name: Gate(getattr(built, name), name, toll) for name in here}
    )


def _live(part: str, plan: Plan) -> None:
    """Be the product until killed, or until told to stop."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    settings = Settings.read()
    observe(level=settings.log_level, as_json=settings.log_json)
    toll = Toll(plan)
    run = work if part == "work" else serve
    asyncio.run(_until_told(run(settings, around=lambda built: _gated(built, toll))))


async def _until_told(work: Any) -> None:
    task = asyncio.ensure_future(work)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        if not task.cancelled():
            raise


class Nursery:
    """Gives birth to one life after another, until told to stop."""

    def __init__(self, part: str, plan: Plan) -> None:
        self._part = part
        self._plan = plan
        self._life = 0
        self._stopping = threading.Event()

    def run(self) -> int:
        signal.signal(signal.SIGTERM, self._stop)
        while not self._stopping.is_set():
            self._life = os.fork()
            if self._life == 0:
                self._born()
            self._plan.pid.write_text(str(self._life))
            _, status = os.waitpid(self._life, 0)
            ended = os.waitstatus_to_exitcode(status)
            if not self._plan.again or ended == 0:
                return ended
            if ended > 0:
                # It could not start, since its database was just killed as well: as
                # whoever keeps services running does, try again.
                time.sleep(0.5)
            if self._plan.bury:
                self._bury()
        return 0

    def _born(self) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        status = 1
        try:
            _live(self._part, self._plan)
            status = 0
        except Exception:  # noqa: BLE001 - its last words; the process ends with it
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(status)

    def _stop(self, *_: object) -> None:
        self._stopping.set()
        if self._life:
            os.kill(self._life, signal.SIGTERM)

    @staticmethod
    def _bury() -> None:
        """Nobody else is alive when one worker is all there is."""
        url = Settings.read().database_url
        try:
            with psycopg.connect(conninfo(url), autocommit=True) as connection:
                connection.execute(
                    "UPDATE procrastinate_workers SET last_heartbeat = 'epoch'"
                )
        except psycopg.OperationalError:
            return  # the database is away too; heartbeats will tell in their time


def main() -> int:
    """Read the words of the command line and run."""
    part, path = sys.argv[1:]
    plan = Plan.model_validate(json.loads(Path(path).read_text()))
    plan.folder.mkdir(parents=True, exist_ok=True)
    registry.load()
    return Nursery(part, plan).run()


if __name__ == "__main__":
    sys.exit(main())
