"""Rules that hold for every command and playbook by its being there."""

from __future__ import annotations

import importlib.util
import sys
import textwrap
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot import registry
from bot.domain.change import DirectAction, MergeRequest, ValueChange
from bot.domain.errors import Broken
from bot.domain.scope import Risk, database_action, ssh_action, tls_action
from bot.flow.ask import ask
from bot.flow.door import Knock
from bot.outbound import clock
from bot.outbound.catalog import CatalogKeeper, load
from bot.outbound.postgres.engine import engine
from bot.outbound.postgres.store import Store
from bot.outbound.speech import Speech
from bot.ports import Front

BUILD = registry.load()
CATALOG = Path(__file__).parents[2] / "deploy" / "sandbox" / "catalog"
ACME = load(CATALOG).client("acme")
COMMANDS = sorted(BUILD.commands)


def example_of(name):
    """The command's own example as a command, and the target that it names."""
    command = BUILD.commands[name]
    words = {one.name: one.example for one in command.spec.arguments}
    made = command.model_validate(words)
    return made, ACME.target(made.target_name)


@pytest.mark.parametrize("name", COMMANDS)
def test_its_example_works_as_it_stands(name):
    made, target = example_of(name)

    assert target is not None
    assert target.kind in made.spec.kinds


@pytest.mark.parametrize("name", COMMANDS)
def test_it_says_what_it_does_in_one_line_and_in_full(name):
    spec = BUILD.commands[name].spec

    assert spec.summary.endswith(".")
    assert len(spec.summary) <= 80
    assert len(spec.help.split()) > 15
    assert all(one.help and one.example for one in spec.arguments)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_same_words_make_the_same_change(name):
    made, target = example_of(name)

    assert made.change(target, ACME) == made.change(target, ACME)


@pytest.mark.parametrize("name", COMMANDS)
def test_its_risk_is_never_lowered(name):
    made, target = example_of(name)

    assert Risk.LOW <= made.spec.risk <= made.risk_now(target) <= Risk.HIGH


@pytest.mark.parametrize("name", COMMANDS)
def test_what_it_stores_can_be_made_again_and_asks_for_known_rights(name):
    """The inputs survive storage, and Vault knows every role they may need."""
    made, target = example_of(name)
    change = made.change(target, ACME)

    if isinstance(change, DirectAction):
        playbook = BUILD.playbook(change.playbook, inputs=change.inputs)
        scopes = [playbook.preview_scope(), playbook.scope("a" * 20)]
    elif isinstance(change, ValueChange):
        assert ValueChange.model_validate_json(change.model_dump_json()) == change
        scopes = []  # git verifies it; nothing of the cloud is asked
    else:
        assert isinstance(change, MergeRequest)
        effect = change.effect
        seen = BUILD.observation(effect.observation, inputs=effect.inputs)
        scopes = [seen.scope()]
    known = {
        *BUILD.aws_actions,
        *map(ssh_action, ACME.principals),
        *(tls_action(principal) for principal, _ in ACME.sites),
        *(
            database_action(server.name, make=make)
            for server in ACME.servers
            for make in (False, True)
        ),
    }
    assert {scope.name for scope in scopes} <= known


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("language", ["en", "fr"])
def test_its_title_is_said_in_both_languages(name, language):
    made, target = example_of(name)

    said = Speech().say(made.change(target, ACME).title, language=language)

    assert target.name in said


def test_two_commands_of_one_name_are_refused():
    with pytest.raises(Broken, match="two of one name"):
        registry.load(importlib.import_module("commands.resize"))


THIRD = '''
from typing import Annotated

from bot import sdk
from playbooks.aws.rds_snapshot import RdsSnapshot


class Keep(sdk.Command, name="keep", risk=sdk.Risk.LOW):
    """
    Keep a copy of a database.

    It is the backup by another name, so that this test needs one file and nothing else.
    """

    database: Annotated[
        str, sdk.target("database", "the database to keep", example="db-prod")
    ]

    def change(self, target: sdk.Target, client: sdk.Client) -> sdk.DirectAction:
        database = sdk.as_kind(target, sdk.Database)
        return RdsSnapshot(
            database=database.aws.db_identifier,
            region=client.aws.region,
            account=client.aws.account,
        ).planned(sdk.text(en="Keep { $name }", args={"name": target.name}))
'''


@pytest.fixture
def third(tmp_path):
    """A third command, in a file of its own that nothing else knows of."""
    file = tmp_path / "keep.py"
    file.write_text(textwrap.dedent(THIRD))
    spec = importlib.util.spec_from_file_location("keep", file)
    module = importlib.util.module_from_spec(spec)
    # Registered while it is defined: a class looks its own module up.
    sys.modules["keep"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["keep"]


async def test_a_third_command_is_one_file(third, database):
    """Parsing, help, rights, storage and the next job come with the file."""
    build = registry.load(third)
    keeper = CatalogKeeper(CATALOG, now=clock.now, commands=build.commands)
    await keeper.open()
    pool = engine(database.app, size=2)
    front = Front(
        store=Store(pool),
        catalog=keeper,
        registry=build,
        now=lambda: datetime(2026, 11, 23, 3, 0, tzinfo=UTC),
        new_id=clock.new_id,
        new_code=clock.new_code,
    )
    knock = Knock("T0CLARANET", "U0ALICE", "C0ACMEOPS", "keep db-prod", "slash:1")

    told = await ask(knock, front=front)

    assert told.key == "asked.noted"
    (kept,) = await front.store.unfinished("acme")
    assert (kept.command, kept.target) == ("keep", "db-prod")
    await pool.dispose()
