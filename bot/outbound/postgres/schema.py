"""Bring the database's schema to the version this code needs; run by its owner."""

from __future__ import annotations

import asyncio
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.exc import DBAPIError

from bot.domain.errors import Broken, Unavailable
from bot.outbound.postgres.engine import SYSTEM

if TYPE_CHECKING:
    from pydantic import SecretStr

_NOT_ALLOWED: Final = "42501"


def _folder() -> Path:
    """Return the folder of the migrations: beside the package, wherever it lies."""
    found = find_spec("bot")
    if found is None or found.origin is None:
        raise Broken("the package `bot` has no place of its own on this machine")
    return Path(found.origin).parent.parent / "alembic"


def _upgrade(url: str) -> str:
    config = Config()
    config.set_main_option("script_location", str(_folder()).replace("%", "%%"))
    engine = create_engine(url, hide_parameters=True)
    try:
        with engine.connect() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
        with engine.connect() as connection:
            context = MigrationContext.configure(connection)
            return context.get_current_revision() or "-"
    finally:
        engine.dispose()


async def upgrade(owner_url: SecretStr) -> str:
    """
    Run the migrations that are missing and return the version reached.

    Raises Broken for a role that may not change the schema, Unavailable when the
    database cannot be reached or a table stays busy.
    """
    try:
        return await asyncio.to_thread(_upgrade, owner_url.get_secret_value())
    except DBAPIError as error:
        state = getattr(error.orig, "sqlstate", None)
        if state == _NOT_ALLOWED:
            raise Broken(
                "this database role may not change the schema; set "
                "TANDEM_DATABASE_OWNER_URL to the owner's (docs/operate.md)"
            ) from error
        # What the server says is about tables; what the driver says by itself may hold
        # a piece of the address, and so of the password in it.
        said = str(error.orig).partition("\n")[0] if state else "no connection"
        raise Unavailable(SYSTEM, said) from error


def newest() -> str:
    """Return the version that this code was written for."""
    config = Config()
    config.set_main_option("script_location", str(_folder()).replace("%", "%%"))
    return ScriptDirectory.from_config(config).get_current_head() or "-"
