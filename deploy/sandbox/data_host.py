"""
Acme's data-host: databases are copied on it, and folders are shared from it.

It is reached by a real sshd. Its Python sees an /etc/exports.d and a /var/lib/nfs that
are the sandbox's alone, in namespaces of its own (user_namespaces(7)): a real exportfs
takes the shares there, for whoever started the sandbox, and this machine's own exports
are neither read nor changed. Nothing is mounted from it: that takes the kernel's nfsd.
"""

from __future__ import annotations

import asyncio
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Final

import psycopg
from psycopg import sql

from bot.domain.catalog.host_work import HostDatabase, NfsServer
from bot.outbound.postgres.embedded import wheel_programs
from deploy.sandbox.openbao_process import write_private
from deploy.sandbox.places import secret
from deploy.sandbox.ssh_host import SshHost

if TYPE_CHECKING:
    from deploy.sandbox.client_mariadb import ClientMariadb
    from deploy.sandbox.client_postgres import ClientPostgres

PRINCIPAL: Final = "data-host"
_SYSTEM: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_EXPORTFS: Final = shutil.which("exportfs", path=_SYSTEM)
_UNSHARE: Final = shutil.which("unshare", path=_SYSTEM)
_DUMPS: Final = shutil.which("mysqldump", path=_SYSTEM)
# What the catalog takes for the path of a program; see bot.domain.catalog.host.
_FIT: Final = re.compile(r"/[A-Za-z0-9._/-]{1,100}")
_NFS_STATE: Final = Path("/var/lib/nfs")
_APART: Final = ("--user", "--map-root-user", "--mount")
_PLAIN: Final = Template("""\
#!/bin/sh
PATH=$path; export PATH
exec /usr/bin/python3 "$$@"
""")
# All of /etc is there as it was, except for what is exported.
_NAMESPACED: Final = Template("""\
#!/bin/sh
PATH=$path; export PATH
exec $unshare $apart /bin/sh -c '
set -e
mount --rbind /etc $root/etc
mount -t tmpfs tmpfs /etc
ln -s $root/etc/* /etc/
rm -f /etc/exports /etc/exports.d
: >/etc/exports
ln -s $root/exports.d /etc/exports.d
mount --bind $root/nfs-state $state
exec /usr/bin/python3 "$$@"' python "$$@"
""")
_SHOP: Final = Template("""\
CREATE DATABASE IF NOT EXISTS shop;
CREATE TABLE IF NOT EXISTS shop.orders (id INT PRIMARY KEY, what VARCHAR(40));
INSERT IGNORE INTO shop.orders VALUES (1, 'a blue chair'), (2, 'a green table');
CREATE USER IF NOT EXISTS copier@'127.0.0.1';
ALTER USER copier@'127.0.0.1' IDENTIFIED BY '$password';
GRANT SELECT, SHOW VIEW, TRIGGER, EVENT, LOCK TABLES ON shop.* TO copier@'127.0.0.1';
""")
_STOCK: Final = """\
CREATE TABLE IF NOT EXISTS shelves (id int PRIMARY KEY, what text);
INSERT INTO shelves VALUES (1, 'a red lamp'), (2, 'a white vase')
    ON CONFLICT DO NOTHING;
GRANT SELECT ON shelves TO copier;
"""


