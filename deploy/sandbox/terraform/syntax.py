"""
Configuration files as blocks, attributes and expressions, each with its place.

Parsing is tree-sitter's; this module only gives the tree names. What an expression is
worth is decided in `evaluate`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import tree_sitter_hcl
from tree_sitter import Language, Node, Parser

from deploy.sandbox.terraform.errors import TerraformError, Where

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@dataclass(frozen=True)
class Expression:
    """One expression as written, and the file it stands in."""

    file: str
    node: Node

    @property
    def text(self) -> str:
        return text_of(self.node)

    @property
    def where(self) -> Where:
        return where_of(self.file, self.node)


@dataclass(frozen=True)
class Block:
    """A block or, with no kind, the body of a whole file."""

    kind: str
    labels: tuple[str, ...]
    where: Where
    attributes: Mapping[str, Expression]
    blocks: tuple[Block, ...]

    def only(self, *names: str) -> None:
        """Refuse attributes that are not named here, as `validate` would."""
        for name, expression in self.attributes.items():
            if name not in names:
                raise TerraformError(
                    "Unsupported argument",
                    detail=f'The sandbox\'s terraform stand-in knows no "{name}" in '
                    f"a {self.kind} block here; install terraform to run it for real.",
                    where=expression.where,
                )


def text_of(node: Node) -> str:
    return (node.text or b"").decode()


def where_of(file: str, node: Node) -> Where:
    row, column = node.start_point
    return Where(file, row + 1, column + 1, text_of(node))


def parse(file: str, source: bytes) -> Block:
    """Return the file's body; a syntax error names its line."""
    try:
        source.decode("utf-8")
    except UnicodeDecodeError as fault:
        raise TerraformError("Invalid character encoding", detail=file) from fault
    root = Parser(Language(tree_sitter_hcl.language())).parse(source).root_node
    if root.has_error:
        fault_node = next(_faults(root), root)
        raise TerraformError(
            "Invalid configuration syntax", where=where_of(file, fault_node)
        )
    body = next((n for n in root.children if n.type == "body"), None)
    return _block(file, kind="", labels=(), whole=root, body=body)


def _faults(node: Node) -> Iterator[Node]:
    if node.is_error or node.is_missing:
        yield node
    for child in node.children:
        if child.has_error or child.is_missing:
            yield from _faults(child)


def _block(
    file: str, *, kind: str, labels: tuple[str, ...], whole: Node, body: Node | None
) -> Block:
    attributes: dict[str, Expression] = {}
    blocks: list[Block] = []
    for node in body.children if body else ():
        if node.type == "attribute":
            name = text_of(node.children[0])
            if name in attributes:
                raise TerraformError(
                    "Attribute redefined",
                    detail=f'The argument "{name}" was already set.',
                    where=where_of(file, node),
                )
            attributes[name] = Expression(file, node.children[-1])
        elif node.type == "block":
            blocks.append(_nested(file, node))
    return Block(kind, labels, where_of(file, whole), attributes, tuple(blocks))


def _nested(file: str, node: Node) -> Block:
    names = [
        text_of(child).strip('"')
        for child in node.children
        if child.type in {"identifier", "string_lit"}
    ]
    body = next((child for child in node.children if child.type == "body"), None)
    return _block(file, kind=names[0], labels=tuple(names[1:]), whole=node, body=body)
