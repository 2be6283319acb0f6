"""One child process of the sandbox: started, awaited until ready, logged, stopped."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from typing import TYPE_CHECKING, Final

import httpx

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from deploy.sandbox.births import Births, Born

_TAIL: Final = 2_000
_GAP: Final = 0.05


class ChildFailedError(RuntimeError):
    """A part of the sandbox did not come up; its last words are in the message."""


class Child:
    """A Python module run as a process of its own, with its log in a file."""

    def __init__(
        self,
        name: str,
        words: tuple[str, ...],
        *,
        log: Path,
        environment: Mapping[str, str],
        births: Births | None = None,
    ) -> None:
        """With `births` it is born by that nursery, instead of started."""
        self.name = name
        self._births = births
        self._words = words
        self._log = log
        self._environment = dict(environment)
        self._process: asyncio.subprocess.Process | Born | None = None
        self._from = 0

    async def start(self) -> None:
        """Start the process; it may not be ready yet."""
        self._log.parent.mkdir(parents=True, exist_ok=True)
        self._from = self._log.stat().st_size if self._log.exists() else 0
        if self._births is not None:
            self._log.touch()
            self._process = await self._births.bear(
                self._words, environment=self._environment, log=self._log
            )
            return
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "deploy.sandbox.child",
                *self._words,
                stdin=asyncio.subprocess.PIPE,
                stdout=log,
                stderr=log,
                env=self._environment,
                start_new_session=True,  # Ctrl-C is the supervisor's alone
            )

    @property
    def pid(self) -> int:
        """The process id; ChildFailedError before the start."""
        if self._process is None:
            raise ChildFailedError(f"{self.name} was not started")
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process is not None and self._process.returncode is None

    async def ended(self) -> int:
        """Wait until it ends and return its exit code."""
        if self._process is None:
            raise ChildFailedError(f"{self.name} was not started")
        return await self._process.wait()

    async def answers(self, url: str, *, patience: float = 30.0) -> None:
        """Return once it answers this URL with 200."""
        async with httpx.AsyncClient(trust_env=False, timeout=2) as http:
            until = time.monotonic() + patience
            while time.monotonic() < until:
                self._must_live()
                try:
                    if (await http.get(url)).status_code == httpx.codes.OK:
                        return
                except httpx.HTTPError:
                    pass
                await asyncio.sleep(_GAP)
        raise ChildFailedError(f"{self.name} does not answer: {self._last_words()}")

    async def says(self, words: str, *, patience: float = 30.0) -> None:
        """Return once its log has these words, since this start."""
        until = time.monotonic() + patience
        while time.monotonic() < until:
            if words.encode() in self._log.read_bytes()[self._from :]:
                return
            self._must_live()
            await asyncio.sleep(_GAP)
        raise ChildFailedError(f"{self.name} is not ready: {self._last_words()}")

    async def stop(self, *, patience: float = 8.0) -> None:
        """Ask it to stop, and make it after `patience` seconds."""
        if self._process is None or self._process.returncode is not None:
            return
        self._process.terminate()
        try:
            async with asyncio.timeout(patience):
                await self._process.wait()
        except TimeoutError:
            await self.kill()

    async def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        """Send the process a signal, by default the one that nothing survives."""
        if self._process is None or self._process.returncode is not None:
            return
        os.kill(self._process.pid, number)
        if number is signal.SIGKILL:
            await self._process.wait()

    def _must_live(self) -> None:
        if not self.alive:
            raise ChildFailedError(f"{self.name} ended: {self._last_words()}")

    def _last_words(self) -> str:
        said = self._log.read_bytes()[self._from :].decode(errors="replace")
        return said[-_TAIL:].strip() or "(no words)"
