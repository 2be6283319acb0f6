"""A new database with its one user, whose password goes to the one who asked, once."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final

from pydantic import SecretStr

from bot.sdk import (
    DatabaseName,
    DatabaseScope,
    DirectAction,
    Engine,
    Happened,
    HostAddress,
    Line,
    LiveState,
    Message,
    NewDatabase,
    NotVerified,
    Playbook,
    Port,
    Preview,
    Refused,
    Server,
    ServerName,
    UserHost,
    Verified,
    reserved,
)

if TYPE_CHECKING:
    from bot.sdk import Run, Seen

# Everything within the one database; nothing beside it, and not the database itself.
_POSTGRESQL: Final = ("CONNECT", "CREATE", "TEMPORARY")
_MARIADB: Final = (
    "ALTER",
    "ALTER ROUTINE",
    "CREATE",
    "CREATE ROUTINE",
    "CREATE TEMPORARY TABLES",
    "CREATE VIEW",
    "DELETE",
    "DROP",
    "EVENT",
    "EXECUTE",
    "INDEX",
    "INSERT",
    "LOCK TABLES",
    "REFERENCES",
    "SELECT",
    "SHOW VIEW",
    "TRIGGER",
    "UPDATE",
)
_RANDOM_BYTES: Final = 24


class MakeDatabase(Playbook, name="databases.new_database"):
    """
    Make a database and its user by the procedure that stands on the server.

    For one operation the procedure may be called again. Until the password was handed
    over, a repetition makes a new one: nobody has the old.
    """

    repeatable = True

    server: ServerName
    engine: Engine
    address: HostAddress
    port: Port
    unsafe_no_tls: bool
    host: UserHost
    database: DatabaseName
    user: DatabaseName

    @classmethod
    def on(
        cls, server: Server, *, engine: Engine, database: str, user: str
    ) -> DirectAction:
        """Return it as a change; refuses a server that runs something else."""
        if server.engine != engine:
            raise Refused(
                Message.of(
                    "playbook.new-database.other-engine",
                    {"server": server.name, "engine": server.engine, "wanted": engine},
                )
            )
        return cls(
            server=server.name,
            engine=server.engine,
            address=server.address,
            port=server.port,
            unsafe_no_tls=server.unsafe_no_tls,
            host=server.users_from,
            database=database,
            user=user,
        ).planned(
            Message.of(
                "playbook.new-database.title",
                {"database": database, "server": server.name},
            )
        )

    @classmethod
    def actions(cls) -> tuple[str, ...]:
        """Return no name: the rights are the server's, and Vault has them by server."""
        return ()

    def preview_scope(self) -> DatabaseScope:
        return self._scope(make=False)

    def scope(self, operation: str) -> DatabaseScope:  # noqa: ARG002 - Vault makes a user for each
        return self._scope(make=True)

    async def preview(self, run: Run) -> Preview:
        for name in (self.database, self.user):
            if reserved(name):
                raise _not_so("reserved", name=name)
        seen = await run.database.see(self._wanted(run))
        if seen.database:
            raise _not_so("database-there", name=self.database, server=self.server)
        if seen.user:
            raise _not_so("user-there", name=self.user, server=self.server)
        return Preview(
            facts=(
                _database_fact(
                    "engine", f"{seen.version} ({self.address}:{self.port})"
                ),
                _database_fact("database", self.database),
                _database_fact("user", self.user),
                *self._hosts(),
                _database_fact("rights", ", ".join(self._expected())),
            ),
            calls=(f"tandem.make({self.database}, {self.user}) on {self.server}",),
            state=LiveState(
                items=(
                    ("version", seen.version),
                    ("database", "no"),
                    ("user", "no"),
                    ("open", ", ".join(seen.open)),
                )
            ),
            warnings=self._warnings(seen),
        )

    async def run(self, run: Run) -> None:
        if run.handed:
            return  # the person has a password that works: another would end it
        password = SecretStr(secrets.token_urlsafe(_RANDOM_BYTES))
        await run.database.make(self._wanted(run), password=password)
        what = {
            "user": self.user,
            "database": self.database,
            "server": self.server,
            "address": self.address,
            "port": str(self.port),
        }
        await run.hand_over(
            password, what=Message.of("playbook.new-database.what", {**what})
        )

    async def verify(self, run: Run) -> Verified | NotVerified:
        seen = await run.database.see(self._wanted(run))
        if not (seen.database and seen.user and seen.made):
            return NotVerified(
                reason=Message.of(
                    "playbook.new-database.missing",
                    {"database": self.database, "user": self.user},
                )
            )
        if set(seen.rights) != set(self._expected()):
            return NotVerified(
                reason=Message.of(
                    "playbook.new-database.other-rights",
                    {"user": self.user, "rights": ", ".join(seen.rights) or "-"},
                )
            )
        return Verified(
            facts=(
                _database_fact("database", self.database),
                _database_fact("user", self.user),
                _database_fact("rights", ", ".join(seen.rights)),
            )
        )

    async def happened(self, run: Run) -> Happened:
        seen = await run.database.see(self._wanted(run))
        return Happened.YES if seen.made else Happened.NO

    def undo(self) -> Message | None:
        return Message.of("playbook.new-database.undo")

    def _scope(self, *, make: bool) -> DatabaseScope:
        return DatabaseScope(
            server=self.server,
            engine=self.engine,
            address=self.address,
            port=self.port,
            unsafe_no_tls=self.unsafe_no_tls,
            make=make,
        )

    def _wanted(self, run: Run) -> NewDatabase:
        return NewDatabase(
            operation=run.operation,
            database=self.database,
            user=self.user,
            host=self.host,
        )

    def _expected(self) -> tuple[str, ...]:
        kinds = _POSTGRESQL if self.engine == "postgresql" else _MARIADB
        return tuple(f"{one} ON {self.database}" for one in kinds)

    def _hosts(self) -> tuple[Line, ...]:
        return (
            () if self.engine == "postgresql" else (_database_fact("host", self.host),)
        )

    def _warnings(self, seen: Seen) -> tuple[Message, ...]:
        if not seen.open:
            return ()
        args: dict[str, str | int | Message] = {
            "server": self.server,
            "names": ", ".join(seen.open),
        }
        return (Message.of("playbook.new-database.open", args),)


def _database_fact(name: str, value: str) -> Line:
    return Line(label=Message.of(f"playbook.new-database.fact-{name}"), value=value)


def _not_so(key: str, **args: str) -> Refused:
    return Refused(Message.of(f"playbook.new-database.{key}", {**args}))
