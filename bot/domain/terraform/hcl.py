"""
HCL source as spans: what is written where, byte for byte.

Parses with tree-sitter and hands out documents, blocks, attributes and expressions that
know their place in the source. JSON is such a document too: `json_vars` makes one of a
variable file, which has no blocks, `json_code` one of code. Knows nothing of what it
means to Terraform: which block counts and what a reference leads to are for `directory`
and `follow`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Final

import tree_sitter_hcl
from tree_sitter import Language, Node, Parser, Query, QueryCursor

from bot.domain.terraform.literal import NotReadableError, unquote
from bot.domain.terraform.refusal import Reason, refused

if TYPE_CHECKING:
    from collections.abc import Iterator

# Far above any file people write, far below what would stall the worker.
LARGEST_FILE: Final = 2 * 1024 * 1024


@cache
def _language() -> Language:
    return Language(tree_sitter_hcl.language())


@cache
def _query(pattern: str) -> Query:
    return Query(_language(), pattern)


def child(node: Node, kind: str) -> Node | None:
    """Return the first child of that kind."""
    return next((each for each in node.children if each.type == kind), None)


def text_of(node: Node) -> str:
    """Return the source of a node."""
    return (node.text or b"").decode()


def quoted(node: Node) -> str:
    """Return the value of a `string_lit`; raises `NotReadableError`."""
    # What stands between the quotes: the grammar's own parts leave white space out.
    return unquote(text_of(node)[1:-1])


@dataclass(frozen=True, slots=True)
class Expression:
    """
    One right-hand side (or object element's value) and where it stands.

    Of JSON only: texts in it say themselves when `verbatim`, and are templates if not.
    """

    document: Document
    node: Node
    verbatim: bool = False

    @property
    def file(self) -> str:
        """The file it is written in."""
        return self.document.file

    @property
    def start(self) -> int:
        """The offset of its first byte."""
        return self.node.start_byte

    @property
    def end(self) -> int:
        """The offset after its last byte."""
        return self.node.end_byte

    @property
    def line(self) -> int:
        """The line it starts on, counted from 1."""
        return self.node.start_point.row + 1

    @property
    def text(self) -> str:
        """Its source."""
        return text_of(self.node)


@dataclass(frozen=True, slots=True)
class Attribute:
    """`name = expression`."""

    name: str
    line: int
    expression: Expression

    @property
    def file(self) -> str:
        """The file it is written in."""
        return self.expression.file


@dataclass(frozen=True, slots=True)
class Block:
    """`type "label" … { }`; a label that is not plain text is None."""

    document: Document
    type: str
    labels: tuple[str | None, ...]
    node: Node

    @property
    def file(self) -> str:
        """The file it is written in."""
        return self.document.file

    @property
    def line(self) -> int:
        """The line it starts on, counted from 1."""
        return self.node.start_point.row + 1

    @property
    def attributes(self) -> tuple[Attribute, ...]:
        """Its own attributes, in order, duplicates included."""
        return tuple(_attributes(self.document, child(self.node, "body")))

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The blocks directly inside it, in order."""
        return tuple(_blocks(self.document, child(self.node, "body")))

    def attribute(self, name: str) -> Attribute | None:
        """Return the attribute of that name; refuses when it is written twice."""
        return _only(self.attributes, name=name, file=self.file)


@dataclass(frozen=True)
class Document:
    """A file that parsed without error; BOM, line ends and encoding are kept."""

    file: str
    source: bytes
    root: Node
    is_json: bool = False

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """The top-level blocks, in order."""
        return tuple(_blocks(self, child(self.root, "body")))

    @cached_property
    def attributes(self) -> tuple[Attribute, ...]:
        """The top-level attributes (a tfvars file has only these)."""
        if self.is_json:
            return tuple(_pairs(self))
        return tuple(_attributes(self, child(self.root, "body")))

    def attribute(self, name: str) -> Attribute | None:
        """Return the top-level attribute of that name; refuses when written twice."""
        return _only(self.attributes, name=name, file=self.file)

    @cached_property
    def comments(self) -> tuple[Node, ...]:
        """Every comment of the file."""
        return captured(self.root, "(comment) @found")

    def variables(self, within: Node) -> tuple[Node, ...]:
        """Return every place inside `within` where a name is read."""
        return captured(within, "(variable_expr) @found")


def captured(within: Node, pattern: str) -> tuple[Node, ...]:
    """Return what a tree-sitter pattern calls `@found`; patterns are ours, constant."""
    return tuple(QueryCursor(_query(pattern)).captures(within).get("found", ()))


def _only(among: tuple[Attribute, ...], *, name: str, file: str) -> Attribute | None:
    found = [each for each in among if each.name == name]
    if len(found) > 1:
        raise refused(Reason.DUPLICATE, file=file, line=found[1].line, what=name)
    return found[0] if found else None


def _attributes(document: Document, body: Node | None) -> Iterator[Attribute]:
    for node in body.children if body else ():
        if node.type == "attribute":
            parts = ("identifier", "expression")
            name, value = (each for each in node.children if each.type in parts)
            line = node.start_point.row + 1
            yield Attribute(text_of(name), line, Expression(document, value))


def _pairs(document: Document) -> Iterator[Attribute]:
    for node in document.root.named_children:
        name, value = json_pair(node)
        line = node.start_point.row + 1
        yield Attribute(name, line, Expression(document, value, verbatim=True))


def json_pair(pair: Node) -> tuple[str, Node]:
    """Return the key and the value of a pair of JSON."""
    name, value = pair.named_children
    return str(json.loads(text_of(name))), value


def _blocks(document: Document, body: Node | None) -> Iterator[Block]:
    for node in body.children if body else ():
        if node.type == "block":
            head = [each for each in node.children if each.type in _HEAD]
            labels = tuple(_label(each) for each in head[1:])
            yield Block(document, text_of(head[0]), labels, node)


_HEAD: Final = frozenset({"identifier", "string_lit"})


def _label(node: Node) -> str | None:
    if node.type == "identifier":
        return text_of(node)
    try:
        return quoted(node)
    except NotReadableError:
        return None


def parse(file: str, source: bytes) -> Document:
    """
    Return the file's document.

    Refuses what is not UTF-8, larger than 2 MiB, or wrong anywhere: after a syntax
    error the parser's guess may have swallowed the very block that is looked for.
    """
    readable(file, source)
    root = Parser(_language()).parse(source).root_node
    if root.has_error:
        raise refused(Reason.SYNTAX, file=file, line=_first_error(root))
    return Document(file, source, root)


def readable(file: str, source: bytes) -> str:
    """Return the text of a file; refuses what is larger than 2 MiB or not UTF-8."""
    if len(source) > LARGEST_FILE:
        raise refused(Reason.LARGE, file=file)
    try:
        return source.decode()
    except UnicodeDecodeError as error:
        line = source.count(b"\n", 0, error.start) + 1
        raise refused(Reason.ENCODING, file=file, line=line) from error


def _first_error(root: Node) -> int:
    waiting, rows = [root], []
    while waiting:
        node = waiting.pop()
        if node.is_error or node.is_missing:
            rows.append(node.start_point.row)
        waiting.extend(each for each in node.children if each.has_error)
    return min(rows) + 1
