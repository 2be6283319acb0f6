"""The supervisor's side of a nursery: processes that are born instead of started."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from deploy.sandbox.nursery import Birth, nurse

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

ROOT: Final = Path(__file__).parents[2]


class Born:
    """A process of a nursery's, to be used as `asyncio` lets its own be used."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self.ended: asyncio.Event = asyncio.Event()

    def terminate(self) -> None:
        """Ask it to stop."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGTERM)

    async def wait(self) -> int:
        """Wait until it has ended; return its exit code, negative for a signal."""
        await self.ended.wait()
        return -signal.SIGKILL if self.returncode is None else self.returncode


class Births:
    """One nursery: started early and blocking, asked from the event loop."""

    def __init__(self, *modules: str, fork: bool = False) -> None:
        """
        Start it now; that it has imported these modules is not waited for.

        `module:name` is imported and called, for what is kept of it.

        With `fork` it begins with what this process has imported; only for one that has
        a single thread and has built nothing but modules.
        """
        life, self._life = os.pipe()
        heard, self._asks = os.pipe()
        self._hears, told = os.pipe()
        start = _forked if fork else _started
        self._wait = start(life, heard, told, modules)
        for end in (life, heard, told):
            os.close(end)
        self._expected: dict[int, asyncio.Future[Born]] = {}
        self._born: dict[int, Born] = {}
        self._hearing: asyncio.Task[None] | None = None

    async def bear(
        self, words: tuple[str, ...], *, environment: Mapping[str, str], log: Path
    ) -> Born:
        """Return a new process that runs these words; it may not be ready yet."""
        if self._hearing is None:
            self._hearing = asyncio.create_task(self._hear())
        number = len(self._expected)
        self._expected[number] = asyncio.get_running_loop().create_future()
        birth = Birth(number, list(words), dict(environment), str(log))
        await asyncio.to_thread(os.write, self._asks, birth.line())
        return await self._expected[number]

    async def close(self) -> None:
        """End the nursery; whatever it gave birth to ends as well."""
        os.close(self._life)
        os.close(self._asks)
        await asyncio.to_thread(self._wait)
        if self._hearing is None:  # it was never asked for anybody
            os.close(self._hears)
        else:
            await self._hearing

    async def _hear(self) -> None:
        reader = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(self._hears, "rb")
        )
        async for line in reader:
            told = json.loads(line)
            number = told["number"]
            if "pid" in told:
                self._born[number] = Born(told["pid"])
                self._expected[number].set_result(self._born[number])
            else:
                self._born[number].returncode = told["ended"]
                self._born[number].ended.set()
        self._mourn()

    def _mourn(self) -> None:
        """The nursery is gone: nobody can say any more how its children end."""
        for born in self._born.values():
            born.ended.set()
        for expected in self._expected.values():
            if not expected.done():
                expected.set_exception(RuntimeError("the sandbox's nursery has ended"))


def _started(
    life: int, heard: int, told: int, modules: Sequence[str]
) -> Callable[[], object]:
    """Start a nursery as a program of its own; return what waits for its end."""
    return subprocess.Popen(
        [sys.executable, "-m", "deploy.sandbox.nursery", str(life), *modules],
        stdin=heard,
        stdout=told,
        pass_fds=(life,),
        cwd=ROOT,
        start_new_session=True,  # Ctrl-C is the supervisor's alone
    ).wait


def _forked(
    life: int, heard: int, told: int, modules: Sequence[str]
) -> Callable[[], object]:
    """Split one off this process; return what waits for its end."""
    child = os.fork()
    if child:
        return partial(os.waitpid, child, 0)
    os.setsid()  # as above
    os.dup2(heard, 0)
    os.dup2(told, 1)
    os.dup2(life, 3)
    # Another nursery's pipes are among the rest, and it would never see them closed.
    os.closerange(4, os.sysconf("SC_OPEN_MAX"))
    nurse(3, list(modules))
    sys.exit()  # the nursery's end, or that of one it gave birth to
