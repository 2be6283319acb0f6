"""
One database engine a client, and two roles a server: to look, and to make a database.

Owns what Vault says to a server to make a user and to drop it again. Each such user may
call one procedure or two of those that `deploy/databases` put there, and nothing else.
How Vault itself logs in is the operator's to write: it holds a password.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pydantic import JsonValue

    from deploy.vault.plan import DatabaseAction

# Vault fills in {{name}} and the rest; each is made by Vault itself.
_ENDS_SESSIONS: Final = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{{name}}';"
)
_ROLE: Final = (
    "CREATE ROLE \"{{name}}\" LOGIN PASSWORD '{{password}}' "
    "VALID UNTIL '{{expiration}}' CONNECTION LIMIT 2 IN ROLE "
)
_USER: Final = (
    "CREATE USER '{{name}}'@'%' IDENTIFIED BY '{{password}}' "
    "WITH MAX_USER_CONNECTIONS 2;"
)
_EXECUTE: Final = "GRANT EXECUTE ON PROCEDURE tandem.WHAT TO '{{name}}'@'%';"
_DROPS: Final = {
    "postgresql": [_ENDS_SESSIONS, 'DROP ROLE IF EXISTS "{{name}}";'],
    "mariadb": [
        "KILL HARD USER '{{name}}'@'%';",
        "DROP USER IF EXISTS '{{name}}'@'%';",
    ],
}


def engine_role(
    role: str, *, client: str, action: DatabaseAction, seconds: int
) -> tuple[str, dict[str, JsonValue]]:
    """Return the path of a role of the client's engine, and what it must hold."""
    drops: list[JsonValue] = list(_DROPS[action.engine])
    makes: list[JsonValue] = list(_makes(action))
    return f"database-{client}/roles/{role}", {
        "db_name": action.server,
        "default_ttl": seconds,
        "max_ttl": seconds,
        "creation_statements": makes,
        "revocation_statements": drops,
        "rollback_statements": drops,
    }


def _makes(action: DatabaseAction) -> tuple[str, ...]:
    if action.engine == "postgresql":
        return (_ROLE + ("tandem_make;" if action.make else "tandem_see;"),)
    procedures = ("see", "make") if action.make else ("see",)
    return (_USER, *(_EXECUTE.replace("WHAT", one) for one in procedures))
