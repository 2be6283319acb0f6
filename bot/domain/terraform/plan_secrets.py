"""
Which texts of a plan are secrets, so that they are hidden wherever they turn up.

Terraform marks the attribute that holds a secret; a provider may copy its value into
another one without the mark (`terraform_data` copies `input` to `output`).
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from bot.domain.terraform.plan_diff import child, keys_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bot.domain.terraform.plan import AttributeChange
    from bot.domain.terraform.plan_wire import WireChange

# A shorter text is found inside too many that have nothing to do with it.
_SHORTEST: Final = 4


def secrets(changes: Iterable[WireChange]) -> frozenset[str]:
    """Return every text marked as sensitive, as it would stand inside JSON."""
    found: set[str] = set()
    for change in changes:
        found.update(_marked(change.before, change.before_sensitive))
        found.update(_marked(change.after, change.after_sensitive))
    return frozenset(json.dumps(each, ensure_ascii=False)[1:-1] for each in found)


def hidden(
    changes: Iterable[AttributeChange], *, within: frozenset[str]
) -> tuple[AttributeChange, ...]:
    """Return the changes with the values gone from those that hold a secret."""
    return tuple(_hide(each) if _holds(each, within) else each for each in changes)


def _hide(change: AttributeChange) -> AttributeChange:
    return replace(change, before=None, after=None, sensitive=True)


def _holds(change: AttributeChange, found: frozenset[str]) -> bool:
    texts = [each for each in (change.before, change.after) if each is not None]
    return any(
        text == f'"{secret}"' or (len(secret) >= _SHORTEST and secret in text)
        for text in texts
        for secret in found
    )


def _marked(value: object, mask: object) -> Iterator[str]:
    waiting = [(value, mask)]
    while waiting:
        value, mask = waiting.pop()
        if isinstance(value, str) and value and mask is True:
            yield value
        inner = ((child(value, key), key) for key in keys_of(value))
        waiting.extend(
            (each, True if mask is True else child(mask, key)) for each, key in inner
        )
