"""One PostgreSQL for the session, and a migrated database of its own for a test."""

from __future__ import annotations

import gc
import itertools
import os
import shutil
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

# Looking for garbage as often as Python does by itself is a fifth of all that tests do.
gc.set_threshold(50_000, 20, 50)

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
# In memory where there is room: a database for each test is a thousand files for each.
_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of its own is made in it
_ROOM = 4 * 2**30


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


def _roomy():
    """Return the folder in memory, or None where it is missing or small."""
    there = os.access(_MEMORY, os.W_OK)
    return _MEMORY if there and shutil.disk_usage(_MEMORY).free > _ROOM else None


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def postgres():
    """The server; what tests are cloned from is migrated in it."""
    with tempfile.TemporaryDirectory(prefix="tandem-postgres-", dir=_roomy()) as folder:
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
    cloned = f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE} STRATEGY FILE_COPY"
    await _as_owner(postgres, cloned)
    yield Database(
        app=SecretStr(postgres.url(user="tandem_app", database=name)),
        owner=SecretStr(postgres.url(user="postgres", database=name)),
    )
    await _as_owner(postgres, f"DROP DATABASE {name} WITH (FORCE)")
