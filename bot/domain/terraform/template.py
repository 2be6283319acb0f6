"""
Texts of code in JSON (`.tf.json`), which Terraform reads as templates.

Owns how a plain text is written as one, and what one says: a plain text, one expression
alone (`"${var.x}"`), or a text with names in it. Other than between quotes of HCL a
backslash stands for itself here, and `$${` is an escape whatever stands before it (what
Terraform 1.11 does, tried with every run of such signs; the tests try it again).
https://developer.hashicorp.com/terraform/language/syntax/json#expression-mapping
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from bot.domain.errors import Refused
from bot.domain.terraform.hcl import parse
from bot.domain.terraform.literal import NotWritableError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

    from bot.domain.terraform.hcl import Expression

# One sign before a brace begins something; with its like before it, it is escaped.
_BEGINS: Final = re.compile(r"(?<!\$)\$\{|(?<!%)%\{")
_ESCAPED: Final = re.compile(r"(\$|%)\1(?=\{)")
_MEANT: Final = re.compile(r"[$%](?=\{)")
# Terraform takes it for the mark of a file's encoding, at the begin of any template.
_BYTE_ORDER_MARK: Final = "\ufeff"
_NAME: Final = "_ = "


def escaped(text: str) -> str:
    """Return the template that says `text`; raises `NotWritableError`."""
    if text.startswith(_BYTE_ORDER_MARK):
        raise NotWritableError("begins with a byte order mark")
    return _MEANT.sub(lambda found: found[0] * 2, text)


def plain_text(template: str) -> str | None:
    """Return the text that a template says, or None when it is more than a text."""
    if _BEGINS.search(template) or template.startswith(_BYTE_ORDER_MARK):
        return None
    return _ESCAPED.sub(r"\1", template)


def alone(template: str, *, file: str) -> Expression | None:
    """Return the quoted template as HCL, if that is all there is and it can be read."""
    if not (template.startswith("${") and template.endswith("}")):
        return None
    source = f'{_NAME}"{template}"'.encode(errors="replace")
    try:
        found = parse(file, source).attributes[0].expression
    except Refused:
        return None
    # A quote within the text could end it early, and begin something else.
    whole = (found.start, found.end) == (len(_NAME), len(source))
    return found if whole else None


def names_in(template: str, *, file: str) -> Iterator[Node]:
    """Yield the HCL node of every name that a template reads; raises `Refused`."""
    mark = "_"
    while mark in template:
        mark += "_"
    source = f"{_NAME}<<{mark}\n{template}\n{mark}\n".encode(errors="replace")
    document = parse(file, source)
    yield from document.variables(document.root)
