"""
One database server as a playbook sees it: what is there, and a new database made.

Owns the closed shapes of both, and which names are never taken. What speaks to the
server is `bot/outbound/databases`; what it may do there stands on the server itself, in
procedures that its owner has read (`deploy/databases`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Final, Protocol

from pydantic import StringConstraints

from bot.domain.frozen import Frozen

if TYPE_CHECKING:
    from pydantic import SecretStr

# Of a database and of its user, on either engine: no capitals, whose meaning depends on
# the server's file system, and nothing that would have to be quoted.
NAME: Final = r"^[a-z][a-z0-9_]{0,31}$"
DatabaseName = Annotated[str, StringConstraints(pattern=NAME)]
# From where a user of MariaDB may come: a name, an address, a network, or `%`.
UserHost = Annotated[str, StringConstraints(pattern=r"^[0-9a-z.:%/-]{1,60}$")]

_RESERVED: Final = re.compile(
    r"(tandem|pg_|template|v_|mysql|mariadb).*"
    r"|postgres|root|admin|public|none|user|sys|test|information_schema"
    r"|performance_schema|rdsadmin|cloudsqladmin"
)


def reserved(name: str) -> bool:
    """Say whether a name is the server's, Vault's or ours; it refuses it as well."""
    return _RESERVED.fullmatch(name) is not None


class NewDatabase(Frozen):
    """A database and its one user, as they are asked for; `host` is MariaDB's."""

    operation: str
    database: DatabaseName
    user: DatabaseName
    host: UserHost = "%"


class Seen(Frozen):
    """
    What is there; `made` says that it was begun for this very operation.

    `rights` is everything that the user may do anywhere on the server, in the server's
    own words. `open` are databases that let in everybody, new users too.
    """

    version: str
    database: bool
    user: bool
    made: bool
    rights: tuple[str, ...] = ()
    open: tuple[str, ...] = ()


class DatabaseSession(Protocol):
    """One database server, as a user that lives for minutes."""

    async def see(self, wanted: NewDatabase) -> Seen:
        """Return what is there; Unavailable if the server was not reached."""

    async def make(self, wanted: NewDatabase, *, password: SecretStr) -> None:
        """
        Make the database and its user with this password, which only leaves as a hash.

        For the same operation it may be called again: it goes on where it was cut off
        and sets the new password. Raises `Refused` if the server will not,
        `Unavailable` if nothing was done, `OutcomeUnknown` if it was lost on the way.
        """
