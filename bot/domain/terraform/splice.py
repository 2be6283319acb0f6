"""
Replacing a value's bytes, and nothing but what `terraform fmt` would then move.

`terraform fmt` keeps comments at line ends in one column over consecutive lines (its
"comment chain", hclwrite/format.go). When they were in their column before, they are
put there again; when they were not, not one byte but the value changes.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.domain.terraform.hcl import Document


@dataclass(frozen=True, slots=True)
class _Line:
    """A line that ends in a comment: where its code and its comment stand."""

    code: str
    gap: tuple[int, int]
    spaces: bool

    @property
    def width(self) -> int:
        return columns(self.code)


def columns(text: str) -> int:
    """Return how many columns `terraform fmt` gives a text: user-seen characters."""
    return sum(not unicodedata.category(char).startswith("M") for char in text)


def splice(document: Document, span: tuple[int, int], new: bytes) -> bytes:
    """Return the source with the bytes of `span` replaced by `new`."""
    source = document.source
    start, end = span
    row = source.count(b"\n", 0, start)
    grown = columns(new.decode()) - columns(source[start:end].decode())
    edits = [(start, end, new), *_moves(_commented(document), row, grown)]
    for first, last, text in sorted(edits, reverse=True):
        source = source[:first] + text + source[last:]
    return source


def _commented(document: Document) -> dict[int, _Line]:
    lines: dict[int, _Line] = {}
    for node in document.comments:
        row = node.start_point.row
        begin = node.start_byte - node.start_point.column
        before = document.source[begin : node.start_byte]
        code = before.rstrip(b" \t")
        block_comment = document.source.startswith(b"/*", node.start_byte)
        if code and not block_comment:
            gap = (begin + len(code), node.start_byte)
            spaces = not before[len(code) :].strip(b" ")
            lines[row] = _Line(code.decode(), gap, spaces)
    return lines


def _moves(
    lines: dict[int, _Line], row: int, grown: int
) -> list[tuple[int, int, bytes]]:
    """Return the new gaps before the comments of the chain that holds `row`."""
    if row not in lines:
        return []
    first = last = row
    while first - 1 in lines:
        first -= 1
    while last + 1 in lines:
        last += 1
    chain = {each: lines[each].width for each in range(first, last + 1)}
    edge = max(chain.values()) + 1
    if any(_gap(lines[each]) != edge - width for each, width in chain.items()):
        return []
    chain[row] += grown
    edge = max(chain.values()) + 1
    return [(*lines[each].gap, b" " * (edge - width)) for each, width in chain.items()]


def _gap(line: _Line) -> int:
    """Return the width of the gap; what is not spaces is never in its column."""
    return line.gap[1] - line.gap[0] if line.spaces else -1
