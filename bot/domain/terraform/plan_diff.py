"""
The difference of two JSON values of a plan, attribute by attribute, secrets left out.

Walks before, after and the masks (unknown, sensitive before, sensitive after) that
Terraform gives beside them. Says what differs; what that means is for `guard`.
https://developer.hashicorp.com/terraform/internals/json-format#change-representation
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from bot.domain.terraform.literal import canonical
from bot.domain.terraform.plan import AttributeChange

if TYPE_CHECKING:
    from collections.abc import Iterator

Key = str | int

# Provider schemas nest a handful of levels; only a made-up plan goes deeper.
_DEEPEST: Final = 100


class TooDeepError(ValueError):
    """The value nests deeper than any provider's schema."""


@dataclass(frozen=True, slots=True)
class Sides:
    """One value before and after, and Terraform's masks over both."""

    before: object
    after: object
    unknown: object = False
    before_sensitive: object = False
    after_sensitive: object = False

    def at(self, key: Key) -> Sides:
        """Return the same for one child."""
        return Sides(
            before=child(self.before, key),
            after=child(self.after, key),
            unknown=child(self.unknown, key),
            before_sensitive=_mask(self.before_sensitive, key),
            after_sensitive=_mask(self.after_sensitive, key),
        )

    @property
    def keys(self) -> tuple[Key, ...]:
        """The children on either side, or only announced, in a steady order."""
        sides = (self.before, self.after, self.unknown)
        found = {key for side in sides for key in keys_of(side)}
        return tuple(sorted(found, key=lambda key: (isinstance(key, str), key)))

    @property
    def sensitive(self) -> bool:
        """Whether this very value is marked as a secret on either side."""
        return self.before_sensitive is True or self.after_sensitive is True


def difference(
    sides: Sides, *, ignore_empty: bool = False
) -> tuple[AttributeChange, ...]:
    """
    Return what differs, in order of path; raises `TooDeepError`.

    With `ignore_empty`, null and an empty collection are the same: providers mix them
    up when they read back what they wrote.
    """
    found = _walk(sides, "", 0)
    if not ignore_empty:
        return tuple(found)
    return tuple(each for each in found if not _only_empty(each))


def _walk(sides: Sides, path: str, depth: int) -> Iterator[AttributeChange]:
    if depth > _DEEPEST:
        raise TooDeepError(path)
    keys = sides.keys
    if sides.sensitive:
        known = not _holds_true(sides.unknown)
        if not known or _text(sides.before) != _text(sides.after):
            yield AttributeChange(path, None, None, sensitive=True, known=known)
    elif sides.unknown is True:
        yield from _unknown(sides, path)
    elif keys:
        yield from _scalars(sides, path)
        for key in keys:
            yield from _walk(sides.at(key), join(path, key), depth + 1)
    elif _text(sides.before) != _text(sides.after):
        yield AttributeChange(path, _text(sides.before), _text(sides.after))


def _unknown(sides: Sides, path: str) -> Iterator[AttributeChange]:
    if _holds_true(sides.before_sensitive):
        yield AttributeChange(path, None, None, sensitive=True, known=False)
    else:
        yield AttributeChange(path, _text(sides.before), None, known=False)


def _scalars(sides: Sides, path: str) -> Iterator[AttributeChange]:
    """Yield the plain value that a collection takes the place of, or the reverse."""
    texts = [
        None if isinstance(each, (dict, list)) else _text(each)
        for each in (sides.before, sides.after)
    ]
    if any(texts):
        yield AttributeChange(path, texts[0], texts[1])


def _only_empty(change: AttributeChange) -> bool:
    empty = (None, "[]", "{}")
    return change.known and change.before in empty and change.after in empty


def join(path: str, key: Key) -> str:
    """Return the path of a child, as Terraform would write it."""
    if isinstance(key, int):
        return f"{path}[{key}]"
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]*", key):
        return f"{path}[{_text(key)}]"
    return f"{path}.{key}" if path else key


def keys_of(side: object) -> range | tuple[str, ...]:
    """Return the keys of a JSON object or array; none for anything else."""
    if isinstance(side, dict):
        return tuple(side)
    return range(len(side)) if isinstance(side, list) else ()


def child(side: object, key: Key) -> object:
    """Return what stands at a key of a JSON object or array, or None."""
    if isinstance(side, dict):
        return side.get(key)
    if isinstance(side, list) and isinstance(key, int) and key < len(side):
        found: object = side[key]
        return found
    return None


def _mask(mask: object, key: Key) -> object:
    return mask is True or child(mask, key)


def _holds_true(mask: object) -> bool:
    waiting = [mask]
    while waiting:
        each = waiting.pop()
        if each is True:
            return True
        waiting.extend(child(each, key) for key in keys_of(each))
    return False


def _text(value: object) -> str | None:
    """Return JSON without characters that a reader could not see; null is None."""
    if value is None:
        return None
    if isinstance(value, Decimal):
        return canonical(value)
    plain = json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
    return "".join(char if char.isprintable() else _escaped(char) for char in plain)


def _escaped(char: str) -> str:
    return json.dumps(char)[1:-1]
