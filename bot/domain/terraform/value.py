"""What the code says an attribute is, read the way an edit would find it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.terraform.directory import Tree, normal
from bot.domain.terraform.follow import follow
from bot.domain.terraform.locate import locate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.domain.terraform.address import Address
    from bot.domain.terraform.literal import Scalar


def written_value(
    files: Mapping[str, bytes], *, root: str, address: Address, attribute: str
) -> Scalar | None:
    """Return the attribute's value; Refused, with its reason, if it is not plain."""
    return value_in(Tree(files), root=root, address=address, attribute=attribute)


def value_in(
    tree: Tree, *, root: str, address: Address, attribute: str
) -> Scalar | None:
    """Return the same out of a tree that is asked more than once."""
    found = locate(tree, root=normal(root), address=address, attribute=attribute)
    place = follow(
        tree, found.expression, scope=found.scope, each=found.each, path=found.path
    )
    return place.value
