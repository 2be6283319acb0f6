"""Reading a line: the command that it spells, or what does not fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError

from bot.domain.binding import FieldSpec, bind
from bot.domain.errors import BadArguments
from bot.domain.message import Message
from bot.domain.suggest import near
from bot.domain.text import read_words
from bot.domain.timing.when import take_at

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from bot.domain.command import Command


def read_line(
    line: str,
    *,
    commands: Mapping[str, type[Command]],
    offered: Callable[[], Collection[str]] | None = None,
) -> Command:
    """
    Return the command that the line spells; BadArguments says what does not fit.

    `offered` are the commands to suggest when there is none of that name.
    """
    return read(line, commands=commands, offered=offered)[0]


def read(
    line: str,
    *,
    commands: Mapping[str, type[Command]],
    offered: Callable[[], Collection[str]] | None = None,
) -> tuple[Command, str | None]:
    """Return the same, and the words of the moment that it asks to run at, if any."""
    words, moment = take_at(read_words(line))
    name = words[0].text if words else ""
    if name not in commands:
        mine = sorted(commands if offered is None else offered())
        known = near(name, mine) or tuple(mine) or ("-",)
        raise BadArguments(
            Message.of("refused.no-command", {"got": name, "known": ", ".join(known)})
        )
    spec = commands[name].spec
    fields = tuple(
        FieldSpec(
            one.name,
            one.help,
            after=one.after,
            choices=one.choices,
            required=one.required,
        )
        for one in spec.arguments
    )
    given = bind(words[1:], fields, command=f"/infra {name}")
    try:
        return commands[name].model_validate(dict(given)), moment
    except ValidationError as error:
        raise _misfit(error, commands[name]) from None


def _misfit(error: ValidationError, command: type[Command]) -> BadArguments:
    # A rule over the whole command names no field: then the target's is as good as any.
    place = error.errors()[0]["loc"]
    name = str(place[0]) if place else command.spec.target
    argument = next(one for one in command.spec.arguments if one.name == name)
    got = str(error.errors()[0].get("input", ""))[:60]
    return BadArguments(
        Message.of(
            "refused.bad-argument",
            {
                "name": name,
                "got": got,
                "help": argument.help,
                "example": f"/infra {command.spec.example}",
            },
        )
    )
