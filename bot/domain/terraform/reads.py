"""
Where a name is read in a module: one occurrence after the other, with its surroundings.

Finds by the syntax tree, in code as JSON by that of each text. What a reader means for
others is for `readers`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.domain.terraform.address import Address
from bot.domain.terraform.expression import Reference, Unknown, reference
from bot.domain.terraform.json_code import CodeDocument

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

    from bot.domain.terraform.directory import Tree
    from bot.domain.terraform.expression import Key, Step
    from bot.domain.terraform.hcl import Block

# `depends_on` names a resource to wait for it; it reads no value.
_NO_VALUE: Final = frozenset({"depends_on", "ignore_changes"})


@dataclass(frozen=True, slots=True)
class Read:
    """
    One occurrence: the name, the top-level block, the dotted attribute.

    `start` is the offset of the name, or of the text of JSON that it stands in; `line`
    counts from 1.
    """

    start: int
    line: int
    named: Reference
    block: Block
    attribute: str

    def what(self, key: Key | None = None) -> str:
        """Return the reader as people name it, `aws_instance.web["a"].type` say."""
        kind, labels = self.block.type, [str(each) for each in self.block.labels]
        match kind, labels:
            case "resource", [type_, name]:
                return f"{Address(type_, name, key)}.{self.attribute}"
            case "locals", []:
                return f"local.{self.attribute}"
            case "output", [name]:
                return f"output.{name}"
        return ".".join([kind, *labels, self.attribute])


def reads(tree: Tree, directory: str, *, root: str, name: str) -> Iterator[Read]:
    """Yield every place in the module's files that reads `root.name`."""
    for document in tree.documents(directory):
        if mentions(document.source, name, is_json=document.is_json):
            for block in document.blocks:
                found = inside(block, root=root)
                yield from (each for each in found if each.named.steps[:1] == (name,))


def inside(block: Block, *, root: str) -> Iterator[Read]:
    """Yield every place inside the block that reads a name starting with `root`."""
    for node, named in _names(block):
        if named.root == root:
            attribute = attribute_path(block, node.start_byte)
            if attribute.split(".")[-1] not in _NO_VALUE:
                line = node.start_point.row + 1
                yield Read(node.start_byte, line, named, block, attribute)


def attribute_path(block: Block, start: int) -> str:
    """Return the attribute that holds the offset, nested blocks before it, dotted."""
    for attribute in block.attributes:
        at = attribute.expression
        if at.start <= start < at.end:
            return attribute.name
    holding = (each for each in block.blocks if _holds(each.node, start))
    return "".join(f"{each.type}.{attribute_path(each, start)}" for each in holding)


def mentions(source: bytes, name: str, *, is_json: bool) -> bool:
    """Return whether a file can have the name at all; JSON may write it in escapes."""
    return name.encode() in source or (is_json and b"\\u" in source)


def _names(block: Block) -> Iterator[tuple[Node, Reference]]:
    """Yield every reference in the block, with the node that tells its place."""
    document = block.document
    if isinstance(document, CodeDocument):
        verbatim = [
            one.expression for one in block.attributes if one.expression.verbatim
        ]
        for node, named in document.references_in(block.node):
            if not any(one.start <= node.start_byte < one.end for one in verbatim):
                yield node, named
        return
    nodes = document.variables(block.node)
    every = ((node, reference(node.parent)) for node in nodes if node.parent)
    yield from ((node, found) for node, found in every if found)


def _holds(node: Node, start: int) -> bool:
    return node.start_byte <= start < node.end_byte


def may_meet(steps: tuple[Step, ...], path: tuple[Key, ...]) -> bool:
    """Return whether a reference with these steps can read what stands at `path`."""
    pairs = zip(steps, path, strict=False)
    return all(isinstance(step, Unknown) or step == key for step, key in pairs)
