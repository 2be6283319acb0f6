"""
MariaDB, by the two procedures of deploy/databases/mariadb.sql.

The password of a new user is turned into its hash here: neither the statement nor the
server's log can hold the password. The library blocks, so each call is a thread of its
own, whose socket never waits longer than the timeouts.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import socket
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final

import pymysql

from bot.domain.database import Seen
from bot.domain.errors import OutcomeUnknown, Unavailable
from bot.outbound.databases.refusals import FORBIDDEN, refusal, refused
from bot.outbound.databases.server import CONNECT_SECONDS, HOME, WORK_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic import SecretStr

    from bot.domain.database import NewDatabase
    from bot.domain.errors import TandemError
    from bot.outbound.databases.server import Login

_SEE: Final = "CALL tandem.see(%s, %s, %s)"
_MAKE: Final = "CALL tandem.make(%s, %s, %s, %s, %s)"
# https://mariadb.com/kb/en/mariadb-error-codes/
_SIGNALLED: Final = 1644
_NOT_INSTALLED: Final = frozenset({1044, 1142, 1227, 1305, 1370})
_CODE: Final = re.compile(r"TN00[0-9]")


class Mariadb:
    """One server, as the user that was lent; see `bot.domain.database`."""

    def __init__(self, login: Login) -> None:
        self._login = login

    async def see(self, wanted: NewDatabase) -> Seen:
        seen: Seen = await self._in_thread(self._see, wanted, sent=False)
        return seen

    async def make(self, wanted: NewDatabase, *, password: SecretStr) -> None:
        words = (
            wanted.operation,
            wanted.database,
            wanted.user,
            wanted.host,
            hashed(password),
        )

        def make(connection: pymysql.Connection[Any], _: NewDatabase) -> None:
            with connection.cursor() as cursor:
                cursor.execute(_MAKE, words)

        await self._in_thread(make, wanted, sent=True)

    @staticmethod
    def _see(connection: pymysql.Connection[Any], wanted: NewDatabase) -> Seen:
        with connection.cursor() as cursor:
            cursor.execute(_SEE, (wanted.operation, wanted.database, wanted.user))
            ((version, database, user, made),) = cursor.fetchall()
            cursor.nextset()
            rights = sorted(str(row[0]) for row in cursor.fetchall())
        return Seen(
            version=f"MariaDB {str(version).partition('-')[0]}",
            database=bool(database),
            user=bool(user),
            made=bool(made),
            rights=tuple(rights),
        )

    async def _in_thread(
        self,
        work: Callable[[pymysql.Connection[Any], NewDatabase], Any],
        wanted: NewDatabase,
        *,
        sent: bool,
    ) -> Any:  # noqa: ANN401 - what `work` returns
        return await asyncio.to_thread(self._done, work, wanted, sent)

    def _done(
        self,
        work: Callable[[pymysql.Connection[Any], NewDatabase], Any],
        wanted: NewDatabase,
        sent: bool,
    ) -> Any:  # noqa: ANN401 - as above
        try:
            connection = self._connected()
        except (pymysql.MySQLError, OSError) as error:
            detail = f"no connection ({_number(error) or type(error).__name__})"
            raise Unavailable(self._login.server, detail) from None
        with closing(connection):
            try:
                return work(connection, wanted)
            except (pymysql.MySQLError, OSError) as error:
                raise self._meant(error, wanted, sent=sent) from None

    def _connected(self) -> pymysql.Connection[Any]:
        login = self._login
        connection = pymysql.connect(
            host=login.name,
            port=login.port,
            user=login.user,
            password=login.password.get_secret_value(),
            database=HOME,
            charset="utf8mb4",
            autocommit=True,
            connect_timeout=CONNECT_SECONDS,
            read_timeout=WORK_SECONDS,
            write_timeout=CONNECT_SECONDS,
            ssl=login.context() if login.tls else None,
            ssl_disabled=not login.tls,
            defer_connect=True,
        )
        # A socket of our own: the name, which the certificate must carry, stays.
        where = (login.address, login.port)
        connection.connect(socket.create_connection(where, timeout=CONNECT_SECONDS))
        return connection

    def _meant(
        self, error: Exception, wanted: NewDatabase, *, sent: bool
    ) -> TandemError:
        number = _number(error)
        if number in _NOT_INSTALLED:
            return refused(FORBIDDEN, wanted, server=self._login.server)
        code = _CODE.match(str(error.args[-1])) if number == _SIGNALLED else None
        known = (
            refusal(code.group(), wanted, server=self._login.server) if code else None
        )
        if known is not None:
            return known
        kind = OutcomeUnknown if sent else Unavailable
        return kind(self._login.server, f"it answered {number or type(error).__name__}")


def hashed(password: SecretStr) -> str:
    """Return a password as the server keeps it: SHA-1 of its SHA-1."""
    # The server's own scheme. It has no salt, so it takes a password that nobody could
    # guess: ours are 190 random bits.
    once = hashlib.sha1(password.get_secret_value().encode()).digest()  # noqa: S324 - as above
    return f"*{hashlib.sha1(once).hexdigest().upper()}"  # noqa: S324 - as above


def _number(error: Exception) -> int:
    first = error.args[0] if error.args else 0
    return first if isinstance(first, int) else 0
