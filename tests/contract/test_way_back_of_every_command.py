"""Every command says its way back beforehand, and no value bends what it does."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from bot.domain.change import DirectAction
from bot.domain.errors import Refused
from bot.domain.playbook import LiveState
from bot.domain.way_back import Before, WayBack, spelled
from bot.flow.line import read_line
from bot.outbound.speech import Speech
from tests.contract.test_every_command import ACME, BUILD, COMMANDS, example_of

BEFORES = [
    Before(state=LiveState(items=())),
    Before(state=LiveState(items=(("state", "running"),)), value="t3.medium"),
    Before(state=LiveState(items=()), value=20),
    Before(state=LiveState(items=()), value=True),
]
HOSTILE = [
    "--help",
    "-x",
    "../../etc/passwd",
    'a" b',
    "a\nb",
    "a\x00b",
    "${file(x)}",
    "%{if}",
    "$${x}",
    "{{ lookup('pipe','id') }}",
    "{ $id }",
    "web-2; rm -rf /",
    "$(id)",
    "`id`",
    "<!channel>",
    "<@U0BOB>",
    "*",
    "web-2\u202e",
    "arn:aws:ec2:eu-west-3:123456789012:instance/*",
    "undo",
    "x" * 3000,
]


@pytest.mark.parametrize("before", BEFORES)
@pytest.mark.parametrize("name", COMMANDS)
def test_its_way_back_is_a_line_that_is_read_as_meant_or_words(name, before):
    made, target = example_of(name)

    way = made.undo(before)

    if isinstance(way, WayBack):
        line = spelled(way, spec=BUILD.commands[way.command].spec)
        try:
            read = read_line(line, commands=BUILD.commands)
        except Refused:
            return  # then the card says that there is no way back by a command
        assert read == BUILD.commands[way.command].model_validate(way.arguments)
    elif way is not None:
        for language in ("en", "fr"):
            assert Speech().say(way, language=language)
    else:
        change = made.change(target, ACME)
        assert isinstance(change, DirectAction)
        words = BUILD.playbook(change.playbook, inputs=change.inputs).undo()
        assert words is not None
        assert Speech().say(words, language="en")


@pytest.mark.parametrize("before", BEFORES)
@pytest.mark.parametrize("name", COMMANDS)
def test_what_it_notes_is_said_in_both_languages(name, before):
    made, _ = example_of(name)

    for note in made.notes(before, ACME):
        for language in ("en", "fr"):
            assert Speech().say(note, language=language)


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("name", COMMANDS)
def test_a_hostile_value_is_refused_or_stays_one_value(name, value):
    """Whatever is typed in an argument's place reaches that argument, or nothing."""
    command = BUILD.commands[name]
    for argument in command.spec.arguments:
        words = {one.name: one.example for one in command.spec.arguments}
        words[argument.name] = value
        line = spelled(WayBack(command=name, arguments=words), spec=command.spec)
        try:
            made = read_line(line, commands=BUILD.commands)
        except Refused:
            continue
        except ValidationError:  # pragma: no cover - would be a defect
            pytest.fail("a misfit must be refused in words")
        assert type(made) is command
        given = made.model_dump(mode="json")
        # The grammar knows one kind of space.
        meant = {key: one.replace("\n", " ") for key, one in words.items()}
        assert {key: str(one) for key, one in given.items()} == meant
        target = ACME.target(made.target_name)
        if target is None:
            continue
        try:
            change = made.change(target, ACME)
        except Refused:
            continue
        assert value not in (change.title.patterns or {}).values()
        if isinstance(change, DirectAction):
            assert value not in change.playbook
