"""Fixtures of the stories: `town` once a session, `ops` anew for each story."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from bot.outbound import clock
from bot.outbound.catalog import CatalogKeeper
from bot.outbound.postgres.engine import engine
from bot.outbound.postgres.store import Store
from deploy.sandbox.client_postgres import ClientPostgres
from deploy.sandbox.seeding import introduce
from deploy.vault.admin import Admin
from tests.flow import world
from tests.flow.people import InForce, Ops, worker_side

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items):
    """Run every story in the loop in which the session's servers live."""
    for item in items:
        if HERE in Path(item.path).parents:
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def town(tmp_path_factory):
    """OpenBao, and a furnished state of AWS and GitLab, made once."""
    async with world.town(tmp_path_factory.mktemp("town")) as found:
        yield found


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def sample_catalog(town):
    keeper = CatalogKeeper(
        world.CATALOG, now=clock.now, commands=town.registry.commands
    )
    await keeper.open()
    return keeper


@pytest_asyncio.fixture(loop_scope="session")
async def ops(town, sample_catalog, database, tmp_path):
    """One story's people and world."""
    pool = engine(database.app, size=8)
    owner = create_async_engine(database.owner.get_secret_value(), poolclass=NullPool)
    clock_of = world.Shifted()
    catalog = InForce(sample_catalog)
    async with town.day() as day:
        yield Ops(
            day=day,
            back=worker_side(
                day, store=Store(pool), catalog=catalog, clock_of=clock_of
            ),
            owner=owner,
            catalog=catalog,
            clock=clock_of,
            folder=tmp_path,
            vault_audit=world.VaultAudit(town.openbao.audit_file),
        )
        await pool.dispose()
        await owner.dispose()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def pg_staging(town):
    """Acme's PostgreSQL with the procedures on it, as Vault and the bot know it."""
    with tempfile.TemporaryDirectory(prefix="tandem-acme-") as folder:
        os.chmod(folder, 0o711)  # noqa: PTH101, S103 - to be passed through, not read
        server = ClientPostgres(Path(folder) / "pg", client="acme", name="pg-staging")
        await server.start()
        bao = town.openbao
        await introduce(
            Admin(address=bao.address, token=bao.admin_token()), server.served
        )
        town.databases[server.served.address] = ("127.0.0.1", server.served.port)
        yield server
        await server.stop()
