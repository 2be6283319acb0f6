"""
A MariaDB server that is a client's: what `/infra mysql` makes databases on.

It is the system's own `mariadbd`, where there is one, on a loopback port and run by
nobody special. On it stands what `deploy/databases/mariadb.sql` describes, installed as
an operator would. It ends with the sandbox, however that ends, and comes back from its
folder.
"""

from __future__ import annotations

import asyncio
import getpass
import hashlib
import os
import pwd
import shutil
import tempfile
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pydantic import SecretStr

from deploy.sandbox.client_postgres import Served
from deploy.sandbox.loopback import free_port, port_is_free
from deploy.sandbox.openbao_process import dies_with
from deploy.sandbox.places import secret

if TYPE_CHECKING:
    from collections.abc import Sequence

_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
MARIADBD: Final = shutil.which("mariadbd", path=_PATH)
_INSTALL: Final = shutil.which("mariadb-install-db", path=_PATH)
_CLIENT: Final = shutil.which("mariadb", path=_PATH)
_PATIENCE: Final = 8.0
_SETTINGS: Final = (
    "--bind-address=127.0.0.1",
    "--skip-name-resolve",
    "--performance-schema=OFF",
    "--innodb-buffer-pool-size=16M",
    "--max-connections=30",
)


class MariadbFailedError(RuntimeError):
    """The server did not come up; its last words are in the message."""


def available() -> bool:
    """Say whether this machine has what is needed."""
    return None not in (MARIADBD, _INSTALL, _CLIENT)


class ClientMariadb:
    """One client's server, in one folder."""

    def __init__(self, root: Path, *, client: str, name: str) -> None:
        self.folder = root
        self._root = root
        self._data = root / "data"
        self._client = client
        self._name = name
        self._port = 0
        self._account = _account()
        self._socket = Path()
        self._process: asyncio.subprocess.Process | None = None

    @property
    def served(self) -> Served:
        """How Vault logs in, once the server was started."""
        return Served(
            client=self._client,
            name=self._name,
            engine="mariadb",
            port=self._port,
            user="tandem_vault",
            password=SecretStr(secret(self._root, "vault")),
        )

    async def start(self) -> None:
        """Bring the server up, with what stands on it; it answers when this returns."""
        # Started by root the server runs as somebody else, who must get through here.
        self._root.mkdir(parents=True, exist_ok=True, mode=0o711)
        await self._make()
        self._port = self._choose_port()
        # Not in our own folder: the path of a socket must be short.
        folder = Path(tempfile.mkdtemp(prefix="tandem-"))
        self._give(folder)
        self._socket = folder / "s"
        with (self._root / "server.log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                str(MARIADBD),
                "--no-defaults",
                f"--datadir={self._data}",
                f"--socket={self._socket}",
                f"--port={self._port}",
                f"--pid-file={self._data / 'pid'}",
                *_SETTINGS,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=dies_with(os.getpid()),
                user=self._account.uid,
                group=self._account.gid,
                extra_groups=self._account.others,
            )
        await self._answers()
        (self._root / "port").write_text(str(self._port))
        await self._install()

    async def stop(self) -> None:
        """Stop the server; nothing is lost."""
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
            try:
                async with asyncio.timeout(_PATIENCE):
                    await self._process.wait()
            except TimeoutError:
                # Seen: told to stop while it starts it hangs. Its log is replayed.
                self._process.kill()
                await self._process.wait()
        if self._socket.parent != Path():
            shutil.rmtree(self._socket.parent, ignore_errors=True)

    async def say(self, statements: str) -> str:
        """Run statements as the server's owner, and return what it answers."""
        code, said = await self._run(
            (
                str(_CLIENT),
                "--no-defaults",
                "--batch",
                "--skip-column-names",
                f"--socket={self._socket}",
                f"--user={getpass.getuser()}",
            ),
            stdin=statements,
        )
        if code != 0:
            raise MariadbFailedError(said[-1500:])
        return said

    async def _make(self) -> None:
        if (self._root / "made").exists():
            return
        shutil.rmtree(self._data, ignore_errors=True)
        self._data.mkdir(mode=0o700)
        self._give(self._data)
        code, said = await self._run(
            (
                str(_INSTALL),
                "--no-defaults",
                f"--datadir={self._data}",
                "--auth-root-authentication-method=socket",
                f"--auth-root-socket-user={getpass.getuser()}",
                "--skip-test-db",
                *([f"--user={self._account.name}"] if self._account.name else []),
            )
        )
        if code != 0:
            raise MariadbFailedError(said[-1500:])
        (self._root / "made").touch()

    def _choose_port(self) -> int:
        kept = self._root / "port"
        old = int(kept.read_text()) if kept.exists() else 0
        return old if old and port_is_free(old) else free_port()

    async def _answers(self) -> None:
        for _ in range(600):
            if self._process is None or self._process.returncode is not None:
                break
            if await self._greets():
                return
            await asyncio.sleep(0.03)
        log = self._root / "server.log"
        raise MariadbFailedError(log.read_text(errors="replace")[-1500:])

    async def _greets(self) -> bool:
        """Say whether it has greeted a caller: its socket is open some time before."""
        try:
            reader, writer = await asyncio.open_unix_connection(self._socket)
        except OSError:
            return False
        try:
            async with asyncio.timeout(5):
                return bool(await reader.read(1))
        except (OSError, TimeoutError):
            return False
        finally:
            writer.close()

    async def _install(self) -> None:
        """Do as deploy/databases/README.md says, unless that was done."""
        text = (files("deploy.databases") / "mariadb.sql").read_text()
        mark = self._root / "installed"
        wanted = hashlib.sha256(text.encode()).hexdigest()
        if mark.exists() and mark.read_text() == wanted:
            return
        password = secret(self._root, "vault")
        await self.say(text)
        await self.say(f"ALTER USER tandem_vault@'%' IDENTIFIED BY '{password}';")
        mark.write_text(wanted)

    def _give(self, folder: Path) -> None:
        if self._account.uid is not None and self._account.gid is not None:
            os.chown(folder, self._account.uid, self._account.gid)

    @staticmethod
    async def _run(words: Sequence[str], *, stdin: str = "") -> tuple[int, str]:
        process = await asyncio.create_subprocess_exec(
            *words,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={"PATH": _PATH, "LC_ALL": "C.UTF-8"},
        )
        said, _ = await process.communicate(stdin.encode())
        return process.returncode or 0, said.decode(errors="replace")


@dataclass(frozen=True, slots=True)
class _Account:
    """Whose rights the server takes; empty: those of this process."""

    name: str = ""
    uid: int | None = None
    gid: int | None = None
    others: tuple[int, ...] | None = None


def _account() -> _Account:
    if os.geteuid() != 0:
        return _Account()
    for name in ("mysql", "nobody"):
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return _Account(name, uid=found.pw_uid, gid=found.pw_gid, others=())
    raise MariadbFailedError("MariaDB shall not run as root, and there is no `nobody`")
