r"""
Scalar values as YAML writes them, read back the same by YAML 1.1, 1.2 and Ansible.

A text is always in quotes: bare words may be numbers, dates, booleans or null to one
reader and texts to another. What cannot be seen (control and direction characters) is
written as `\u….`. Jinja is the one thing that quotes do not keep Ansible from reading,
so what looks like it is refused.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Final

from bot.domain.editing.refusal import Reason, refused
from bot.domain.editing.values import writable

if TYPE_CHECKING:
    from bot.domain.editing.edit import Scalar

# Where Jinja, as Ansible sets it up, begins to read a text as a template.
TEMPLATE: Final = re.compile(r"\{[{%#]")
_NAMED: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
# How people write true and false: the answer is written in the same pair and case.
_PAIRS: Final = (("yes", "no"), ("on", "off"), ("true", "false"))
_BYTE, _BMP = 0xFF, 0xFFFF


def write(value: Scalar, *, like: str, file: str) -> str:
    """Return a value's YAML in the style of the one that it replaces."""
    if isinstance(value, bool):
        return _boolean(value, like=like)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _number(value, file=file)
    if not writable(value):
        raise refused(Reason.VALUE, file=file, what=ascii(value))
    if TEMPLATE.search(value):
        raise refused(Reason.TEMPLATE, file=file, what=value)
    if like.startswith("'") and value.isprintable():
        return "'" + value.replace("'", "''") + "'"
    return '"' + "".join(_character(char) for char in value) + '"'


def _boolean(value: bool, *, like: str) -> str:
    for pair in _PAIRS:
        for style in (str.lower, str.capitalize, str.upper):
            words = [style(word) for word in pair]
            if like in words:
                return words[not value]
    return "true" if value else "false"


def _number(value: float, *, file: str) -> str:
    if not math.isfinite(value):
        raise refused(Reason.VALUE, file=file, what=str(value))
    digits, mark, exponent = repr(value).partition("e")
    # YAML 1.1 takes 1e+16 for a text: it wants a point before the exponent.
    whole = digits if "." in digits else f"{digits}.0"
    return whole + mark + exponent


def _character(char: str) -> str:
    if char in _NAMED:
        return _NAMED[char]
    if char.isprintable():
        return char
    at = ord(char)
    if at <= _BYTE:
        return f"\\x{at:02x}"
    return f"\\u{at:04x}" if at <= _BMP else f"\\U{at:08x}"
