"""A question is one class: its fields, its docstring and a word."""

from __future__ import annotations

from typing import Annotated

import pytest

from bot import sdk
from bot.domain.message import Message


class Weather(sdk.Query, name="weather"):
    """
    Tell what the sky is like.

    Where nothing is named, here.
    """

    day: Annotated[str, sdk.arg("which day", example="monday")]
    place: Annotated[str | None, sdk.arg("where", example="paris")] = None

    async def answer(self, reading: sdk.Reading) -> sdk.Sheet:
        return sdk.Sheet(title=Message.own(en="Rain", args={}))


class Silent(sdk.Query, name="silent"):
    async def answer(self, reading: sdk.Reading) -> sdk.Sheet:
        return sdk.Sheet(title=Message.own(en="-", args={}))


def test_what_a_question_declares_is_its_spec():
    spec = Weather.spec

    assert (spec.name, spec.summary) == ("weather", "Tell what the sky is like.")
    assert spec.help.endswith("\n\nWhere nothing is named, here.")
    assert [(one.name, one.help) for one in spec.arguments] == [
        ("day", "which day"),
        ("place", "where"),
    ]
    assert [(one.name, one.required) for one in spec.fields] == [
        ("day", True),
        ("place", False),
    ]


def test_a_question_tells_the_line_to_type_and_one_that_works():
    assert Weather.spec.usage == "weather <day> [place=…]"
    assert Weather.spec.example == "weather monday"


def test_a_question_says_nothing_of_itself_that_it_does_not_write():
    assert (Silent.spec.help, Silent.spec.usage) == ("", "silent")


def test_a_question_that_answers_nothing_is_none():
    class Mute(sdk.Query, name="mute"):
        """Say nothing."""

    with pytest.raises(TypeError, match="answer"):
        Mute()
