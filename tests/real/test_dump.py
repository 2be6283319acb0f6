"""`/infra dump` on a real host: MariaDB and PostgreSQL, read back from the copy."""

from __future__ import annotations

import asyncio
import hashlib
import os
import pwd
import shutil
import tempfile
from pathlib import Path

import pytest
import pytest_asyncio

from bot.domain.operation import State

INVENTORY = "clients/acme/inventory.yaml"
PASSWORD = "c4n4ry-0f-th3-dump"
MARIADB = "/usr/sbin/mariadbd"
POSTGRES = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"))), None)

SHOP = """
CREATE DATABASE shop; USE shop;
CREATE TABLE orders (id INT, what VARCHAR(40));
INSERT INTO orders VALUES (1, 'a blue chair');
CREATE USER dumper@localhost IDENTIFIED BY 'c4n4ry-0f-th3-dump';
GRANT SELECT, SHOW VIEW, TRIGGER, EVENT, LOCK TABLES ON shop.* TO dumper@localhost;
"""
STOCK = r"""
CREATE ROLE dumper LOGIN PASSWORD 'c4n4ry-0f-th3-dump';
CREATE DATABASE stock;
\c stock
CREATE TABLE shelves (id int, what text);
INSERT INTO shelves VALUES (1, 'a red lamp');
GRANT SELECT ON shelves TO dumper;
"""

# Ten plays over SSH, on a machine that may be busy.
pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.skipif(
        os.getuid() != 0, reason="only root may start servers as somebody else"
    ),
]


async def runs(*argv, given="", user=None):
    """Run a program to its end and return what it printed."""
    process = await asyncio.create_subprocess_exec(
        *map(str, argv),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        user=user,
        group=pwd.getpwnam(user).pw_gid if user else None,
    )
    out, _ = await process.communicate(given.encode())
    assert process.returncode == 0, out.decode()
    return out.decode()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def mariadb():
    """A server on a socket, and the option file of one who may read `shop`."""
    if shutil.which("mariadb-install-db") is None:
        pytest.skip("this machine has no MariaDB")
    root = Path(tempfile.mkdtemp(prefix="maria"))
    socket = root / "sock"
    await runs(
        "mariadb-install-db",
        "--no-defaults",
        f"--datadir={root}/data",
        "--user=root",
        "--auth-root-authentication-method=normal",
        "--skip-test-db",
    )
    server = await asyncio.create_subprocess_exec(
        MARIADB,
        "--no-defaults",
        "--user=root",
        f"--datadir={root}/data",
        f"--socket={socket}",
        "--skip-networking",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    while not socket.exists():  # noqa: ASYNC110 - of another process
        await asyncio.sleep(0.1)
    await runs(
        "mariadb",
        "--no-defaults",
        f"--socket={socket}",
        "--user=root",
        given=SHOP,
    )
    access = root / "shop.cnf"
    access.write_text(f"[client]\nsocket={socket}\nuser=dumper\npassword={PASSWORD}\n")
    access.chmod(0o600)
    yield access
    server.terminate()
    await server.wait()
    shutil.rmtree(root)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def postgresql():
    """A server on a socket, and the service file of one who may read `stock`."""
    if POSTGRES is None:
        pytest.skip("this machine has no PostgreSQL of its own")
    root = Path(tempfile.mkdtemp(prefix="pg"))
    shutil.chown(root, "postgres")
    await runs(POSTGRES / "initdb", "-D", root / "data", "-A", "trust", user="postgres")
    start = f"-k {root} -c listen_addresses=''"
    flags = ["-w", "-D", root / "data", "-l", root / "log", "-o", start]
    await runs(POSTGRES / "pg_ctl", *flags, "start", user="postgres")
    await runs(
        "psql",
        "-h",
        root,
        "-d",
        "postgres",
        user="postgres",
        given=STOCK,
    )
    access = root / "pg_service.conf"
    access.write_text(
        f"[stock]\nhost={root}\nuser=dumper\ndbname=stock\npassword={PASSWORD}\n"
    )
    access.chmod(0o600)
    yield access
    await runs(POSTGRES / "pg_ctl", "-D", root / "data", "stop", user="postgres")
    shutil.rmtree(root)


async def placed(ops, name, access, folder):
    """Have the catalog name what is really there."""
    was = {"shop": "shop.cnf", "stock": "pg_service.conf"}[name]
    folder.mkdir()
    await ops.edits_catalog(
        INVENTORY, f"access: /etc/tandem/{was}", f"access: {access}"
    )
    await ops.edits_catalog(
        INVENTORY, f"folder: /var/backups/{name}", f"folder: {folder}"
    )


async def copied(ops, name):
    card = await ops.alice.asks(f"dump {name} on data-host")
    assert card.operation.state is State.PROPOSED, card.operation.outcome
    await ops.bob.approves(card)
    await ops.works()
    return await ops.again(card)


async def test_a_copy_of_mariadb_holds_the_rows_and_its_checksum_and_no_secret(
    ops, data, mariadb, tmp_path
):
    await placed(ops, "shop", mariadb, tmp_path / "copies")

    card = await copied(ops, "shop")

    assert card.operation.state is State.DONE, card.operation.outcome
    copy = tmp_path / "copies" / f"shop-{card.operation.id}.sql"
    found = await asyncio.to_thread(copy.read_bytes)
    assert b"a blue chair" in found
    digest = hashlib.sha256(found).hexdigest()
    noted = await asyncio.to_thread(Path(f"{copy}.sha256").read_text)
    assert noted == f"{digest}  {copy.name}\n"
    assert digest in str(card.operation.outcome)
    assert copy.stat().st_mode & 0o777 == 0o600
    assert sorted(one.name for one in copy.parent.iterdir()) == [
        copy.name,
        f"{copy.name}.sha256",
    ]
    records = await ops.back.store.records("acme")
    told = f"{records} {card.operation.model_dump_json()} {card.text}"
    assert PASSWORD not in told
    assert PASSWORD not in data.log.read_text()


# In the page it is told by `test_every_row`, whose effect is the same.
@pytest.mark.long
async def test_a_copy_of_postgresql_can_be_restored(ops, data, postgresql, tmp_path):
    await placed(ops, "stock", postgresql, tmp_path / "copies")

    card = await copied(ops, "stock")

    assert card.operation.state is State.DONE, card.operation.outcome
    copy = tmp_path / "copies" / f"stock-{card.operation.id}.dump"
    rows = await runs("pg_restore", "--data-only", "--file=-", copy)
    assert "a red lamp" in rows


@pytest.mark.long
async def test_a_database_that_does_not_let_us_in_leaves_nothing(
    ops, data, mariadb, tmp_path
):
    wrong = tmp_path / "wrong.cnf"
    text = await asyncio.to_thread(mariadb.read_text)
    wrong.write_text(text.replace(PASSWORD, "wrong"))
    await placed(ops, "shop", wrong, tmp_path / "copies")

    card = await ops.alice.asks("dump shop on data-host")

    assert card.operation.state is State.REFUSED
    assert "Access denied" in str(card.operation.outcome)
    assert list((tmp_path / "copies").iterdir()) == []


@pytest.mark.long
@pytest.mark.parametrize(
    "name", ["mysql", "shop;id", "--all-databases", "'../shop'", "$(id)"]
)
async def test_a_database_that_is_not_listed_reaches_no_host(ops, data, name):
    before = data.visits()

    answer = await ops.alice.says(f"dump {name} on data-host")

    assert answer.key != "asked.noted"
    assert data.visits() == before
