"""
The shape of a command.

A command is a frozen model: its fields are its arguments, its docstring is its help,
the words after its base class say its name and how dangerous it is, and `change` says
what it would do to the target. It does nothing itself: no I/O, no clock.
"""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal, get_args, get_origin

from pydantic import Field

from bot.domain.errors import Broken
from bot.domain.frozen import Frozen
from bot.domain.scope import Risk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic.fields import FieldInfo

    from bot.domain.catalog import Client, Target
    from bot.domain.change import DirectAction, MergeRequest, ValueChange
    from bot.domain.cost import Cost
    from bot.domain.message import Message
    from bot.domain.way_back import Before, WayBack

_TARGET = "tandem_target"
_AFTER = "tandem_after"


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a command, as help and usage lines show it."""

    name: str
    help: str
    example: str
    choices: tuple[str, ...] = ()
    after: str = ""
    required: bool = True
    # Of one that may be left out: typed by its name, since no word comes after it.
    named: bool = False

    @property
    def usage(self) -> str:
        """What stands for it in the line to type, with the word that leads to it."""
        if self.named:
            return f"[{self.name}=…]"
        shown = "|".join(self.choices) or f"<{self.name}>"
        whole = f"{self.after} {shown}" if self.after else shown
        return whole if self.required else f"[{whole}]"

    @property
    def typed(self) -> str:
        """Its example, as it is typed."""
        return self.typed_as(self.example)

    def typed_as(self, value: str) -> str:
        """Return a value of it as it is typed, with the word that leads to it."""
        if self.named:
            return f"{self.name}={value}"
        return f"{self.after} {value}" if self.after else value


@dataclass(frozen=True, slots=True)
class Spec:
    """What a command declares about itself."""

    name: str
    risk: Risk
    target: str
    kinds: tuple[str, ...]
    summary: str
    help: str
    arguments: tuple[Argument, ...]

    @property
    def kind(self) -> str:
        """The kinds of target that it works on, for people to read."""
        return " or ".join(self.kinds)

    @property
    def usage(self) -> str:
        """The line to type, with the arguments in angle brackets."""
        words = (argument.usage for argument in self.arguments)
        return " ".join((self.name, *words))

    def usage_on(self, target: str) -> str:
        """Return the line to type for this target, the rest in angle brackets."""
        words = (
            argument.usage.replace(f"<{argument.name}>", target)
            if argument.name == self.target
            else argument.usage
            for argument in self.arguments
        )
        return " ".join((self.name, *words))

    @property
    def example(self) -> str:
        """A line that works as it stands, given such a target."""
        words = (argument.typed for argument in self.arguments)
        return " ".join((self.name, *words))


def arg(
    about: str,
    *,
    example: str,
    pattern: str | None = None,
    least: int | None = None,
    after: str = "",
) -> Any:  # noqa: ANN401 - pydantic's FieldInfo is typed so
    """
    Describe one argument: help, example, the text it must match or its least number.

    `after` is a word that is typed before it, such as `for`. An argument that can only
    be one of a few words is declared as their `Literal`. One that may be left out has a
    default: the last one is typed `name=value`, another gives way to the word after it.
    """
    return Field(
        description=about,
        examples=[example],
        pattern=pattern,
        ge=least,
        json_schema_extra={_AFTER: after},
    )


def target(
    kind: str | Sequence[str], about: str, *, example: str, after: str = ""
) -> Any:  # noqa: ANN401 - as above
    """Describe the argument that names the target, and which kinds it may be of."""
    kinds = kind if isinstance(kind, str) else " ".join(kind)
    return Field(
        description=about,
        examples=[example],
        json_schema_extra={_TARGET: kinds, _AFTER: after},
    )


def _argument(name: str, info: FieldInfo) -> Argument:
    extra = info.json_schema_extra
    literal = get_origin(info.annotation) is Literal
    return Argument(
        name=name,
        help=info.description or "",
        example=str((info.examples or [""])[0]),
        choices=tuple(map(str, get_args(info.annotation))) if literal else (),
        after=str(extra.get(_AFTER, "")) if isinstance(extra, dict) else "",
        required=info.is_required(),
    )


def _arguments(command: type[Command]) -> tuple[Argument, ...]:
    """Return them in order; what may be left out is named where no word follows it."""
    found = [_argument(name, info) for name, info in command.model_fields.items()]
    return tuple(
        replace(
            one, named=not one.required and not any(r.after for r in found[at + 1 :])
        )
        for at, one in enumerate(found)
    )


class Command(Frozen, ABC):
    """One thing a person can ask for."""

    spec: ClassVar[Spec]
    _declared: ClassVar[tuple[str, Risk]]

    def __init_subclass__(cls, *, name: str, risk: Risk, **_: object) -> None:
        """Take the declaration; it is read once the fields are known."""
        super().__init_subclass__()
        cls._declared = (name, risk)

    @classmethod
    def __pydantic_init_subclass__(cls, **_: object) -> None:
        """Turn the declared words, the fields and the docstring into `spec`."""
        name, risk = cls._declared
        about = inspect.cleandoc(cls.__doc__ or "")  # not one that is inherited
        named = [
            (field, extra[_TARGET])
            for field, info in cls.model_fields.items()
            if isinstance(extra := info.json_schema_extra, dict) and _TARGET in extra
        ]
        if len(named) != 1:
            raise Broken(f"command {name!r} must name exactly one target argument")
        ((field, kinds),) = named
        cls.spec = Spec(
            name=name,
            risk=risk,
            target=field,
            kinds=tuple(str(kinds).split()),
            summary=about.partition("\n")[0],
            help=about,
            arguments=_arguments(cls),
        )

    @property
    def target_name(self) -> str:
        """The name of the target that this request is about."""
        return str(getattr(self, self.spec.target))

    def risk_now(self, target: Target) -> Risk:  # noqa: ARG002 - for commands to look at
        """Return the risk of this very request; it may be raised, never lowered."""
        return self.spec.risk

    @abstractmethod
    def change(
        self, target: Target, client: Client
    ) -> MergeRequest | ValueChange | DirectAction:
        """Say what would be done to the client's target: same words, same change."""

    def undo(self, before: Before) -> WayBack | Message | None:  # noqa: ARG002 - for commands to look at
        """
        Say what to ask for to have it as it was before, or why there is no way back.

        Shown before anybody decides. Nothing leaves it to the playbook's own words.
        """
        return None

    def cost(self, before: Before, client: Client) -> Cost | None:  # noqa: ARG002 - for commands to look at
        """
        Say what a merge request of it adds a month; None where no list knows.

        Approvals bind to it and routes count by it. What is unknown is never cheap.
        """
        return None

    def notes(self, before: Before, client: Client) -> tuple[Message, ...]:  # noqa: ARG002 - for commands to look at
        """Say what those who decide should know besides, such as what it costs."""
        return ()
