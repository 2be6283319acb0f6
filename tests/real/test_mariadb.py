"""`/infra mysql` on a real MariaDB, under Vault's database engine."""

from __future__ import annotations

import asyncio
import os
import tempfile
from datetime import timedelta
from pathlib import Path

import pymysql
import pytest
import pytest_asyncio
from pydantic import SecretStr

from bot.domain.database import NewDatabase
from bot.domain.errors import OutcomeUnknown, Refused, Unavailable
from bot.domain.operation import State
from bot.domain.scope import DatabaseScope
from bot.outbound.databases.server import Databases
from deploy.sandbox.client_mariadb import ClientMariadb, available
from deploy.sandbox.seeding import introduce
from deploy.vault.admin import Admin
from tests.contract.test_way_back_of_every_command import HOSTILE
from tests.flow.test_new_database import Around, letters, once, password_of

pytestmark = pytest.mark.skipif(
    not available(), reason="this machine has no MariaDB server"
)
NAMES = iter(f"shop_{number}" for number in range(1000))
BEYOND = [
    "CREATE DATABASE beyond",
    "CREATE USER beyond",
    "DROP USER tandem_vault",
    "SET PASSWORD FOR tandem_vault@'%' = PASSWORD('x')",
    "GRANT ALL ON *.* TO CURRENT_USER",
    "SELECT * FROM tandem.made",
    "DELETE FROM tandem.made",
    "CREATE TABLE tandem.beyond (a int)",
    "CREATE TEMPORARY TABLE tandem.beyond (a int)",
    "DROP PROCEDURE tandem.make",
    "SELECT user FROM mysql.user",
    "SET GLOBAL general_log = 1",
    "SELECT LOAD_FILE('/etc/passwd') FROM mysql.user",
    "SHUTDOWN",
]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def my_staging(town):
    """Acme's MariaDB with the procedures on it, as Vault and the bot know it."""
    with tempfile.TemporaryDirectory(prefix="tandem-acme-") as folder:
        os.chmod(folder, 0o711)  # noqa: PTH101, S103 - to be passed through, not read
        server = ClientMariadb(Path(folder) / "my", client="acme", name="my-staging")
        await server.start()
        bao = town.openbao
        admin = Admin(address=bao.address, token=bao.admin_token())
        await introduce(admin, server.served)
        town.databases[server.served.address] = ("127.0.0.1", server.served.port)
        yield server
        await server.stop()


@pytest.fixture
def name():
    return next(NAMES)


def connect(server, *, user, password, database):
    return pymysql.connect(
        host="127.0.0.1",
        port=server.served.port,
        user=user,
        password=password,
        database=database,
        autocommit=True,
        ssl_disabled=True,
    )


def refused(server, **how):
    """The number with which the server turns somebody away."""
    with pytest.raises(pymysql.MySQLError) as refusal:
        connect(server, **how)
    return refusal.value.args[0]


async def decided(ops, name, *, more=""):
    card = await ops.alice.asks(f"mysql create {name} on my-staging{more}")
    assert card.operation.state is State.PROPOSED, card.operation.outcome
    await ops.bob.approves(card)
    await ops.works()
    return card


async def lent(ops, *, make=True):
    """A user of the server as an operation gets it."""
    lender = ops.back.lender
    scope = DatabaseScope(
        server="my-staging",
        engine="mariadb",
        address="my-staging.acme.example",
        port=3306,
        unsafe_no_tls=True,
        make=make,
    )
    minted = await lender.mint(
        client="acme", action=scope.name, operation="op", ttl=timedelta(minutes=5)
    )
    account = await lender._vault.database_user(
        minted, client="acme", server="my-staging", make=make
    )
    return minted, account, scope


async def test_a_database_is_made_and_its_user_gets_in_there_only(
    ops, my_staging, name
):
    card = await decided(ops, name, more=f" user=app_{name}")

    assert await ops.state(card) is State.DONE, (await ops.again(card)).operation
    how = {"user": f"app_{name}", "password": await password_of(ops)}
    with connect(my_staging, **how, database=name) as connection:
        connection.cursor().execute("CREATE TABLE t (a int)")
    elsewhere = ("mysql", "tandem", name.replace("_", "x"))
    assert {refused(my_staging, **how, database=one) for one in elsewhere} == {1044}
    wrong = {**how, "password": "another"}
    assert refused(my_staging, **wrong, database=name) == 1045
    assert "MariaDB 1" in card
    assert "127.0.0.1" in card


async def test_the_password_is_in_no_log_and_no_audit(ops, my_staging, name, capfd):
    await my_staging.say("SET GLOBAL general_log = 1;")
    card = await decided(ops, name)
    await my_staging.say("SET GLOBAL general_log = 0;")
    password = await password_of(ops)

    records = "".join(one.body for one in await ops.audit())
    rows = "".join(map(str, await ops._sql("SELECT body FROM outbox")))
    logs = "".join(
        one.read_text(errors="replace")
        for one in my_staging.folder.rglob("*.log")
        if one.is_file()
    )
    assert "CALL tandem.make" in logs
    places = (records, rows, logs, "".join(capfd.readouterr()))
    assert all(password not in place for place in places)
    assert password not in (await ops.again(card)).operation.model_dump_json()


