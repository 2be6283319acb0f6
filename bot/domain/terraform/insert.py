"""
Whole lines put into a Terraform file, and taken out of it.

A new line goes where people would write it and stands in the columns that `terraform
fmt` would give it, if its neighbours stood in theirs. Where what was asked for belongs,
and what it is, are for `edit` and `blocks`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.domain.json_text.edit import with_pair
from bot.domain.terraform.align import aligned
from bot.domain.terraform.hcl import child, parse
from bot.domain.terraform.refusal import Reason, refused

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tree_sitter import Node

    from bot.domain.terraform.hcl import Attribute, Block, Document

# Attributes that say how a block is read; others do not join them.
_META: Final = frozenset(
    {"count", "for_each", "provider", "providers", "depends_on", "source", "version"}
)
INDENT: Final = b"  "


def with_attribute(block: Block, *, name: str, written: bytes) -> bytes:
    """Return the file's source with `name = written` in the block."""
    document = block.document
    if document.is_json:
        return _with_pair(block, name=name, written=written)
    opening, closing = _braces(block)
    if opening.start_point.row == closing.start_point.row:
        return _opened_up(block, name.encode() + b" = " + written)
    anchor = _anchor(block)
    if anchor is None:
        after, indent = opening, indent_of(document, block.node) + INDENT
    else:
        after = anchor.expression.node
        indent = own_line(document, anchor)
    line = indent + name.encode() + b" = " + written
    return with_lines(document, at=line_after(document, after), lines=(line,))


def _with_pair(block: Block, *, name: str, written: bytes) -> bytes:
    if block.node.type != "object":  # a list of objects: none of them is the block
        file, line = block.file, block.line
        raise refused(Reason.JSON, file=file, line=line, what=name)
    return with_pair(
        block.document.source, block.node, key=f'"{name}"'.encode(), value=written
    )


def with_lines(document: Document, *, at: int, lines: tuple[bytes, ...]) -> bytes:
    """Return the source with whole lines put in at `at`, where a line begins."""
    source = document.source
    end = line_end(source)
    row = source.count(b"\n", 0, at)
    missing = end if at and source[at - 1] != ord("\n") else b""
    put = missing + b"".join(line + end for line in lines)
    changed = (_trimmed(document) if missing else source[:at]) + put + source[at:]
    first = row + bool(missing)
    rows = (first - 1, first, first + len(lines) - 1, first + len(lines))
    return _in_columns(document, (row - 1, row), changed, rows)


def _trimmed(document: Document) -> bytes:
    """
    Return the source, for lines to come after it.

    `terraform fmt` leaves blanks alone where the file ends, and at no other line's end:
    with lines after them they would have to go.
    """
    source = document.source
    last = document.comments[-1] if document.comments else None
    if last is not None and last.end_byte == len(source):
        return source  # those of a comment are its own
    return source.rstrip(b" \t")


def without_lines(document: Document, *, start: int, end: int) -> bytes:
    """Return the source without the whole lines from `start` to `end`."""
    source = document.source
    row, last = source.count(b"\n", 0, start), source.count(b"\n", 0, end)
    changed = source[:start] + source[end:]
    return _in_columns(document, (row - 1, last), changed, (row - 1, row))


def _in_columns(
    document: Document, old: Iterable[int], changed: bytes, new: Iterable[int]
) -> bytes:
    """Return `changed` in columns, if the lines around the place were in theirs."""
    if aligned(document, old) != document.source:
        return changed
    return aligned(parse(document.file, changed), new)


def line_end(source: bytes) -> bytes:
    """Return how the file ends its lines."""
    return b"\r\n" if b"\r\n" in source else b"\n"


def line_after(document: Document, node: Node) -> int:
    """Return where the line after the node begins, or the end of the file."""
    source = document.source
    found = source.find(b"\n", node.end_byte)
    return len(source) if found < 0 else found + 1


def line_start(document: Document, node: Node) -> int:
    """Return where the node's first line begins; refuses when it shares that line."""
    return node.start_byte - len(_lead(document, node))


def indent_of(document: Document, node: Node) -> bytes:
    """Return the blanks that the node's first line begins with."""
    begin = document.source.rfind(b"\n", 0, node.start_byte) + 1
    line = document.source[begin : node.start_byte]
    return line[: len(line) - len(line.lstrip(b" \t"))]


def own_line(document: Document, attribute: Attribute) -> bytes:
    """Return the indentation of an attribute that has its lines for itself."""
    node = attribute.expression.node.parent
    return _lead(document, node if node is not None else attribute.expression.node)


def _lead(document: Document, node: Node) -> bytes:
    begin = document.source.rfind(b"\n", 0, node.start_byte) + 1
    lead = document.source[begin : node.start_byte]
    if lead.removeprefix(b"\xef\xbb\xbf").strip(b" \t"):
        line = node.start_point.row + 1
        raise refused(Reason.ONE_LINE, file=document.file, line=line)
    return lead


def _braces(block: Block) -> tuple[Node, Node]:
    found = (child(block.node, "block_start"), child(block.node, "block_end"))
    opening, closing = found
    assert opening is not None  # noqa: S101 - the grammar has no block without it
    assert closing is not None  # noqa: S101 - nor without this one
    return opening, closing


def _opened_up(block: Block, line: bytes) -> bytes:
    """Return the source with an empty `{}` opened up around its first line."""
    document = block.document
    opening, closing = _braces(block)
    source = document.source
    if source[opening.end_byte : closing.start_byte].strip():
        raise refused(Reason.ONE_LINE, file=block.file, line=block.line)
    end, indent = line_end(source), indent_of(document, block.node)
    inner = end + indent + INDENT + line + end + indent
    return source[: opening.end_byte] + inner + source[closing.start_byte :]


def _anchor(block: Block) -> Attribute | None:
    """Return the attribute to go after: the last of the first run that says much."""
    runs: list[list[Attribute]] = []
    for attribute in block.attributes:
        if runs and _follows(runs[-1][-1], attribute):
            runs[-1].append(attribute)
        else:
            runs.append([attribute])
    if not runs:
        return None
    telling = (run for run in runs if any(each.name not in _META for each in run))
    return next(telling, runs[0])[-1]


def _follows(before: Attribute, after: Attribute) -> bool:
    row, column = before.expression.node.end_point
    return after.line - 1 == (row + 1 if column else row)
