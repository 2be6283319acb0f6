"""
A whole resource put into a module, or taken out of it, as a change says it.

The change names plain values and references; here they become a block of Terraform and
an edit of one file. What is taken out must say exactly what was said it says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.domain.change import NameOf, PutResource
from bot.domain.terraform.address import Address
from bot.domain.terraform.blocks import (
    NewBlock,
    Ref,
    append_block,
    remove_block,
    says_the_same,
)
from bot.domain.terraform.directory import Tree, normal
from bot.domain.terraform.locate import owner
from bot.domain.terraform.refusal import Reason, refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.domain.change import DropResource, Written
    from bot.domain.editing.edit import FileEdit
    from bot.domain.terraform.blocks import Value
    from bot.domain.terraform.hcl import Block

_DATA: Final = "data."


def whole_resource(
    files: Mapping[str, bytes], wanted: PutResource | DropResource
) -> FileEdit:
    """Return the edit that puts the resource in or takes it out; refuses with why."""
    tree, root = Tree(files), normal(wanted.directory)
    address = Address.parse(wanted.address)
    block = NewBlock(
        type="resource",
        labels=(address.type, address.name),
        attributes=tuple((name, _value(value)) for name, value in wanted.arguments),
    )
    if isinstance(wanted, PutResource):
        home = _beside(tree, root, wanted.beside)
        return append_block(files, file=home.file, block=block)
    found = owner(tree, root=root, address=address).block
    if not found.document.is_json and not says_the_same(found, block):
        what = wanted.address
        raise refused(Reason.DIFFERENT, file=found.file, line=found.line, what=what)
    return remove_block(files, root=wanted.directory, address=address)


def _beside(tree: Tree, root: str, text: str) -> Block:
    """Return the block of the module that the new one is about."""
    kind = "data" if text.startswith(_DATA) else "resource"
    address = Address.parse(text.removeprefix(_DATA))
    if address.modules or address.key is not None:
        raise refused(Reason.ADDRESS, file="", what=text)
    return tree.block(root, kind, address.type, address.name)


def _value(value: Written) -> Value:
    return Ref(value.ref) if isinstance(value, NameOf) else value
