"""The supervisor's side of a nursery: processes that are born instead of started."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from deploy.sandbox.nursery import Birth

if TYPE_CHECKING:
    from collections.abc import Mapping

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

    def __init__(self, *modules: str) -> None:
        """Start it now; that it has imported these modules is not waited for."""
        life, self._life = os.pipe()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "deploy.sandbox.nursery", str(life), *modules],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=(life,),
            cwd=ROOT,
            start_new_session=True,  # Ctrl-C is the supervisor's alone
        )
        os.close(life)
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
        if self._process.stdin is None:
            raise RuntimeError("the nursery has no standard input")
        await asyncio.to_thread(os.write, self._process.stdin.fileno(), birth.line())
        return await self._expected[number]

    async def close(self) -> None:
        """End the nursery; whatever it gave birth to ends as well."""
        os.close(self._life)
        if self._process.stdin is not None:
            self._process.stdin.close()
        await asyncio.to_thread(self._process.wait)
        if self._hearing is not None:
            await self._hearing

    async def _hear(self) -> None:
        reader = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), self._process.stdout
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
