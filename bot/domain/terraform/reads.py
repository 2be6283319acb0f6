"""
Where a name is read in a module: one occurrence after the other, with its surroundings.

Finds by the syntax tree, not by text. What a reader means for others is for `readers`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.domain.terraform.address import Address
from bot.domain.terraform.expression import Reference, Unknown, reference

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
    """One occurrence: the name, the top-level block, the dotted attribute."""

    node: Node
    named: Reference
    block: Block
    attribute: str

    @property
    def line(self) -> int:
        """The line of the name, counted from 1."""
        return self.node.start_point.row + 1

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
    """Yield every place in the module's `.tf` files that reads `root.name`."""
    for document in tree.documents(directory):
        if name.encode() in document.source:
            for block in document.blocks:
                found = inside(block, root=root)
                yield from (each for each in found if each.named.steps[:1] == (name,))


def inside(block: Block, *, root: str) -> Iterator[Read]:
    """Yield every place inside the block that reads a name starting with `root`."""
    for node in block.document.variables(block.node):
        holder = node.parent
        if holder is None or (node.text or b"").decode() != root:
            continue
        named, attribute = reference(holder), attribute_path(block, node)
        if named and attribute.split(".")[-1] not in _NO_VALUE:
            yield Read(node, named, block, attribute)


def attribute_path(block: Block, node: Node) -> str:
    """Return the attribute that holds the node, nested blocks before it, dotted."""
    for attribute in block.attributes:
        at = attribute.expression
        if at.start <= node.start_byte < at.end:
            return attribute.name
    holding = (each for each in block.blocks if _holds(each, node))
    return "".join(f"{each.type}.{attribute_path(each, node)}" for each in holding)


def _holds(block: Block, node: Node) -> bool:
    return block.node.start_byte <= node.start_byte < block.node.end_byte


def may_meet(steps: tuple[Step, ...], path: tuple[Key, ...]) -> bool:
    """Return whether a reference with these steps can read what stands at `path`."""
    pairs = zip(steps, path, strict=False)
    return all(isinstance(step, Unknown) or step == key for step, key in pairs)
