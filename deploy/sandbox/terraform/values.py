"""
The values of the configuration language: JSON's, and one that is not known yet.

Conversions follow terraform's own: a primitive becomes a string where one is wanted,
never the other way round by guessing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, TypeAlias


class Unknown:
    """What will be known after apply; there is only `UNKNOWN`."""

    def __repr__(self) -> str:
        return "(known after apply)"


UNKNOWN: Final = Unknown()

Value: TypeAlias = (
    "str | int | float | bool | Unknown | Sequence[Value] | Mapping[str, Value] | None"
)


class StringSet(tuple[str, ...]):
    """A set of strings, kept sorted and apart from lists: `for_each` takes only it."""

    __slots__ = ()

    @classmethod
    def of(cls, items: Iterable[str]) -> StringSet:
        return cls(sorted(set(items)))


def as_text(value: str | float) -> str:
    """Return a primitive as terraform writes it into a string."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def known(value: Value) -> bool:
    """Say whether nothing inside the value waits for apply."""
    if isinstance(value, Unknown):
        return False
    if isinstance(value, Mapping):
        return all(known(item) for item in value.values())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return all(known(item) for item in value)
    return True


def without_unknown(value: Value) -> Value:
    """Return the known part: unknown attributes and map elements are left out."""
    if isinstance(value, Mapping):
        return {
            key: without_unknown(item)
            for key, item in value.items()
            if not isinstance(item, Unknown)
        }
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [without_unknown(item) for item in value]
    return None if isinstance(value, Unknown) else value


def marks_of_unknown(value: Value) -> Value:
    """Return the `after_unknown` of the plan format: true where a value is unknown."""
    if isinstance(value, Unknown):
        return True
    if isinstance(value, Mapping):
        marks = {key: marks_of_unknown(item) for key, item in value.items()}
        return {key: mark for key, mark in marks.items() if mark is not False}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [marks_of_unknown(item) for item in value]
    return False


def marks_of_sensitive(value: Value) -> Value:
    """Return the `*_sensitive` of the plan format; nothing here is sensitive."""
    if isinstance(value, Mapping):
        marks = {key: marks_of_sensitive(item) for key, item in value.items()}
        return {key: mark for key, mark in marks.items() if mark is not False}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [marks_of_sensitive(item) for item in value]
    return False


def type_of(value: Value) -> Value:
    """Return the type in the notation of state files, such as `["object", {…}]`."""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, str):
        return "string"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, Mapping):
        return ["object", {key: type_of(item) for key, item in value.items()}]
    if isinstance(value, Sequence):
        return ["tuple", [type_of(item) for item in value]]
    return "dynamic"
