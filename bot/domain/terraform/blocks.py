"""
Whole Terraform blocks: written new, appended where they belong, and removed.

`append_block` and `append_nested` put a block in, `remove_block` and `remove_nested`
take one out; each is given and gives whole lines. A new block is made of closed parts
(`NewBlock`): names, plain values, and references to what is in the module already.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.domain.editing.edit import FileEdit
from bot.domain.terraform.directory import Tree, normal
from bot.domain.terraform.expression import Literal, TupleLiteral, classify, reference
from bot.domain.terraform.hcl import child
from bot.domain.terraform.insert import (
    INDENT,
    indent_of,
    line_after,
    line_end,
    line_start,
    with_lines,
    without_lines,
)
from bot.domain.terraform.literal import NotWritableError, Scalar, canonical, write
from bot.domain.terraform.locate import owner
from bot.domain.terraform.refusal import Reason, refused
from bot.domain.terraform.splice import columns

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tree_sitter import Node

    from bot.domain.terraform.address import Address
    from bot.domain.terraform.hcl import Block, Document, Expression

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*", re.ASCII)
_REFERENCE: Final = re.compile(
    r'[A-Za-z_][A-Za-z0-9_-]*(\.[A-Za-z_][A-Za-z0-9_-]*|\["[A-Za-z0-9_.-]*"\])+',
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Ref:
    """A reference, `aws_security_group.web.id` say; refuses any other expression."""

    text: str

    def __post_init__(self) -> None:
        """Refuse what is more than names, dots and plain keys."""
        if not _REFERENCE.fullmatch(self.text):
            raise refused(Reason.NAME, file="", what=self.text)


Value = Scalar | Ref | tuple[Scalar | Ref, ...]


@dataclass(frozen=True, slots=True)
class NewBlock:
    """A block to write: its type, its labels, its attributes in order, its blocks."""

    type: str
    labels: tuple[str, ...] = ()
    attributes: tuple[tuple[str, Value], ...] = ()
    blocks: tuple[NewBlock, ...] = ()

    def __post_init__(self) -> None:
        """Refuse names that are none: a label is a name here, never a text."""
        for name in (self.type, *self.labels, *(each for each, _ in self.attributes)):
            if not _NAME.fullmatch(name):
                raise refused(Reason.NAME, file="", what=name)


def append_block(files: Mapping[str, bytes], *, file: str, block: NewBlock) -> FileEdit:
    """
    Return the edit that adds a top-level block to a file, which may be new or empty.

    It goes after the file's last block of the same kind, or to the end. Refuses a block
    whose type and labels the module already has.
    """
    _not_json(file, what=block.type)
    tree = Tree({**files, file: files.get(file, b"")})
    directory = file.rpartition("/")[0]
    for other in tree.blocks(directory, block.type):
        if block.labels and other.labels == block.labels:
            what = ".".join((block.type, *block.labels))
            raise refused(Reason.PRESENT, file=other.file, line=other.line, what=what)
    document = tree.document(file)
    kind = (block.type, *block.labels[:-1])
    alike = [each for each in document.blocks if _kind(each) == kind]
    at = line_after(document, alike[-1].node) if alike else len(document.source)
    lines = tuple(_lines(block))
    return _added(document, at=at, lines=(b"", *lines) if at else lines)


def append_nested(
    files: Mapping[str, bytes], *, root: str, address: Address, block: NewBlock
) -> FileEdit:
    """
    Return the edit that adds a block inside a resource, after its like or at the end.

    Refuses a resource that has the very same block already, or a `dynamic` one.
    """
    holder = owner(Tree(files), root=normal(root), address=address).block
    _not_json(holder.file, line=holder.line, what=block.type)
    document = holder.document
    alike = [each for each in holder.blocks if each.type == block.type]
    _none_dynamic(holder, block.type)
    for each in alike:
        if says_the_same(each, block):
            raise refused(
                Reason.PRESENT, file=each.file, line=each.line, what=block.type
            )
    closing = child(holder.node, "block_end")
    if closing is None or closing.start_point.row == holder.node.start_point.row:
        raise refused(Reason.ONE_LINE, file=holder.file, line=holder.line)
    indent = indent_of(document, holder.node) + INDENT
    lines = tuple(indent + line if line else line for line in _lines(block))
    if alike:
        line_start(document, alike[-1].node)
        at = line_after(document, alike[-1].node)
        return _added(document, at=at, lines=(b"", *lines))
    before = document.source[: line_start(document, closing)]
    bare = before.endswith((b"{\n", b"{\r\n", b"\n\n", b"\r\n\r\n"))
    return _added(document, at=len(before), lines=lines if bare else (b"", *lines))


def remove_block(
    files: Mapping[str, bytes], *, root: str, address: Address
) -> FileEdit:
    """Return the edit that takes a resource out, with the comments right above it."""
    found = owner(Tree(files), root=normal(root), address=address)
    _not_json(found.block.file, line=found.block.line, what=str(address))
    if address.key is not None:
        what = str(address)
        file, line = found.block.file, found.block.line
        raise refused(Reason.NEEDS_KEY, file=file, line=line, what=what)
    return _removed(found.block)


def remove_nested(
    files: Mapping[str, bytes], *, root: str, address: Address, block: NewBlock
) -> FileEdit:
    """
    Return the edit that takes one block out of a resource.

    It is the one block with exactly these attributes, plainly written; refuses none and
    several.
    """
    holder = owner(Tree(files), root=normal(root), address=address).block
    _not_json(holder.file, line=holder.line, what=block.type)
    _none_dynamic(holder, block.type)
    same = [each for each in holder.blocks if says_the_same(each, block)]
    if not same:
        file, line = holder.file, holder.line
        raise refused(Reason.NO_BLOCK, file=file, line=line, what=block.type)
    if len(same) > 1:
        file, line = same[1].file, same[1].line
        raise refused(Reason.DUPLICATE, file=file, line=line, what=block.type)
    return _removed(same[0])


def _added(document: Document, *, at: int, lines: tuple[bytes, ...]) -> FileEdit:
    after = with_lines(document, at=at, lines=lines)
    line = document.source.count(b"\n", 0, at) + 1 + (not lines[0])
    return FileEdit(document.file, line, document.source, after)


def _removed(block: Block) -> FileEdit:
    document, source = block.document, block.document.source
    start, end = line_start(document, block.node), line_after(document, block.node)
    comments = {each.start_point.row: each for each in document.comments}
    row = block.node.start_point.row
    while (row := row - 1) in comments and not _lead_text(document, comments[row]):
        start = line_start(document, comments[row])
    tail = source[block.node.end_byte : end].strip()
    if tail and not tail.startswith((b"#", b"//")):
        raise refused(Reason.ONE_LINE, file=block.file, line=block.line)
    blank = line_end(source)
    opened = source[:start].rstrip(b" \t").endswith((b"{" + blank, blank * 2))
    if source.startswith(blank, end) and (opened or not start):
        end += len(blank)  # or two blank lines would meet, or one would lead
    elif source[:start].endswith(blank * 2) and _closes(source, end):
        start -= len(blank)
    after = without_lines(document, start=start, end=end)
    return FileEdit(document.file, block.line, source, after)


def _lead_text(document: Document, comment: Node) -> bytes:
    begin = document.source.rfind(b"\n", 0, comment.start_byte) + 1
    return document.source[begin : comment.start_byte].strip()


def _closes(source: bytes, at: int) -> bool:
    """Return whether nothing but the end of a block or of the file follows."""
    return source[at:].lstrip(b" \t")[:1] in {b"}", b""}


def _none_dynamic(holder: Block, kind: str) -> None:
    for each in holder.blocks:
        if each.type == "dynamic" and each.labels == (kind,):
            raise refused(Reason.DYNAMIC, file=each.file, line=each.line, what=kind)


def _not_json(file: str, *, line: int = 0, what: str) -> None:
    """Refuse code in JSON, in which only values are changed."""
    if file.endswith(".json"):
        raise refused(Reason.JSON, file=file, line=line, what=what)


def _kind(block: Block) -> tuple[str | None, ...]:
    return (block.type, *block.labels[:-1])


def says_the_same(block: Block, wanted: NewBlock) -> bool:
    """Return whether the block says exactly what is wanted, in whatever order."""
    if block.type != wanted.type or block.labels != wanted.labels:
        return False
    there = {each.name: _value(each.expression) for each in block.attributes}
    asked = {name: _plain(value) for name, value in wanted.attributes}
    if there != asked or len(block.blocks) != len(wanted.blocks):
        return False
    pairs = zip(block.blocks, wanted.blocks, strict=True)
    return all(says_the_same(one, other) for one, other in pairs)


def _value(expression: Expression) -> object:
    match classify(expression):
        case Literal(value):
            return canonical(value)
        case TupleLiteral(items, is_set=False):
            return tuple(_value(each) for each in items)
    named = reference(expression.node)
    return (None, expression.text) if named else (None, None, expression.text)


def _plain(value: Value) -> object:
    if isinstance(value, tuple):
        return tuple(_plain(each) for each in value)
    return (None, value.text) if isinstance(value, Ref) else canonical(value)


def _lines(block: NewBlock) -> Iterator[bytes]:
    """Yield the block's lines as `terraform fmt` would leave them."""
    labels = "".join(f' "{label}"' for label in block.labels)
    if not block.attributes and not block.blocks:
        yield f"{block.type}{labels} {{}}".encode()
        return
    yield f"{block.type}{labels} {{".encode()
    edge = max((columns(name) for name, _ in block.attributes), default=0)
    for name, value in block.attributes:
        yield f"  {name.ljust(edge)} = {_written(value)}".encode()
    for index, inner in enumerate(block.blocks):
        if index or block.attributes:
            yield b""
        yield from (INDENT + line if line else line for line in _lines(inner))
    yield b"}"


def _written(value: Value) -> str:
    if isinstance(value, Ref):
        return value.text
    if isinstance(value, tuple):
        return f"[{', '.join(_written(each) for each in value)}]"
    try:
        return write(value)
    except NotWritableError as error:
        raise refused(Reason.VALUE, file="", what=str(error)) from error
