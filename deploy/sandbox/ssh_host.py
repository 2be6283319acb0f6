"""
A real OpenSSH server on a loopback port, trusting one certificate authority.

It is the system's own `sshd`, run as an ordinary process by whoever starts it: as
somebody other than root it can let nobody in but that user, which is all that is
needed. `authorized_keys`, passwords and PAM are off: a certificate is the only way in.
"""

from __future__ import annotations

import asyncio
import getpass
import os
from pathlib import Path
from string import Template
from typing import Final

from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_ssh_private_key,
)

from bot.domain.catalog.host import Ssh
from bot.outbound.ssh_key import new_key
from deploy.sandbox.loopback import free_port
from deploy.sandbox.openbao_process import write_private

SSHD: Final = next(
    (
        path
        for path in ("/usr/sbin/sshd", "/usr/local/sbin/sshd")
        if os.access(path, os.X_OK)
    ),
    None,
)
_PRIVILEGES: Final = Path("/run/sshd")
_CONFIG: Final = Template("""\
Port $port
ListenAddress 127.0.0.1
HostKey $root/host_key
PidFile none
TrustedUserCAKeys $root/ca.pub
AuthorizedPrincipalsFile $root/principals/%u
AuthorizedKeysFile none
AuthenticationMethods publickey
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
UsePAM no
# The folder may stand below /tmp, which everybody can write to.
StrictModes no
PrintMotd no
PrintLastLog no
AllowTcpForwarding no
AllowAgentForwarding no
X11Forwarding no
MaxStartups 50
LogLevel VERBOSE
$more
""")


class SshHostFailedError(RuntimeError):
    """The server did not come up; its last words are in the message."""


class SshHost:
    """One host, reached by SSH on 127.0.0.1; its files are in `root`."""

    def __init__(
        self, root: Path, *, authority: str, principal: str, port: int = 0
    ) -> None:
        self.root = root
        self.principal = principal
        self.port = port or free_port()
        self.user = getpass.getuser()
        self._authority = authority
        self._process: asyncio.subprocess.Process | None = None
        root.mkdir(parents=True, exist_ok=True)
        self.host_key = _host_key(root / "host_key")

    @property
    def log(self) -> Path:
        """Where the server writes what it let in, and why not."""
        return self.root / "sshd.log"

    def visits(self) -> int:
        """
        Return how many connections the server has told of so far.

        It tells of one as it begins, and of its end whenever it comes to that: who asks
        whether a host was left alone compares this and not the whole log.
        """
        return self.log.read_text(errors="replace").count("Connection from ")

    @property
    def ssh(self) -> Ssh:
        """How the catalog would describe it."""
        return Ssh(
            address="127.0.0.1",
            port=self.port,
            user=self.user,
            principal=self.principal,
            host_key=self.host_key,
        )

    async def start(self, *, more: str = "") -> None:
        """Start the server; it takes connections when this returns."""
        if SSHD is None:
            raise SshHostFailedError("this machine has no sshd (openssh-server)")
        if os.getuid() == 0:  # where sshd shuts its unprivileged half in
            _PRIVILEGES.mkdir(mode=0o755, exist_ok=True)
        (self.root / "ca.pub").write_text(f"{self._authority}\n")
        principals = self.root / "principals"
        principals.mkdir(exist_ok=True)
        (principals / self.user).write_text(f"{self.principal}\n")
        config = self.root / "sshd_config"
        config.write_text(_CONFIG.substitute(port=self.port, root=self.root, more=more))
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                SSHD,
                "-D",
                "-e",
                "-f",
                str(config),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        await self._listens()

    async def stop(self) -> None:
        """Stop the server; connections that are open end with it."""
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
            await self._process.wait()

    async def _listens(self) -> None:
        before = self.visits()
        for _ in range(400):
            if self._process is None or self._process.returncode is not None:
                break
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
            except OSError:
                await asyncio.sleep(0.05)
                continue
            writer.close()
            await writer.wait_closed()
            await self._has_told_of_more_than(before)
            return
        raise SshHostFailedError(self.log.read_text(errors="replace")[-2000:])

    async def _has_told_of_more_than(self, before: int) -> None:
        """Wait for the server to tell of that first visit, lest it count as another."""
        for _ in range(400):
            if self.visits() > before:
                return
            await asyncio.sleep(0.05)


def _host_key(file: Path) -> str:
    """Return the public half of the host's key, which is made once and kept."""
    if not file.exists():
        key = new_key()
        write_private(file, key.private.get_secret_value().encode())
        return key.public
    kept = load_ssh_private_key(file.read_bytes(), password=None).public_key()
    return kept.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
