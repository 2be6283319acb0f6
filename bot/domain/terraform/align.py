"""
The columns that `terraform fmt` keeps: `=` signs and comments of lines in a row.

After lines were put in or taken out, `aligned` puts the columns around them where fmt
would. It moves nothing but the blanks before a `=` or a comment, and only in the run of
lines that is asked for. The rules are those of hclwrite/format.go.
"""

from __future__ import annotations

import bisect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.domain.terraform.hcl import captured, parse
from bot.domain.terraform.splice import columns

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.domain.terraform.hcl import Document

_LINE_FEED: Final = 0x0A
_ASSIGNS: Final = '(attribute "=" @found) (object_elem "=" @found)'
_OPENS: Final = (
    '["{" "[" "("] @found (template_interpolation_start) @found '
    "(template_directive_start) @found"
)
_CLOSES: Final = (
    '["}" "]" ")"] @found (template_interpolation_end) @found '
    "(template_directive_end) @found"
)
_HEREDOCS: Final = "(heredoc_template) @found"


@dataclass(frozen=True, slots=True)
class _Line:
    """One line as fmt counts them (a heredoc is one): where its cells begin."""

    start: int
    assign: int | None
    comment: int | None


@dataclass(frozen=True, slots=True)
class _Lines:
    source: bytes
    lines: tuple[_Line, ...]
    of_row: tuple[int, ...]

    def cell(self, index: int, *, comments: bool) -> int | None:
        line = self.lines[index]
        return line.comment if comments else line.assign

    def chain(self, index: int, *, comments: bool) -> range:
        """Return the run of lines around this one that have the cell; maybe none."""
        first = last = index
        if self.cell(first, comments=comments) is None:
            return range(0)
        while first and self.cell(first - 1, comments=comments) is not None:
            first -= 1
        end = len(self.lines)
        while last + 1 < end and self.cell(last + 1, comments=comments) is not None:
            last += 1
        return range(first, last + 1)


def aligned(document: Document, rows: Iterable[int]) -> bytes:
    """Return the source with the columns through these rows (from 0) as by fmt."""
    lines = _lines_of(document)
    wanted = {lines.of_row[row] for row in rows if 0 <= row < len(lines.of_row)}
    source = _in_columns(lines, wanted, comments=False)
    # A line whose `=` moves takes its comment along, and that one's column with it.
    moved = {at for one in wanted for at in lines.chain(one, comments=False)}
    lines = _lines_of(parse(document.file, source))
    return _in_columns(lines, wanted | moved, comments=True)


def _in_columns(lines: _Lines, wanted: Iterable[int], *, comments: bool) -> bytes:
    source = lines.source
    gaps: dict[int, tuple[int, int]] = {}
    for index in wanted:
        chain = lines.chain(index, comments=comments)
        before = [_before(lines, each, comments=comments) for each in chain]
        edge = max((columns(text) for _, text in before), default=0) + 1
        for each, (end, text) in zip(chain, before, strict=True):
            gaps[end] = (
                lines.cell(each, comments=comments) or 0,
                edge - columns(text),
            )
    for start, (end, width) in sorted(gaps.items(), reverse=True):
        source = source[:start] + b" " * width + source[end:]
    return source


def _before(lines: _Lines, index: int, *, comments: bool) -> tuple[int, str]:
    """Return what stands before the cell, and where that ends."""
    start = lines.lines[index].start
    text = lines.source[start : lines.cell(index, comments=comments)].rstrip(b" \t")
    return start + len(text), text.decode()


def _lines_of(document: Document) -> _Lines:
    source = document.source
    starts = [0, *(at + 1 for at, byte in enumerate(source) if byte == _LINE_FEED)]
    inner = {
        row
        for node in captured(document.root, _HEREDOCS)
        for row in range(node.start_point.row + 1, _last_row(node.end_point) + 1)
    }
    rows = [row for row in range(len(starts)) if row not in inner]
    begins = [starts[row] for row in rows]
    assigns, comments = _cells(document, begins)
    ends = [*begins[1:], len(source)]
    net = _Brackets(document)
    lines = tuple(
        _Line(
            start=begin,
            assign=at if at is not None and net.within(at, end) == 0 else None,
            comment=comments.get(index),
        )
        for index, (begin, end) in enumerate(zip(begins, ends, strict=True))
        for at in (assigns.get(index),)
    )
    of_row = tuple(bisect.bisect_right(rows, row) - 1 for row in range(len(starts)))
    return _Lines(source, lines, of_row)


def _last_row(point: tuple[int, int]) -> int:
    row, column = point
    return row if column else row - 1


def _cells(
    document: Document, begins: Sequence[int]
) -> tuple[dict[int, int], dict[int, int]]:
    """Return by line the first `=`, and the comment that ends it."""
    assigns: dict[int, int] = {}
    for node in captured(document.root, _ASSIGNS):
        line = bisect.bisect_right(begins, node.start_byte) - 1
        assigns[line] = min(node.start_byte, assigns.get(line, node.start_byte))
    comments: dict[int, int] = {}
    for node in document.comments:
        line = bisect.bisect_right(begins, node.start_byte) - 1
        whole = not document.source[begins[line] : node.start_byte].strip()
        # `/* */` is part of the line to fmt, wherever it stands.
        if not whole and not document.source.startswith(b"/*", node.start_byte):
            comments[line] = node.start_byte
    return assigns, comments


class _Brackets:
    """How many brackets are open over a stretch of source, templates' included."""

    def __init__(self, document: Document) -> None:
        opens = ((n.start_byte, 1) for n in captured(document.root, _OPENS))
        closes = ((n.start_byte, -1) for n in captured(document.root, _CLOSES))
        marks = sorted((*opens, *closes))
        self._at = [at for at, _ in marks]
        self._sums = [0]
        for _, change in marks:
            self._sums.append(self._sums[-1] + change)

    def within(self, start: int, end: int) -> int:
        first, last = (bisect.bisect_left(self._at, each) for each in (start, end))
        return self._sums[last] - self._sums[first]
