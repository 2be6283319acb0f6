"""
A PostgreSQL server that is a client's: what `/infra postgres` makes databases on.

It is another server than the bot's own, on a loopback port, and asks for passwords. On
it stands what `deploy/databases/postgresql.sql` describes, installed as an operator
would; its superuser gets in by the socket of its own folder only.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Final

import psycopg
from psycopg import sql
from pydantic import SecretStr

from bot.outbound.postgres.embedded import EmbeddedPostgres
from bot.outbound.postgres.listen import conninfo
from deploy.sandbox.loopback import free_port, port_is_free
from deploy.sandbox.places import secret

if TYPE_CHECKING:
    from pathlib import Path

_ACCESS: Final = """\
local all all trust
host all all 127.0.0.1/32 scram-sha-256
"""
_HOME: Final = "tandem"


@dataclass(frozen=True, slots=True)
class Served:
    """A client's database server as Vault must know it."""

    client: str
    name: str
    engine: str
    port: int
    user: str
    password: SecretStr

    @property
    def address(self) -> str:
        """How the sample catalog has it; in truth it is on 127.0.0.1."""
        port = 5432 if self.engine == "postgresql" else 3306
        return f"{self.name}.{self.client}.example:{port}"


class ClientPostgres:
    """One client's server, in one folder, which survives any kill."""

    def __init__(self, root: Path, *, client: str, name: str) -> None:
        self.folder = root
        self._root = root
        self._client = client
        self._name = name
        self._server: EmbeddedPostgres | None = None
        self._port = 0

    @property
    def served(self) -> Served:
        """How Vault logs in, once the server was started."""
        return Served(
            client=self._client,
            name=self._name,
            engine="postgresql",
            port=self._port,
            user="tandem_vault",
            password=SecretStr(secret(self._root, "vault")),
        )

    def superuser(self, database: str = "postgres") -> SecretStr:
        """Return the way in of the server's owner, by its socket."""
        return SecretStr(
            conninfo(SecretStr(self._running.url(user="postgres", database=database)))
        )

    async def start(self) -> None:
        """Bring the server up, with what stands on it; it answers when this returns."""
        # Started by root the server runs as somebody else, who must get through here.
        self._root.mkdir(parents=True, exist_ok=True, mode=0o711)
        access = self._root / "pg_hba.conf"
        if not access.exists():
            access.write_text(_ACCESS)
            access.chmod(0o644)
        self._server = await self._at_a_port(access)
        await self._server.start()
        (self._root / "port").write_text(str(self._port))
        await self._install()

    async def stop(self) -> None:
        """Stop the server; nothing is lost."""
        if self._server is not None:
            await self._server.stop()

    @property
    def _running(self) -> EmbeddedPostgres:
        if self._server is None:
            raise RuntimeError("the client's PostgreSQL was not started")
        return self._server

    async def _at_a_port(self, access: Path) -> EmbeddedPostgres:
        """Return the server at the port it had, unless somebody else has that now."""
        kept = self._root / "port"
        old = int(kept.read_text()) if kept.exists() else 0
        for port in (old, free_port()):
            settings = {
                "listen_addresses": "127.0.0.1",
                "port": str(port),
                "hba_file": str(access),
                "max_connections": "30",
                "shared_buffers": "16MB",
            }
            found = EmbeddedPostgres(self._root / "server", settings=settings)
            if port and (port_is_free(port) or await found.runs()):
                self._port = port
                return found
        raise RuntimeError("there is no free port")

    async def _install(self) -> None:
        """Do as deploy/databases/README.md says, unless that was done."""
        text = (files("deploy.databases") / "postgresql.sql").read_text()
        mark = self._root / "installed"
        wanted = f"{self._port} {hashlib.sha256(text.encode()).hexdigest()}"
        if mark.exists() and mark.read_text() == wanted:
            return
        await self._make_home()
        definer = secret(self._root, "definer")
        loopback = (
            f"host=127.0.0.1 port={self._port} user=tandem_definer "
            f"password={definer} connect_timeout=5"
        )
        async with await self._connected(_HOME) as connection:
            await connection.execute(text.encode())
            for role, password in (
                ("tandem_definer", definer),
                ("tandem_vault", secret(self._root, "vault")),
            ):
                change = sql.SQL("ALTER ROLE {} PASSWORD {}").format(
                    sql.Identifier(role), sql.Literal(password)
                )
                await connection.execute(change)
            await connection.execute(
                "INSERT INTO tandem.loopback (conninfo) VALUES (%s) "
                "ON CONFLICT (alone) DO UPDATE SET conninfo = excluded.conninfo",
                (loopback,),
            )
        mark.write_text(wanted)

    async def _make_home(self) -> None:
        async with await self._connected("postgres") as connection:
            query = "SELECT FROM pg_database WHERE datname = %s"
            found = await connection.execute(query, (_HOME,))
            if await found.fetchone() is None:
                await connection.execute(f"CREATE DATABASE {_HOME}".encode())
            # What PostgreSQL opens to everybody is closed, as the README advises.
            await connection.execute(
                "REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC"
            )

    async def _connected(self, database: str) -> psycopg.AsyncConnection:
        address = self.superuser(database).get_secret_value()
        return await psycopg.AsyncConnection.connect(
            address, autocommit=True, connect_timeout=5
        )
