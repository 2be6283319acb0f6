"""
Scalar values as HCL writes and reads them.

Owns quoting (a hostile text becomes a literal that Terraform reads back character for
character) and its inverse. The grammar is HCL's: "Template Literals" and "Numeric
Literals" of https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md.
"""

from __future__ import annotations

import math
import re
import unicodedata
from decimal import Decimal
from typing import Final

from bot.domain.editing.edit import as_typed

Scalar = str | int | float | bool

_NAMED: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t", '"': '\\"', "\\": "\\\\"}
_UNNAMED: Final = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
_ESCAPE: Final = re.compile(
    r"\\(?:([nrt\"\\])|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8}))|(\$\$|%%)(?=\{)"
)
# A raw line end, which HCL does not allow, or a run of dollars before a brace, where
# tree-sitter was seen to tell escape from interpolation by whether the run is even.
_DOUBTFUL: Final = re.compile(r"[\r\n]|\$\$\$\{|%%%\{")
_BMP: Final = 0xFFFF
_LONGEST_NUMBER: Final = 300


class NotWritableError(ValueError):
    """The value cannot be written in HCL so that it reads back the same."""


class NotReadableError(ValueError):
    """The quoted text is not one that HCL reads as a plain value."""


def _character(text: str, index: int) -> str:
    char = text[index]
    if char in _NAMED:
        return _NAMED[char]
    if char in "$%" and text[index + 1 : index + 2] == "{":
        # `$${` is the usual escape; in a run of dollars (see `_DOUBTFUL`) the code
        # point says it without doubt.
        run = index > 0 and text[index - 1] == char
        return f"\\u{ord(char):04x}" if run else char * 2
    if char.isprintable():
        return char
    # Control, format and bidirectional characters are written as code points, so
    # that the reviewer of a diff sees what is there.
    return f"\\u{ord(char):04x}" if ord(char) <= _BMP else f"\\U{ord(char):08x}"


def quote(text: str) -> str:
    """
    Return `text` as a quoted HCL string without any template meaning.

    Raises `NotWritableError` for lone surrogates and for text that is not in Unicode
    NFC: Terraform normalises every string it reads.
    """
    if any(unicodedata.category(char) == "Cs" for char in text):
        raise NotWritableError("lone surrogate")
    if not unicodedata.is_normalized("NFC", text):
        raise NotWritableError("not in Unicode NFC")
    return '"' + "".join(_character(text, i) for i in range(len(text))) + '"'


def write(value: Scalar) -> str:
    """Return the HCL literal of `value`; raises `NotWritableError`."""
    if isinstance(value, str):
        return quote(value)
    if isinstance(value, float) and not math.isfinite(value):
        raise NotWritableError("not a finite number")
    digits = as_typed(value)
    if len(digits) > _LONGEST_NUMBER:
        raise NotWritableError("too many digits")
    return digits


def unquote(inner: str) -> str:
    """Return the value of the text between two quotes; raises `NotReadableError`."""
    if _DOUBTFUL.search(inner):
        raise NotReadableError(inner)
    parts: list[str] = []
    end = 0
    for found in _ESCAPE.finditer(inner):
        parts.append(_plain(inner[end : found.start()]))
        parts.append(_meaning(found))
        end = found.end()
    parts.append(_plain(inner[end:]))
    return "".join(parts)


def _plain(text: str) -> str:
    if "\\" in text:
        raise NotReadableError(text)
    return text


def _meaning(found: re.Match[str]) -> str:
    named, short, long, template = found.groups()
    if named is not None:
        return _UNNAMED[named]
    if template is not None:
        return str(template[0])
    try:
        return chr(int(short or long, 16))
    except (ValueError, OverflowError) as error:
        raise NotReadableError(found[0]) from error


def number(text: str) -> int | float:
    """Return the value of an HCL number; raises `NotReadableError` for absurd ones."""
    if len(text) > _LONGEST_NUMBER:
        raise NotReadableError(text)
    return int(text) if re.fullmatch(r"-?[0-9]+", text) else float(text)


def canonical(value: Scalar | Decimal | None) -> str:
    """
    Return the text Terraform turns a primitive value into when a text is wanted.

    `8`, `8.0` and `"8"` are the same value to Terraform's conversions, so they are the
    same here. https://developer.hashicorp.com/terraform/language/expressions/types
    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    exact = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    plain = format(exact, "f")
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def same(one: Scalar | None, other: Scalar) -> bool:
    """
    Return whether the two are one value and of one kind: text, number or boolean.

    Numbers are compared by the digits that are written, not as floating point: 17
    digits without a point are read as a whole number, which no float need be equal to.
    """
    return _kind(one) == _kind(other) and canonical(one) == canonical(other)


def _kind(value: Scalar | None) -> type:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return float if number else type(value)
