"""Names of databases, and what the catalog and a command say of servers."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from bot.domain.database import DatabaseName, reserved
from bot.domain.scope import DatabaseScope, database_action, is_database
from bot.flow.line import read_line
from bot.outbound.catalog import load
from commands.postgres import Postgres
from tests.contract.test_every_command import CATALOG
from tests.contract.test_way_back_of_every_command import HOSTILE

NAME = TypeAdapter(DatabaseName)
BAD = [*(one for one in HOSTILE if one != "undo"), "x" * 33, "Shop", "1shop", "", "s-p"]


@pytest.mark.parametrize("bad", BAD)
def test_what_would_have_to_be_quoted_is_no_name(bad):
    with pytest.raises(ValidationError):
        NAME.validate_python(bad)


@pytest.mark.parametrize("name", ["shop", "a", "s_1", "x" * 32, "users", "testing"])
def test_plain_names_are_names_and_free(name):
    assert NAME.validate_python(name) == name
    assert not reserved(name)


@pytest.mark.parametrize(
    "name", ["postgres", "mysql", "pg_x", "tandem", "tandem_x", "v_x", "root", "sys"]
)
def test_what_servers_and_tools_keep_for_themselves_is_reserved(name):
    assert reserved(name)


def test_to_look_and_to_make_are_two_actions_of_a_server():
    scope = DatabaseScope(
        server="pg-staging",
        engine="postgresql",
        address="pg.example",
        port=5432,
        unsafe_no_tls=False,
        make=True,
    )

    assert scope.name == "db-pg-staging-make"
    assert database_action("pg-staging", make=False) == "db-pg-staging-read"
    assert is_database(scope.name)
    assert not is_database("ssh-db-host")


def test_a_client_s_servers_are_those_of_its_inventory():
    catalog = load(CATALOG)

    found = {
        client.id: [one.name for one in client.servers] for client in catalog.clients
    }

    assert found == {"acme": ["my-staging", "pg-staging"], "globex": []}


@pytest.mark.parametrize(
    ("line", "user"),
    [
        ("postgres create shop on pg-staging", ""),
        ("postgres create shop on pg-staging user=app", "app"),
        ("postgres create shop on pg-staging app", "app"),
        ("postgres user=app create shop on pg-staging", "app"),
    ],
)
def test_the_user_may_be_left_out(line, user):
    read = read_line(line, commands={"postgres": Postgres})

    assert read.user == user
    assert read.target_name == "pg-staging"


def test_what_may_be_left_out_is_shown_in_brackets_and_typed_by_name():
    spec = Postgres.spec

    assert spec.usage == "postgres create <database> on <server> [user=…]"
    assert spec.example == "postgres create orders on pg-staging user=orders_app"
