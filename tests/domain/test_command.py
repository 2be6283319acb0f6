"""A command is one class: its fields, its docstring and two words."""

from __future__ import annotations

from typing import Annotated

import pytest
from pydantic import ValidationError

from bot import registry, sdk
from bot.domain.command import Command
from bot.domain.errors import Broken
from bot.domain.message import Message
from bot.domain.scope import Risk


class Polish(sdk.Command, name="polish", risk=Risk.LOW):
    """
    Make a database shine.

    It shines for a day.
    """

    database: Annotated[str, sdk.target("database", "which one", example="db-prod")]
    wax: Annotated[str, sdk.arg("the wax", example="soft", pattern="^[a-z]+$")]
    cloth: str

    def change(self, target, client):
        title = Message.own(en="Polish", args={})
        return sdk.DirectAction(title=title, playbook="aws.polish", inputs={})


def test_what_a_command_declares_is_its_spec():
    spec = Polish.spec

    assert (spec.name, spec.risk) == ("polish", Risk.LOW)
    assert (spec.target, spec.kind) == ("database", "database")
    assert spec.summary == "Make a database shine."
    assert spec.help == "Make a database shine.\n\nIt shines for a day."
    assert [one.name for one in spec.arguments] == ["database", "wax", "cloth"]
    assert [one.help for one in spec.arguments] == ["which one", "the wax", ""]


def test_a_spec_tells_the_line_to_type():
    assert Polish.spec.usage == "polish <database> <wax> <cloth>"
    assert Polish.spec.example == "polish db-prod soft "


def test_a_request_knows_its_target_and_its_risk():
    asked = Polish(database="db-prod", wax="soft", cloth="felt")

    assert asked.target_name == "db-prod"
    assert asked.risk_now(None) is Risk.LOW


def test_an_argument_that_does_not_fit_its_pattern_is_refused():
    with pytest.raises(ValidationError):
        Polish(database="db-prod", wax="soft\n", cloth="felt")


def test_an_argument_that_nobody_declared_is_refused():
    with pytest.raises(ValidationError):
        Polish(database="db-prod", wax="soft", cloth="felt", more="x")


def test_a_command_without_a_target_is_broken():
    with pytest.raises(Broken, match="exactly one target"):

        class Aimless(Command, name="aimless", risk=Risk.LOW):
            word: str


def test_a_command_with_two_targets_is_broken():
    with pytest.raises(Broken, match="exactly one target"):

        class Greedy(Command, name="greedy", risk=Risk.LOW):
            one: Annotated[str, sdk.target("database", "x", example="y")]
            other: Annotated[str, sdk.target("database", "x", example="y")]


def test_a_command_without_help_has_an_empty_one():
    class Silent(Command, name="silent", risk=Risk.LOW):
        one: Annotated[str, sdk.target("database", "x", example="y")]

    assert Silent.spec.summary == ""


@pytest.mark.parametrize("name", registry.load().commands)
def test_every_command_of_this_build_tells_who_types_it_all_they_need(name):
    spec = registry.load().commands[name].spec

    assert spec.name == name
    assert spec.summary.endswith(".")
    assert all(one.help and one.example for one in spec.arguments)
