"""
Ansible on one host, as the second engine of direct actions.

Owns the child process: what it is given (a job on standard input, four variables of
environment, a folder of its own), how long it may take, and what its end means in our
errors. What runs inside it is `child.py`; which play, and why, are the playbooks'.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import shutil
import signal
import sys
import tempfile
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import structlog
from pydantic import SecretStr, TypeAdapter, ValidationError

from bot.domain.errors import Broken, OutcomeUnknown, Refused, Unavailable
from bot.domain.host import Played, TaskFailed
from bot.domain.message import Message
from bot.outbound.ansible.job import EndReport, Job, Report, StepReport

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping

    from bot.domain.change import Scalar
    from bot.domain.host import Play, Step
    from bot.domain.scope import SshScope

_log = structlog.get_logger()
_REPORTS: TypeAdapter[StepReport | EndReport] = TypeAdapter(Report)
_LONGEST_LINE: Final = 2**20
# After this a child that was told to stop is killed, and that is said.
_GRACE: Final = timedelta(seconds=15)
_ASKED_EVERY: Final = timedelta(seconds=1)
_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - ours is a 0700 folder in it
# OpenSSH's own words; the connection plugin passes them on.
_TURNED_AWAY: Final = (
    ("Host key verification failed", "host.other-key"),
    ("IDENTIFICATION HAS CHANGED", "host.other-key"),
    ("Permission denied", "host.no-entry"),
)


@dataclass(frozen=True, slots=True)
class Login:
    """A certificate, the key that it is for, and the host that it opens."""

    scope: SshScope
    private_key: SecretStr
    certificate: str


@dataclass(frozen=True, slots=True)
class Ansible:
    """The way to hosts; `python` and `folder` are for tests to choose."""

    python: str = sys.executable
    folder: Path | None = None

    def session(
        self,
        login: Login,
        *,
        lasts: timedelta,
        halted: Callable[[], Awaitable[bool]] | None = None,
    ) -> AnsibleHost:
        """
        Return the host of this login, for so long; connects to nothing.

        While a play runs `halted` is asked every second, and once it says yes the play
        is ended as one that takes too long is.
        """
        return AnsibleHost(self, login, lasts=lasts, halted=halted)

    @contextmanager
    def control_directory(self) -> Iterator[Path]:
        """Give a folder that only we may enter, and remove it with all it holds."""
        place = _place(self.folder)
        with _locked(place):
            _remove_left_behind(place)
            base = Path(tempfile.mkdtemp(prefix="", dir=place))
            # Whoever finds a folder that no living process holds may remove it.
            held = os.open(base, os.O_RDONLY | os.O_DIRECTORY)
            fcntl.flock(held, fcntl.LOCK_EX)
        try:
            yield base
        finally:
            shutil.rmtree(base, ignore_errors=True)
            os.close(held)


class AnsibleHost:
    """One host, opened by one certificate for one operation."""

    def __init__(
        self,
        ansible: Ansible,
        login: Login,
        *,
        lasts: timedelta,
        halted: Callable[[], Awaitable[bool]] | None,
    ) -> None:
        self._ansible = ansible
        self._login = login
        self._halted = halted
        self._until = asyncio.get_running_loop().time() + lasts.total_seconds()

    async def play(
        self,
        play: Play,
        *,
        variables: Mapping[str, Scalar],
        secrets: Mapping[str, SecretStr] | None = None,
        check: bool = False,
        hear: Callable[[Step], Awaitable[None]] | None = None,
    ) -> Played:
        """Run the play on this host; see `bot.domain.host.HostSession`."""
        with self._ansible.control_directory() as base:
            job = Job(
                folder=str(base),
                reach=self._login.scope,
                private_key=self._login.private_key.get_secret_value(),
                certificate=self._login.certificate,
                files=play.files,
                entry=play.entry,
                variables=dict(variables),
                secrets={
                    name: secret.get_secret_value()
                    for name, secret in (secrets or {}).items()
                },
                check=check,
                foreign=play.foreign,
            )
            end = await self._run(job, hear=hear)
        return self._told(end, check=check)

    async def _run(
        self, job: Job, *, hear: Callable[[Step], Awaitable[None]] | None
    ) -> EndReport:
        child = await _Child.start(self._ansible.python, folder=job.folder)
        try:
            async with (
                asyncio.timeout_at(self._until) as limit,
                _ending(limit, once=self._halted),
            ):
                return await child.played(job, hear=hear)
        except TimeoutError:
            return EndReport(status="cancelled", detail="it was ended", begun=True)
        finally:
            await child.ended()

    def _told(self, end: EndReport, *, check: bool) -> Played:
        """Return what came of the play, or raise what its end means."""
        host = self._login.scope.host
        if end.status in ("ok", "failed"):
            failed = TaskFailed(task=end.task, reason=end.detail)
            return Played(
                changed=end.changed,
                said=end.said,
                diff=end.diff,
                failed=failed if end.status == "failed" else None,
            )
        if end.unfit is not None:
            reason, file, line, what = end.unfit
            args: dict[str, str | int | Message] = {
                "file": file,
                "line": line,
                "what": what,
            }
            raise Refused(Message.of(f"deploy.unfit-{reason}", args))
        if end.status == "broken" and not end.begun:
            raise Broken(f"ansible: {end.detail}")
        if not end.begun:
            for words, key in _TURNED_AWAY:
                if words in end.detail:
                    raise Refused(Message.of(key, {"host": host}))
        if check or not end.begun:
            raise Unavailable(host, end.detail or end.status)
        raise OutcomeUnknown(host, end.detail or end.status)


@dataclass
class _Child:
    """The process, whose standard input we hold open for as long as it may work."""

    process: asyncio.subprocess.Process
    _heard: bool = field(default=False)

    @classmethod
    async def start(cls, python: str, *, folder: str) -> _Child:
        own = Path(python).parent
        process = await asyncio.create_subprocess_exec(
            python,
            "-I",  # neither PYTHON… variables nor the working directory count
            "-m",
            "bot.outbound.ansible.child",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={
                "PATH": f"{own}:/usr/local/bin:/usr/bin:/bin",
                "HOME": folder,
                "TMPDIR": folder,
                "LANG": "C.UTF-8",
                "LC_ALL": "C.UTF-8",
            },
            cwd=folder,
            start_new_session=True,
            limit=_LONGEST_LINE,
        )
        return cls(process)

    async def played(
        self, job: Job, *, hear: Callable[[Step], Awaitable[None]] | None
    ) -> EndReport:
        """Hand the job in and return the last report; a silent end is one as well."""
        if self.process.stdin is None or self.process.stdout is None:
            raise Broken("ansible: the child has no pipes")
        begun = False
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.process.stdin.write(job.model_dump_json().encode() + b"\n")
            await self.process.stdin.drain()
        async for line in self.process.stdout:
            try:
                report = _REPORTS.validate_json(line)
            except ValidationError:
                return EndReport(status="broken", detail="no report", begun=begun)
            if isinstance(report, EndReport):
                return report
            begun = True
            if hear is not None:
                await hear(report.step)
        # It was killed: the play may have been anywhere.
        return EndReport(status="cancelled", detail="the child died", begun=True)

    async def ended(self) -> None:
        """Let it stop what still runs on the host, and wait until it is gone."""
        if self.process.stdin is not None:
            self.process.stdin.close()
        waiting = asyncio.ensure_future(self.process.wait())
        try:
            # Shielded: a worker that is being stopped must not leave it behind.
            await asyncio.shield(_bounded(waiting, self.process))
        except asyncio.CancelledError:
            await _bounded(waiting, self.process)
            raise


async def _bounded(
    waiting: asyncio.Future[int], process: asyncio.subprocess.Process
) -> None:
    done, _ = await asyncio.wait({waiting}, timeout=_GRACE.total_seconds())
    if not done:
        _log.error("ansible.killed", pid=process.pid)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await waiting


@asynccontextmanager
async def _ending(
    limit: asyncio.Timeout, *, once: Callable[[], Awaitable[bool]] | None
) -> AsyncIterator[None]:
    """Bring the limit forward to the moment in which `once` says yes."""
    if once is None:
        yield
        return
    over = asyncio.Event()
    watching = asyncio.ensure_future(_bring_forward(limit, once=once, over=over))
    try:
        yield
    finally:
        # Not cancelled: that would break off a question to the database.
        over.set()
        await asyncio.wait({watching})


async def _bring_forward(
    limit: asyncio.Timeout, *, once: Callable[[], Awaitable[bool]], over: asyncio.Event
) -> None:
    while not over.is_set():
        try:
            wanted = await once()
        except Unavailable as outage:
            _log.warning("ansible.halt_unknown", system=outage.system)
            wanted = False
        if wanted and not over.is_set():
            limit.reschedule(asyncio.get_running_loop().time())
            return
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(over.wait(), _ASKED_EVERY.total_seconds())


def _place(asked: Path | None) -> Path:
    """Return the folder of control directories, which is ours alone."""
    # Short names: a socket's path has 108 bytes, of which OpenSSH needs 60.
    memory = _MEMORY if os.access(_MEMORY, os.W_OK) else Path(tempfile.gettempdir())
    place = asked or memory / f"tandem-{os.getuid()}"
    place.mkdir(mode=0o700, exist_ok=True)
    found = place.stat(follow_symlinks=False)
    if found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise Broken(f"ansible: {place} must be ours and 0700")
    return place


@contextmanager
def _locked(place: Path) -> Iterator[None]:
    """Hold the folder: between making one in it and locking that, nobody sweeps."""
    held = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
    finally:
        os.close(held)


def _remove_left_behind(place: Path) -> None:
    """Remove the folders of workers that were killed: each may hold a key."""
    for left in place.iterdir():
        try:
            held = os.open(left, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except OSError:
            continue
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            continue
        else:
            shutil.rmtree(left, ignore_errors=True)
        finally:
            os.close(held)
