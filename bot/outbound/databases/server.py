"""
The way to database servers: which engine is spoken to how, and where each one is.

A server is found at the address of the catalog, over TLS whose certificate carries that
name. Statements are `postgresql` and `mariadb`, beside this file; both connect anew for
each call and are gone after it, so nothing stays open when the user is dropped.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pydantic import SecretStr

    from bot.domain.database import DatabaseSession
    from bot.domain.scope import DatabaseScope

CONNECT_SECONDS: Final = 5
# A new database is a copy of some ten megabytes, on a disk that others use too.
WORK_SECONDS: Final = 30
# Where both engines keep what deploy/databases has put there.
HOME: Final = "tandem"


@dataclass(frozen=True, slots=True)
class Login:
    """One server, and the user that was lent for it."""

    server: str
    name: str
    address: str
    port: int
    tls: bool
    ca: Path | None
    user: str
    password: SecretStr

    def context(self) -> ssl.SSLContext:
        """Return what checks the certificate: its issuer, its dates and its name."""
        cafile = None if self.ca is None else str(self.ca)
        return ssl.create_default_context(cafile=cafile)


class Databases:
    """Every database server that a user may be lent on."""

    def __init__(
        self, *, ca: Path | None = None, at: Mapping[str, tuple[str, int]] | None = None
    ) -> None:
        self._ca = ca
        # Only a sandbox's: where a server of the catalog listens in truth.
        self._at = {} if at is None else at

    def session(
        self, scope: DatabaseScope, *, user: str, password: SecretStr
    ) -> DatabaseSession:
        """Return the one server of the scope as this user; nothing is connected yet."""
        # Imported when one is needed: most operations touch no database.
        from bot.outbound.databases.mariadb import Mariadb  # noqa: PLC0415 - as above
        from bot.outbound.databases.postgresql import Postgresql  # noqa: PLC0415 - as above

        there = f"{scope.address}:{scope.port}"
        address, port = self._at.get(there, (scope.address, scope.port))
        login = Login(
            server=scope.server,
            name=scope.address,
            address=address,
            port=port,
            tls=not scope.unsafe_no_tls,
            ca=self._ca,
            user=user,
            password=password,
        )
        return Postgresql(login) if scope.engine == "postgresql" else Mariadb(login)
