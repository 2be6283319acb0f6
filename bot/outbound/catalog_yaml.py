"""
YAML text → plain data, and where in the text each piece of it stands.

A smaller YAML than the library's, because people's rights are written in it (threats
E9): one document; no tags, anchors, aliases or merge keys; no repeated key; a plain
scalar is a whole number, true, false or nothing, or else it is text. So `no` is text, a
date is text, and `007` is text: nothing turns into something that nobody wrote. What
the data must be is left to the models.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import yaml

from bot.domain.decode import visible
from bot.domain.message import Message

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.domain.catalog.layout import Steps

DEEPEST: Final = 12

# libyaml reads ten times as fast; a build of PyYAML without it still reads.
_LOADER: Final = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_WHOLE_NUMBER: Final = re.compile(r"0|-?[1-9][0-9]{0,14}")
_PLAIN: Final = {"": None, "~": None, "null": None, "true": True, "false": False}
# Where what may not stand is put; no YAML text can have this character.
_NOWHERE: Final = "\0"

Data = str | int | bool | list["Data"] | dict[str, "Data"] | None


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in the text; line and column count from 1."""

    line: int = 1
    column: int = 1


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something that the text may not have, and where."""

    spot: Spot
    message: Message


@dataclass(slots=True)
class Marked:
    """The data of one file, the spots of its values and keys, and its flaws."""

    data: Data = None
    values: dict[Steps, Spot] = field(default_factory=dict)
    keys: dict[Steps, Spot] = field(default_factory=dict)
    flaws: list[Flaw] = field(default_factory=list)

    def spot(self, steps: Steps) -> Spot:
        """Return where the value stands, or the nearest thing around it that does."""
        for end in range(len(steps), -1, -1):
            if steps[:end] in self.values:
                return self.values[steps[:end]]
        return Spot()


def read_marked(content: bytes) -> Marked:
    """Return data and spots of a YAML file; never raises, flaws are in the result."""
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return Marked(flaws=[Flaw(Spot(line), Message.of("catalog.not-utf-8"))])
    builder = _Builder()
    try:
        builder.read(yaml.parse(text, Loader=_LOADER))
    except yaml.MarkedYAMLError as error:
        # What is never closed is noticed at the end and has to be mended at its start.
        is_open = re.search("quoted scalar|flow", error.context or "") is not None
        marks = (error.context_mark, error.problem_mark)
        first, second = marks if is_open else marks[::-1]
        spot = _spot(first or second)
        builder.flaw(spot, *_syntax(text, spot, error.problem or ""))
    except yaml.YAMLError as error:
        at = getattr(error, "position", 0) or 0
        builder.flaw(Spot(text.count("\n", 0, at) + 1), "bad-character")
    except _TooDeep as error:
        builder.flaw(error.spot, "too-deep", {"limit": DEEPEST})
    return builder.marked


def _syntax(
    text: str, spot: Spot, problem: str
) -> tuple[str, dict[str, str | int | Message]]:
    """Return the key and arguments of what to say of a syntax error."""
    line = text.splitlines()[spot.line - 1 : spot.line]
    indent = line[0][: len(line[0]) - len(line[0].lstrip())] if line else ""
    if "\t" in indent:
        return "tab", {}
    return "not-yaml", {"problem": problem}


def _spot(mark: object) -> Spot:
    """Return a library's mark as a spot; it may have none, and counts from 0."""
    return Spot(getattr(mark, "line", 0) + 1, getattr(mark, "column", 0) + 1)


class _TooDeep(Exception):  # noqa: N818 - never leaves this module
    def __init__(self, spot: Spot) -> None:
        super().__init__()
        self.spot = spot


class _Builder:
    """Builds the data out of the parser's events."""

    def __init__(self) -> None:
        self.marked = Marked()

    def flaw(
        self,
        spot: Spot,
        key: str,
        args: dict[str, str | int | Message] | None = None,
    ) -> None:
        message = Message.of(f"catalog.{key}", args)
        self.marked.flaws.append(Flaw(spot, message))

    def read(self, events: Iterator[yaml.Event]) -> None:
        documents = 0
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self.flaw(_spot(event.start_mark), "two-documents")
                    return
                self.marked.data = self._node(next(events), events, ())
        if documents == 0:
            self.flaw(Spot(), "empty-file")

    def _node(
        self, event: yaml.Event, events: Iterator[yaml.Event], steps: Steps
    ) -> Data:
        spot = _spot(event.start_mark)
        self.marked.values[steps] = spot
        self._plainness(event, spot)
        if len(steps) > DEEPEST:
            raise _TooDeep(spot)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(events, steps)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(events, steps)
        if isinstance(event, yaml.ScalarEvent):
            return _scalar(event)
        return None

    def _plainness(self, event: yaml.Event, spot: Spot) -> None:
        """Note what lets one place of a file mean something written elsewhere."""
        anchor = getattr(event, "anchor", None)
        if isinstance(event, yaml.AliasEvent):
            self.flaw(spot, "alias", {"got": visible(f"*{anchor}")})
        elif anchor is not None:
            self.flaw(spot, "alias", {"got": visible(f"&{anchor}")})
        tag = getattr(event, "tag", None)
        if tag is not None:
            self.flaw(spot, "tag", {"got": visible(tag)})

    def _sequence(self, events: Iterator[yaml.Event], steps: Steps) -> list[Data]:
        found: list[Data] = []
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            found.append(self._node(event, events, (*steps, len(found))))
        return found

    def _mapping(self, events: Iterator[yaml.Event], steps: Steps) -> dict[str, Data]:
        found: dict[str, Data] = {}
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            spot = _spot(event.start_mark)
            key = self._key(event, events, steps)
            if key is None or key in found:
                # Read on for further flaws, but into nowhere: the first one stands.
                if key is not None:
                    first = self.marked.keys[(*steps, key)].line
                    self.flaw(
                        spot, "repeated-key", {"got": visible(key), "line": first}
                    )
                self._node(next(events), events, (*steps, _NOWHERE))
                continue
            here = (*steps, key)
            self.marked.keys[here] = spot
            found[key] = self._node(next(events), events, here)
        return found

    def _key(
        self, event: yaml.Event, events: Iterator[yaml.Event], steps: Steps
    ) -> str | None:
        spot = _spot(event.start_mark)
        if isinstance(event, yaml.ScalarEvent):
            self._plainness(event, spot)
            return str(event.value)
        self.flaw(spot, "key-not-text")
        self._node(event, events, (*steps, _NOWHERE))
        return None


def _scalar(event: yaml.ScalarEvent) -> Data:
    """Return text, unless a plain scalar is a whole number, true, false or nothing."""
    value = str(event.value)
    is_plain = bool(event.implicit[0])
    if is_plain and value in _PLAIN:
        return _PLAIN[value]
    if is_plain and _WHOLE_NUMBER.fullmatch(value):
        return int(value)
    return value