@dataclass(frozen=True, slots=True)
class DataHost:
    """One host in one folder; its sshd is started by who keeps the sandbox's hosts."""

    root: Path
    port: int

    def sshd(self, *, authority: str = "") -> SshHost:
        """Return its sshd, which lets in whom this authority vouches for."""
        root = self.root / "ssh"
        return SshHost(root, authority=authority, principal=PRINCIPAL, port=self.port)

    @property
    def python(self) -> Path:
        """The program that is this host's Python."""
        return self.root / "python"

    @property
    def databases(self) -> tuple[HostDatabase, ...]:
        """What may be copied, which is what there is a way in for."""
        found = (
            ("shop", "mysql", self.root / "shop.cnf"),
            ("stock", "postgresql", self.root / "pg_service.conf"),
        )
        return tuple(
            HostDatabase.model_validate(
                {
                    "name": name,
                    "engine": engine,
                    "access": str(access),
                    "folder": str(self.root / "copies" / name),
                }
            )
            for name, engine, access in found
            if access.exists()
        )

    async def furnish(
        self, *, postgres: ClientPostgres, mariadb: ClientMariadb | None
    ) -> dict[str, object]:
        """Make what the host has, and return how the catalog would describe it."""
        for name in ("etc", "exports.d", "nfs-state", "nfs", "copies"):
            (self.root / name).mkdir(parents=True, exist_ok=True)
        if not _FIT.fullmatch(str(self.python)):
            return {"out_of_reach": f"the path of {self.root} is too long or too odd"}
        await self._stock(postgres)
        if mariadb is not None and _DUMPS is not None:
            await self._shop(mariadb)
        exports = await self._exports()
        self._write_python(_NAMESPACED if exports else _PLAIN)
        ssh = self.sshd().ssh.model_copy(update={"python": str(self.python)})
        nfs = NfsServer(root=str(self.root / "nfs"))
        for one in self.databases:
            (self.root / "copies" / one.name).mkdir(exist_ok=True)
        return {
            "ssh": ssh.model_dump(mode="json"),
            "databases": [one.model_dump(mode="json") for one in self.databases],
            "nfs": nfs.model_dump(mode="json") if exports else None,
        }

    async def _exports(self) -> bool:
        """Say whether there is an exportfs, and the kernel lets us apart."""
        if _EXPORTFS is None or _UNSHARE is None or not _NFS_STATE.is_dir():
            return False
        process = await asyncio.create_subprocess_exec(
            _UNSHARE,
            *_APART,
            "true",
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        return await process.wait() == 0

    def _write_python(self, text: Template) -> None:
        words = {
            "path": f"{wheel_programs()}:{_SYSTEM}",
            "root": self.root,
            "state": _NFS_STATE,
            "unshare": _UNSHARE,
            "apart": " ".join(_APART),
        }
        draft = self.root / ".python"
        draft.write_text(text.substitute(words))
        draft.chmod(0o755)
        draft.replace(self.python)

    async def _stock(self, postgres: ClientPostgres) -> None:
        password = secret(self.root, "copier")
        owner = postgres.superuser().get_secret_value()
        async with await psycopg.AsyncConnection.connect(
            owner, autocommit=True
        ) as there:
            query = "SELECT FROM pg_database WHERE datname = 'stock'"
            if await (await there.execute(query)).fetchone() is None:
                await there.execute("CREATE DATABASE stock")
            query = "SELECT FROM pg_roles WHERE rolname = 'copier'"
            if await (await there.execute(query)).fetchone() is None:
                await there.execute("CREATE ROLE copier LOGIN")
            change = sql.SQL("ALTER ROLE copier PASSWORD {}")
            await there.execute(change.format(sql.Literal(password)))
        stock = postgres.superuser("stock").get_secret_value()
        async with await psycopg.AsyncConnection.connect(
            stock, autocommit=True
        ) as there:
            await there.execute(_STOCK)
        write_private(
            self.root / "pg_service.conf",
            f"[stock]\nhost=127.0.0.1\nport={postgres.served.port}\nuser=copier\n"
            f"dbname=stock\npassword={password}\n".encode(),
        )

    async def _shop(self, mariadb: ClientMariadb) -> None:
        password = secret(self.root, "copier")
        await mariadb.say(_SHOP.substitute(password=password))
        write_private(
            self.root / "shop.cnf",
            f"[client]\nhost=127.0.0.1\nport={mariadb.served.port}\nuser=copier\n"
            f"password={password}\n".encode(),
        )