@pytest.mark.parametrize("make", [True, False])
async def test_the_lent_user_is_refused_whatever_else_it_says(ops, my_staging, make):
    minted, account, _ = await lent(ops, make=make)
    how = {"user": account.username, "password": account.password.get_secret_value()}

    with connect(my_staging, **how, database="tandem") as connection:
        for statement in BEYOND:
            with pytest.raises(pymysql.MySQLError) as refusal:
                connection.cursor().execute(statement)
            assert refusal.value.args[0] in (1044, 1045, 1142, 1227, 1370), statement
    assert refused(my_staging, **how, database="mysql") == 1044
    await ops.back.lender.revoke(minted.accessor)


async def test_the_lent_user_is_gone_once_the_loan_is_given_back(ops, my_staging):
    minted, account, _ = await lent(ops)
    how = {"user": account.username, "password": account.password.get_secret_value()}
    connection = connect(my_staging, **how, database="tandem")

    await ops.back.lender.revoke(minted.accessor)

    for _ in range(100):
        if account.username not in await my_staging.say("SELECT user FROM mysql.user;"):
            break
        await asyncio.sleep(0.1)
    with pytest.raises(pymysql.MySQLError):
        connection.cursor().execute("SELECT 1")
    # For a user that is not there MariaDB makes up how it would log in, by its name.
    assert refused(my_staging, **how, database="tandem") in (1045, 1698)


@pytest.mark.parametrize(
    "bad", [*(one for one in HOSTILE if one != "undo"), "a`b", "a--", "x" * 64, "Shop"]
)
async def test_the_server_itself_refuses_a_name_that_is_none(ops, my_staging, bad):
    minted, account, _ = await lent(ops)
    how = {"user": account.username, "password": account.password.get_secret_value()}
    before = await my_staging.say("SHOW DATABASES;")

    with connect(my_staging, **how, database="tandem") as connection:
        for words in ((bad, "fine", "%"), ("fine", bad, "%")):
            with pytest.raises(pymysql.MySQLError) as refusal:
                connection.cursor().execute(
                    "CALL tandem.make(%s, %s, %s, %s, %s)",
                    ("a" * 20, *words, "*" + "A" * 40),
                )
            # Too long for the procedure's own parameter is refused before it begins.
            assert refusal.value.args[0] in (1644, 1406)
    assert await my_staging.say("SHOW DATABASES;") == before
    await ops.back.lender.revoke(minted.accessor)


async def test_what_is_there_already_is_refused_before_anybody_is_asked(
    ops, my_staging, name
):
    await decided(ops, name)

    card = await ops.alice.asks(f"mysql create {name} on my-staging user=other")

    assert card.operation.outcome.key == "playbook.new-database.database-there"


async def test_a_password_that_was_lost_on_the_way_is_made_anew(ops, my_staging, name):
    lender = ops.back.lender
    wrap = once(lender.wrap, fails=OutcomeUnknown("Vault", "it timed out"))
    ops.back = ops.with_ports(lender=Around(lender, wrap=wrap))

    card = await decided(ops, name)

    assert await ops.state(card) is State.DONE
    how = {"user": name, "password": await password_of(ops), "database": name}
    connect(my_staging, **how).close()
    assert len(letters(ops)) == 1


async def test_the_server_s_refusals_are_told_in_our_words(ops, my_staging, name):
    minted, account, scope = await lent(ops)
    there = {"my-staging.acme.example:3306": ("127.0.0.1", my_staging.served.port)}
    session = Databases(at=there).session(
        scope, user=account.username, password=account.password
    )
    wrong = Databases(at=there).session(
        scope, user=account.username, password=SecretStr("another")
    )
    wanted = NewDatabase(operation="e" * 20, database=name, user=name)
    secret = SecretStr("a-password-of-a-test")
    await session.make(wanted, password=secret)
    other = wanted.model_copy(update={"operation": "f" * 20})

    with pytest.raises(Refused) as there_already:
        await session.make(other, password=secret)
    with pytest.raises(Unavailable, match="1045"):
        await wrong.see(wanted)

    assert there_already.value.message.key == "database.there"
    await ops.back.lender.revoke(minted.accessor)


async def test_a_server_is_asked_for_its_certificate_unless_that_is_off(
    ops, my_staging, name
):
    minted, account, scope = await lent(ops)
    there = {"my-staging.acme.example:3306": ("127.0.0.1", my_staging.served.port)}
    session = Databases(at=there).session(
        scope.model_copy(update={"unsafe_no_tls": False}),
        user=account.username,
        password=account.password,
    )

    with pytest.raises(Unavailable, match="no connection"):
        await session.see(NewDatabase(operation="e" * 20, database=name, user=name))

    await ops.back.lender.revoke(minted.accessor)
