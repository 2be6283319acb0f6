"""Hearing from the database that something is to be said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
from sqlalchemy.engine import make_url

from bot.domain.errors import Unavailable
from bot.outbound.postgres.engine import SYSTEM

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from pydantic import SecretStr


def conninfo(url: SecretStr) -> str:
    """Return the address as the driver itself reads it, password and all."""
    plain = make_url(url.get_secret_value()).set(drivername="postgresql")
    return plain.render_as_string(hide_password=False)


async def heard(url: SecretStr) -> AsyncIterator[str]:
    """
    Yield the client whenever a commit left something to say for it.

    A notice may be missed while the connection is away: whoever listens also looks by
    itself from time to time.
    """
    try:
        async with await psycopg.AsyncConnection.connect(
            conninfo(url), autocommit=True, connect_timeout=5
        ) as connection:
            await connection.execute("LISTEN tandem_outbox")
            async for notice in connection.notifies():
                yield notice.payload
    except psycopg.Error as error:
        raise Unavailable(SYSTEM, type(error).__name__) from error
