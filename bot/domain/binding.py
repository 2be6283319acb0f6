"""
Words of a typed line laid onto the fields of a command.

A field is given by its place or as `name=value`, once. Nothing is guessed and nothing
is left over: one word too many, an unknown or a repeated name, a flag, an empty value
are refused, and nothing runs. What a value may be is left to the command's own types.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from bot.domain.decode import unfit, visible
from bot.domain.suggest import near

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bot.domain.text import Word


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """
    One field of a command.

    `kind` says what fits: a `word`; the `rest` of the line (spaces and `=` included,
    once it has begun); or a `member` or `channel` that Slack recognised, given as its
    id. An optional field may stand before one that a word leads to, and is skipped by
    that word. `after` is a word that leads to the field where it is given by its place
    (`on <host>`); `choices` are only shown.
    """

    name: str
    help: str = ""
    after: str = ""
    choices: tuple[str, ...] = ()
    required: bool = True
    kind: Literal["word", "rest", "member", "channel"] = "word"


@dataclass(frozen=True, slots=True)
class Argument:
    """One field's value as typed, and its column in the line as shown (from 1)."""

    name: str
    value: str
    column: int


@dataclass(frozen=True, slots=True)
class Arguments(Mapping[str, str]):
    """The values of a command's fields by name, in the order they were given."""

    given: tuple[Argument, ...] = ()

    def __getitem__(self, name: str) -> str:
        """Return the value of the field; KeyError if it was not given."""
        return self._argument(name).value

    def __iter__(self) -> Iterator[str]:
        return (argument.name for argument in self.given)

    def __len__(self) -> int:
        return len(self.given)

    def column(self, name: str) -> int:
        """Return where the value began; KeyError if it was not given."""
        return self._argument(name).column

    def _argument(self, name: str) -> Argument:
        for argument in self.given:
            if argument.name == name:
                return argument
        raise KeyError(name)


def usage(command: str, fields: Sequence[FieldSpec]) -> str:
    """Return the line to type: `<required>` and `[optional=…]`."""
    return " ".join((command, *(_place(one) for one in fields)))


def _place(field: FieldSpec) -> str:
    if not field.required:
        return f"[{field.name}=…]"
    shown = "|".join(field.choices) or f"<{field.name}>"
    return f"{field.after} {shown}" if field.after else shown


def bind(
    words: Sequence[Word], fields: Sequence[FieldSpec], *, command: str
) -> Arguments:
    """
    Return the fields' values from the words after the command's name.

    `command` is what the usage line begins with, such as `/infra resize`. Raises
    `BadArguments` with the first thing that does not fit.
    """
    binder = _Binder(fields, command)
    for word in words:
        binder.take(word)
    return binder.arguments()


class _Binder:
    """The fields filled so far."""

    def __init__(self, fields: Sequence[FieldSpec], command: str) -> None:
        self._fields = {field.name: field for field in fields}
        self._command = command
        self._given: dict[str, Argument] = {}
        self._rest: str | None = None
        # The field that a leading word such as `on` has announced.
        self._announced: FieldSpec | None = None

    @property
    def _usage(self) -> str:
        return usage(self._command, tuple(self._fields.values()))

    def take(self, word: Word) -> None:
        if self._rest is not None:
            self._add_to_rest(self._rest, word)
            return
        pair = word.pair("=")
        if pair is not None and self._announced is None:
            self._take_named(*pair, column=word.column)
            return
        if word.text.startswith("-") and not word.quoted:
            raise unfit("no-flags", {"word": visible(word.text), "column": word.column})
        field = self._announced or self._next(word)
        if field is None:
            shown = visible(_shown(word))
            raise unfit(
                "one-too-many",
                {"word": shown, "column": word.column, "usage": self._usage},
            )
        if field.after and self._announced is None:
            self._announce(field, word)
            return
        self._announced = None
        self._set(field, word)
        if field.kind == "rest":
            self._rest = field.name

    def _next(self, word: Word) -> FieldSpec | None:
        """Return whose turn it is: optional ones give way to a word that leads on."""
        free = [one for one in self._fields.values() if one.name not in self._given]
        for field in free:
            if field.after and word.text == field.after and not word.quoted:
                return field
            if field.required:
                break
        return free[0] if free else None

    def _announce(self, field: FieldSpec, word: Word) -> None:
        """Take the word that leads to the field, and nothing in its place."""
        if word.text != field.after or word.quoted or word.mention is not None:
            raise unfit(
                "word-wanted",
                {
                    "wanted": field.after,
                    "got": visible(_shown(word)),
                    "column": word.column,
                    "usage": self._usage,
                },
            )
        self._announced = field

    def _take_named(self, name: str, value: Word, *, column: int) -> None:
        field = self._fields.get(name)
        if field is None:
            known = near(name, self._fields) or tuple(self._fields)
            raise unfit(
                "unknown-name",
                {"name": name, "column": column, "known": ", ".join(known)},
            )
        if name in self._given:
            first = visible(self._given[name].value)
            raise unfit(
                "repeated-name", {"name": name, "column": column, "first": first}
            )
        self._set(field, value)

    def _set(self, field: FieldSpec, word: Word) -> None:
        where: dict[str, str | int] = {"name": field.name, "column": word.column}
        wanted = field.kind if field.kind in {"member", "channel"} else None
        if wanted is not None:
            if word.mention is None or word.mention.kind != wanted or word.text:
                raise unfit(f"{wanted}-wanted", {**where, "got": visible(_shown(word))})
            value = word.mention.id
        elif word.mention is not None:
            raise unfit("no-mention-wanted", {**where})
        else:
            value = word.text
        if not value.strip():
            raise unfit("empty-value", {**where})
        self._given[field.name] = Argument(field.name, value, word.column)

    def _add_to_rest(self, name: str, word: Word) -> None:
        before = self._given[name]
        text = f"{before.value} {_shown(word)}"
        self._given[name] = Argument(name, text, before.column)

    def arguments(self) -> Arguments:
        if self._announced is not None:
            name = self._announced.name
            raise unfit("missing", {"name": name, "usage": self._usage})
        for field in self._fields.values():
            if field.required and field.name not in self._given:
                raise unfit("missing", {"name": field.name, "usage": self._usage})
        return Arguments(tuple(self._given.values()))


def _shown(word: Word) -> str:
    """Return a word as text: a mention in it is written as its id."""
    if word.mention is None:
        return word.text
    sigil = "@" if word.mention.kind == "member" else "#"
    return f"{word.text}{sigil}{word.mention.id}"
