"""A database is made through the gate; its password reaches one person, once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import httpx
import psycopg
import pytest
import pytest_asyncio

from bot.domain.operation import State

if TYPE_CHECKING:
    from tests.flow.people import Card

TOKEN = re.compile(r"Token: `([A-Za-z0-9._-]+)`")
NAMES = iter(f"shop_{number}" for number in range(1000))


@pytest.fixture
def name():
    """A name that no other test has a database of: the server outlives the stories."""
    return next(NAMES)


@pytest_asyncio.fixture(loop_scope="session")
async def owner(pg_staging):
    """The server as its superuser sees it."""
    address = pg_staging.superuser("tandem").get_secret_value()
    async with await psycopg.AsyncConnection.connect(
        address, autocommit=True
    ) as connection:
        yield connection


async def asked(ops, name, *, more="") -> Card:
    card = await ops.alice.asks(f"postgres create {name} on pg-staging{more}")
    assert card.operation.state is State.PROPOSED, card.operation.outcome
    return card


async def decided(ops, name, *, more="") -> Card:
    card = await asked(ops, name, more=more)
    await ops.bob.approves(card)
    await ops.works()
    return card


def letters(ops, user="U0ALICE"):
    """What was written to one person alone."""
    return ops.slack.directs(user)


async def unwrap(ops, token):
    async with httpx.AsyncClient(trust_env=False) as http:
        return await http.post(
            f"{ops.day.town.openbao.address}/v1/sys/wrapping/unwrap",
            headers={"X-Vault-Token": token},
        )


async def password_of(ops) -> str:
    (letter,) = letters(ops)
    answer = await unwrap(ops, TOKEN.search(letter).group(1))
    return answer.json()["data"]["password"]


async def connect(server, *, user, password, database):
    return await psycopg.AsyncConnection.connect(
        host="127.0.0.1",
        port=server.served.port,
        user=user,
        password=password,
        dbname=database,
        autocommit=True,
    )


async def test_a_database_is_made_and_its_user_gets_in_there_only(
    ops, pg_staging, name
):
    card = await decided(ops, name, more=" user=app_" + name)

    assert await ops.state(card) is State.DONE, (await ops.again(card)).operation
    password = await password_of(ops)
    how = {"user": f"app_{name}", "password": password}
    async with await connect(pg_staging, **how, database=name) as connection:
        await connection.execute("CREATE TABLE t (a int)")
    for elsewhere in ("postgres", "tandem", "template1"):
        with pytest.raises(psycopg.OperationalError, match="permission denied"):
            await connect(pg_staging, **how, database=elsewhere)
    wrong = {**how, "password": "another"}
    with pytest.raises(psycopg.OperationalError, match="authentication failed"):
        await connect(pg_staging, **wrong, database=name)
