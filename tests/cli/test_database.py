"""`tandem db upgrade`, and what the program says of a database that does not fit."""

from __future__ import annotations

import itertools

import pytest
import pytest_asyncio
from pydantic import SecretStr

from bot.outbound.postgres import schema
from tests.conftest import _as_owner as as_owner

SECRET = "pa55word-nobody-may-see"
_numbers = itertools.count(1)


@pytest_asyncio.fixture
async def empty(postgres):
    """A database that nobody migrated."""
    name = f"tandem_empty_{next(_numbers)}"
    await as_owner(postgres, f"CREATE DATABASE {name}")
    yield lambda user: postgres.url(user=user, database=name)
    await as_owner(postgres, f"DROP DATABASE {name} WITH (FORCE)")


async def test_an_upgrade_makes_the_schema_and_a_second_one_changes_nothing(
    tandem, empty
):
    owner = empty("postgres")
    program = tandem.having(
        TANDEM_DATABASE_URL=empty("tandem_app"), TANDEM_DATABASE_OWNER_URL=owner
    )

    first, second = await program("db", "upgrade"), await program("db", "upgrade")
    listed = await program("ops", "list", "--client", "acme")

    assert [one.out for one in (first, second)] == [f"schema {schema.newest()}\n"] * 2
    assert (first.status, second.status, listed.status) == (0, 0, 0)


async def test_the_application_s_role_cannot_upgrade(tandem, empty):
    ended = await tandem.having(TANDEM_DATABASE_URL=empty("tandem_app"))(
        "db", "upgrade"
    )

    assert "may not change the schema; set TANDEM_DATABASE_OWNER_URL" in ended.complaint


async def test_a_database_without_its_schema_is_told_what_to_run(tandem, empty):
    program = tandem.having(TANDEM_DATABASE_URL=empty("tandem_app"))

    ended = await program("ops", "list", "--client", "acme")

    assert "no schema yet; run `tandem db upgrade`" in ended.complaint


@pytest.mark.parametrize(
    "words",
    [("ops", "list", "--client", "acme"), ("audit", "show", "--client", "acme")],
)
async def test_a_role_that_could_step_around_the_walls_is_refused(
    tandem, database, words
):
    owner = database.owner.get_secret_value()

    ended = await tandem.having(TANDEM_DATABASE_URL=owner)(*words)

    assert "is a superuser, owns the tables or bypasses" in ended.complaint


@pytest.mark.parametrize(
    "words", [("db", "upgrade"), ("ops", "list", "--client", "acme")]
)
async def test_a_database_that_is_away_is_one_line_without_the_password(tandem, words):
    url = f"postgresql+psycopg://tandem_app:{SECRET}@127.0.0.1:1/tandem"

    ended = await tandem.having(TANDEM_DATABASE_URL=url)(*words)

    assert ended.complaint.startswith("tandem: the database did not answer")
    assert SECRET not in ended.out + ended.err


async def test_the_schema_is_of_a_version_that_is_told(database):
    owner = SecretStr(database.owner.get_secret_value())

    reached = await schema.upgrade(owner)

    assert reached == schema.newest()
