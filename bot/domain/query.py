"""
The shape of a question: a command that only reads.

Like a command it is a frozen model: fields are arguments, the docstring is the help.
It makes no change and no operation. `answer` is handed what this person may read here
and returns a `Sheet`, which the edge draws. What a target is right now only the worker
can find out, with credentials lent for that one look: a sheet names the target that is
to be looked at, and the live state follows by itself.
"""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol

from bot.domain.binding import FieldSpec, usage
from bot.domain.command import Argument
from bot.domain.frozen import Frozen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.catalog import Client, Target
    from bot.domain.command import Spec
    from bot.domain.found import Hit
    from bot.domain.message import Message


@dataclass(frozen=True, slots=True)
class QuerySpec:
    """What a question declares about itself; `optional` are names of arguments."""

    name: str
    summary: str
    help: str
    arguments: tuple[Argument, ...]
    optional: frozenset[str]

    @property
    def fields(self) -> tuple[FieldSpec, ...]:
        """The fields that words are laid onto."""
        return tuple(
            FieldSpec(one.name, one.help, required=one.name not in self.optional)
            for one in self.arguments
        )

    @property
    def usage(self) -> str:
        """The line to type, what may be left out in square brackets."""
        return usage(self.name, self.fields)

    @property
    def example(self) -> str:
        """A line that works as it stands, with all that must be given."""
        given = (one for one in self.arguments if one.name not in self.optional)
        return " ".join((self.name, *(one.example for one in given)))


@dataclass(frozen=True, slots=True)
class Section:
    """
    A part of an answer: a heading, then whatever of these it has.

    `typed` are lines to type after `/infra`, `hits` operations as the audit shows them.
    """

    heading: Message
    lines: tuple[Message, ...] = ()
    typed: tuple[str, ...] = ()
    hits: tuple[Hit, ...] = ()


@dataclass(frozen=True, slots=True)
class Sheet:
    """An answer; `look_at` is the target whose live state is to follow."""

    title: Message
    sections: tuple[Section, ...] = ()
    hint: Message | None = None
    look_at: str | None = None


@dataclass(frozen=True, slots=True)
class Deciding:
    """Who decides on one command of one target, as things stand today."""

    command: str
    who: Message


class Reading(Protocol):
    """What a question may read: this person's view of this channel's client."""

    @property
    def client(self) -> Client:
        """The client whose channel it was asked in."""

    @property
    def targets(self) -> Sequence[Target]:
        """The client's targets that this person may know of."""

    def target(self, name: str) -> Target:
        """Return the target of exactly this name; BadArguments suggests others."""

    def commands_for(self, target: Target) -> Sequence[Spec]:
        """Return the commands that this person may ask for on the target."""

    def deciding(self, target: Target) -> Sequence[Deciding]:
        """Return who decides, for each of those commands."""

    def can_look_at(self, target: Target) -> bool:
        """Tell whether anything in this build reads the live state of such a target."""

    async def open_on(self, target: Target) -> Sequence[Hit]:
        """Return the operations on the target that have not ended, oldest first."""

    async def last_on(self, target: Target, *, most: int) -> Sequence[Hit]:
        """Return the latest operations on the target, newest first."""


class Query(Frozen, ABC):
    """One thing a person can ask to know."""

    spec: ClassVar[QuerySpec]
    _declared: ClassVar[str]

    def __init_subclass__(cls, *, name: str, **_: object) -> None:
        """Take the declaration; it is read once the fields are known."""
        super().__init_subclass__()
        cls._declared = name

    @classmethod
    def __pydantic_init_subclass__(cls, **_: object) -> None:
        """Turn the declared name, the fields and the docstring into `spec`."""
        about = inspect.cleandoc(cls.__doc__ or "")  # not one that is inherited
        fields = cls.model_fields.items()
        cls.spec = QuerySpec(
            name=cls._declared,
            summary=about.partition("\n")[0],
            help=about,
            arguments=tuple(
                Argument(
                    name=name,
                    help=info.description or "",
                    example=str((info.examples or [""])[0]),
                )
                for name, info in fields
            ),
            optional=frozenset(n for n, info in fields if not info.is_required()),
        )

    @abstractmethod
    async def answer(self, reading: Reading) -> Sheet:
        """Return the answer; Refused when there is none. Changes nothing."""
