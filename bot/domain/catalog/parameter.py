"""
What a typed value is as a parameter's type has it, and whether it is allowed.

The words of a person become a plain value here, or are refused with what would fit;
nothing is guessed, and nothing of them is ever code.
"""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Final, Literal

from bot.domain.decode import visible
from bot.domain.errors import Refused
from bot.domain.message import Message

if TYPE_CHECKING:
    from collections.abc import Sequence

Type = Literal["text", "integer", "number", "boolean"]

_BOOLEANS: Final = {
    "true": True, "yes": True, "on": True, "false": False, "no": False, "off": False
}  # fmt: skip
_INTEGER: Final = re.compile(r"-?(0|[1-9][0-9]{0,17})", re.ASCII)
_NUMBER: Final = re.compile(r"-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,9})?", re.ASCII)
_LONGEST: Final = 500


def fits(text: str, *, type: Type) -> str | int | float | bool | None:  # noqa: A002 - the field's name
    """Return the value that a text is as this type, or None when it is none."""
    if type == "boolean":
        return _BOOLEANS.get(text.lower())
    if type == "integer":
        return int(text) if _INTEGER.fullmatch(text) else None
    if type == "number":
        return _number(text) if _NUMBER.fullmatch(text) else None
    return text if 0 < len(text) <= _LONGEST and text.isprintable() else None


def read_value(
    text: str,
    *,
    name: str,
    type: Type,  # noqa: A002 - the field's name
    least: float | None,
    most: float | None,
    choices: Sequence[str],
) -> str | int | float | bool:
    """Return the value that was typed; Refused when the parameter does not allow it."""
    value = fits(text, type=type)
    args: dict[str, str | int | Message] = {"name": name, "got": visible(text[:60])}
    if value is None:
        wanted = Message.of(f"parameter.{type}")
        raise Refused(Message.of("refused.parameter-type", {**args, "wanted": wanted}))
    if choices and value not in [fits(each, type=type) for each in choices]:
        known = {**args, "choices": ", ".join(choices)}
        raise Refused(Message.of("refused.parameter-choice", known))
    if isinstance(value, int | float) and not isinstance(value, bool):
        low = -math.inf if least is None else least
        high = math.inf if most is None else most
        if not low <= value <= high:
            bounds = {"least": _shown(least), "most": _shown(most)}
            raise Refused(Message.of("refused.parameter-range", {**args, **bounds}))
    return value


def _number(text: str) -> int | float | None:
    if "." not in text:
        return int(text)
    value = float(text)
    # More digits than a float holds would be rounded behind the person's back.
    return value if Decimal(repr(value)) == Decimal(text) else None


def _shown(bound: float | None) -> str:
    return "-" if bound is None else f"{bound:g}"
