"""Rules that hold for every question by its being there."""

from __future__ import annotations

import importlib
from types import ModuleType

import pytest

from bot import registry
from bot.domain.errors import Broken
from bot.domain.query import Query, Sheet
from bot.domain.text import read_words
from bot.flow.answer import WORDS
from bot.outbound.catalog import load
from tests.contract.test_every_command import CATALOG

BUILD = registry.load()
QUERIES = sorted(BUILD.queries)
ACME = load(CATALOG).client("acme")
# A host and a server are read by logging in, a parameter in git: more than a look.
UNREAD = {"host", "parameter", "server"}


@pytest.mark.parametrize("name", QUERIES)
def test_its_example_is_read_as_it_stands(name):
    query = BUILD.queries[name]
    word, *rest = read_words(query.spec.example)

    values = dict(zip([one.name for one in query.spec.arguments], rest, strict=False))

    assert word.text == name
    query.model_validate({field: value.text for field, value in values.items()})


@pytest.mark.parametrize("name", QUERIES)
def test_it_says_what_it_tells_in_one_line_and_in_full(name):
    spec = BUILD.queries[name].spec

    assert spec.summary.endswith(".")
    assert len(spec.summary) <= 80
    assert len(spec.help.split()) > 15
    assert all(one.help and one.example for one in spec.arguments)


def test_no_question_has_the_name_of_a_command_or_of_what_is_built_in():
    taken = {*BUILD.commands, *WORDS, "approve", "deny", "cancel", "ticket"}

    assert taken.isdisjoint(BUILD.queries)


def test_two_questions_of_one_name_are_refused():
    with pytest.raises(Broken, match="two of one name"):
        registry.load(importlib.import_module("commands.list"))


def test_a_question_with_the_name_of_a_command_is_refused():
    class Backup(Query, name="backup"):
        """Ask."""

        async def answer(self, reading):
            return Sheet(title=reading.client.name)

    module = ModuleType(Backup.__module__)
    module.Backup = Backup

    with pytest.raises(Broken, match="two of one name"):
        registry.load(module)


@pytest.mark.parametrize("target", ACME.targets, ids=lambda one: one.name)
def test_the_live_state_of_what_aws_runs_can_be_read(target):
    found = BUILD.observing(target, client=ACME)

    if target.kind in UNREAD:
        assert found is None  # then the answer says that nothing reads it
    else:
        assert found.scope().name in BUILD.aws_actions
