"""One PostgreSQL for the session, and a migrated database of its own for a test."""

from __future__ import annotations

import itertools
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest_asyncio
import structlog
from hypothesis import settings
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from bot.outbound.postgres import schema
from bot.outbound.postgres.embedded import EmbeddedPostgres
from tests.leaks.blind import BLIND, blind

# How long an example takes says something of the machine; pytest's timeout is enough.
settings.register_profile("tandem", deadline=None)
settings.load_profile("tandem")

# Every local variable of every frame, drawn in boxes, takes seconds an outage.
structlog.configure(
    processors=[
        *structlog.get_config()["processors"][:-1],
        structlog.dev.ConsoleRenderer(
            colors=False, exception_formatter=structlog.dev.plain_traceback
        ),
    ]
)

_BLINDED = blind() if BLIND else None
_TEMPLATE = "tandem_template"
# Only a machine that loses its power would notice, and its tests are lost with it.
_HASTY = {"fsync": "off", "full_page_writes": "off"}
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Database:
    """A migrated database: its address for the bot, and for its owner."""

    app: SecretStr
    owner: SecretStr


async def _as_owner(server, *statements):
    url = server.url(user="postgres", database="postgres")
    engine = create_async_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    async with engine.connect() as connection:
        for statement in statements:
            await connection.execute(text(statement))
    await engine.dispose()


def pytest_terminal_summary(terminalreporter):
    """Say how blind the application was; see tests/leaks/blind.py."""
    if _BLINDED is not None:
        terminalreporter.write_line(
            f"blind: {_BLINDED.statements} statements, "
            f"{_BLINDED.dropped} conditions on a client taken out of them"
        )


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def postgres():
    """The server; what tests are cloned from is migrated in it."""
    with tempfile.TemporaryDirectory(prefix="tandem-postgres-") as folder:
        # Started by root the server runs as somebody else, who must get in here.
        os.chmod(folder, 0o711)  # noqa: PTH101, S103 - to be passed through, not read
        server = EmbeddedPostgres(Path(folder) / "server", settings=_HASTY)
        await server.start()
        await _as_owner(server, f"CREATE DATABASE {_TEMPLATE}")
        owner = server.url(user="postgres", database=_TEMPLATE)
        await schema.upgrade(SecretStr(owner))
        # The migrations went the same way, so the database's functions are blind too.
        assert _BLINDED is None or _BLINDED.dropped > 0
        yield server
        await server.stop()


@pytest_asyncio.fixture
async def database(postgres):
    """A migrated database that no other test sees."""
    name = f"tandem_{next(_numbers)}"
    await _as_owner(postgres, f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE}")
    yield Database(
        app=SecretStr(postgres.url(user="tandem_app", database=name)),
        owner=SecretStr(postgres.url(user="postgres", database=name)),
    )
    await _as_owner(postgres, f"DROP DATABASE {name} WITH (FORCE)")
