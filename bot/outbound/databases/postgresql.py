"""
PostgreSQL, by the two functions of deploy/databases/postgresql.sql.

The password of a new user is turned into its SCRAM verifier here, as psql does it for
its `password`: neither the statement nor the server's log can hold the password.
"""

from __future__ import annotations

import asyncio
import ssl
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

import psycopg

from bot.domain.database import Seen
from bot.domain.errors import OutcomeUnknown, Unavailable
from bot.outbound.databases.refusals import FORBIDDEN, refusal, refused
from bot.outbound.databases.server import CONNECT_SECONDS, HOME, WORK_SECONDS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from pydantic import SecretStr

    from bot.domain.database import NewDatabase
    from bot.domain.errors import TandemError
    from bot.outbound.databases.server import Login

_SEE: Final = "SELECT * FROM tandem.see(%s, %s, %s)"
_MAKE: Final = "SELECT tandem.make(%s, %s, %s, %s)"
# No right, no such schema, no such function: what the operator installs is not there.
_NOT_INSTALLED: Final = frozenset({"42501", "3F000", "42883"})
_SCRAM: Final = b"scram-sha-256"


class Postgresql:
    """One server, as the user that was lent; see `bot.domain.database`."""

    def __init__(self, login: Login) -> None:
        self._login = login

    async def see(self, wanted: NewDatabase) -> Seen:
        async with self._connected() as connection:
            names = (wanted.operation, wanted.database, wanted.user)
            try:
                found = await (await connection.execute(_SEE, names)).fetchone()
            except psycopg.Error as error:
                raise self._meant(error, wanted, sent=False) from None
        if found is None:
            raise Unavailable(self._login.server, "it answered with nothing")
        version, database, user, made, rights, open_to_all = found
        return Seen(
            version=f"PostgreSQL {version}",
            database=database,
            user=user,
            made=made,
            rights=tuple(sorted(rights)),
            open=tuple(open_to_all),
        )

    async def make(self, wanted: NewDatabase, *, password: SecretStr) -> None:
        async with self._connected() as connection:
            verifier = connection.pgconn.encrypt_password(
                password.get_secret_value().encode(), wanted.user.encode(), _SCRAM
            ).decode()
            names = (wanted.operation, wanted.database, wanted.user, verifier)
            try:
                async with asyncio.timeout(WORK_SECONDS):
                    await connection.execute(_MAKE, names)
            except psycopg.Error as error:
                raise self._meant(error, wanted, sent=True) from None
            except TimeoutError:
                raise OutcomeUnknown(self._login.server, "it timed out") from None

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[psycopg.AsyncConnection]:
        login = self._login
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                connection = await psycopg.AsyncConnection.connect(
                    host=login.name,
                    hostaddr=login.address if login.address != login.name else None,
                    port=login.port,
                    user=login.user,
                    password=login.password.get_secret_value(),
                    dbname=HOME,
                    application_name="tandem",
                    sslmode="verify-full" if login.tls else "disable",
                    sslrootcert=_roots(login) if login.tls else None,
                    options=f"-c statement_timeout={WORK_SECONDS * 1000}",
                    autocommit=True,
                )
        except psycopg.Error as error:
            detail = f"no connection ({error.sqlstate or type(error).__name__})"
            raise Unavailable(login.server, detail) from None
        except TimeoutError:
            raise Unavailable(login.server, "connecting timed out") from None
        try:
            yield connection
        finally:
            await connection.close()

    def _meant(
        self, error: psycopg.Error, wanted: NewDatabase, *, sent: bool
    ) -> TandemError:
        code = error.sqlstate or ""
        if code in _NOT_INSTALLED:
            return refused(FORBIDDEN, wanted, server=self._login.server)
        known = refusal(code, wanted, server=self._login.server)
        if known is not None:
            return known
        kind = OutcomeUnknown if sent else Unavailable
        return kind(self._login.server, f"it answered {code or type(error).__name__}")


def _roots(login: Login) -> str:
    """Return the file of the certificates that the server's must chain to."""
    # Not `system`: the driver's own OpenSSL looks where this machine has nothing.
    known = login.ca or ssl.get_default_verify_paths().cafile
    return str(known or "system")
