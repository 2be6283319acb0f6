"""
The way back from an operation: another command's line, or words that say why not.

A command computes it, before anybody decides, from what there was before. It names a
command and its arguments; the line is spelled here, out of values that were read from
the world or validated, each quoted wherever a bare word could mean something else.
Whoever follows it types that line anew: it is read by the same grammar and passes the
same gate as anything that is typed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from bot.domain.change import Scalar
from bot.domain.frozen import Frozen
from bot.domain.playbook import LiveState
from bot.domain.text import quoted

if TYPE_CHECKING:
    from bot.domain.command import Spec

# A word that means only itself: no quote, no `name=`, no flag, no mention, no entity.
_BARE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:+-]*")


class Before(Frozen):
    """
    What there was before the change.

    `value` is what the edit replaces, where the change is an edit; `state` is what was
    read of the world.
    """

    state: LiveState
    value: Scalar | None = None


class WayBack(Frozen):
    """What to ask for, to have it as it was."""

    command: str
    arguments: dict[str, str]


def spelled(way: WayBack, *, spec: Spec) -> str:
    """Return the line that asks for it: arguments in their places, then by name."""
    words, in_place = [spec.name], True
    for argument in spec.arguments:
        value = way.arguments.get(argument.name)
        if value is None:
            in_place = False
            continue
        shown = value if _BARE.fullmatch(value) else quoted(value)
        if in_place:
            words += [*filter(None, [argument.after]), shown]
        else:
            words.append(f"{argument.name}={shown}")
    return " ".join(words)
