"""
The database connection pool, and the check that it cannot do too much.

The application connects as a role that owns nothing. If it finds itself a superuser, an
owner, or able to step around row-level security, it refuses to start: then tenants
would be kept apart by good intentions only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from bot.domain.errors import Broken, Unavailable

if TYPE_CHECKING:
    from pydantic import SecretStr
    from sqlalchemy.ext.asyncio import AsyncEngine

SYSTEM = "the database"

_TOO_MUCH = text(
    """
    SELECT EXISTS (
      SELECT FROM pg_roles WHERE (rolsuper OR rolbypassrls)
        AND pg_has_role(current_user, oid, 'MEMBER')
    ) OR EXISTS (
      SELECT FROM pg_class
      WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
        AND pg_has_role(current_user, relowner, 'MEMBER')
    ), to_regclass('public.audit') IS NOT NULL
    """
)


def engine(url: SecretStr, *, size: int) -> AsyncEngine:
    """
    Return a pool of at most `size` connections; nothing is connected yet.

    Statements end after 10 s and lock waits after 5 s, so that a stuck transaction is
    an error somebody sees and not a bot that silently stands still.
    """
    return create_async_engine(
        url.get_secret_value(),
        pool_size=size,
        max_overflow=0,
        pool_timeout=5,
        pool_recycle=1800,
        hide_parameters=True,
        connect_args={
            "connect_timeout": 5,
            "client_encoding": "utf8",
            "application_name": "tandem",
            "keepalives_idle": 30,
            "options": "-c statement_timeout=10000 -c lock_timeout=5000",
        },
    )


async def refuse_power(of: AsyncEngine) -> None:
    """
    Raise Broken when the application's role could step around the tenants' walls.

    So it does, with another reason, when there is no schema that walls could be in.
    """
    try:
        async with of.connect() as connection:
            too_much, has_schema = (await connection.execute(_TOO_MUCH)).one()
    except DBAPIError as error:
        state = getattr(error.orig, "sqlstate", None) or ""
        raise Unavailable(SYSTEM, f"{type(error.orig).__name__} {state}") from error
    if too_much:
        raise Broken(
            "the application's database role is a superuser, owns the tables or "
            "bypasses row-level security; give it the role tandem_app "
            "(docs/operate.md)"
        )
    if not has_schema:
        raise Broken(
            "the database has no schema yet; run `tandem db upgrade` as its owner "
            "(docs/operate.md)"
        )
