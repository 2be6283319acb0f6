"""
Security groups of a client's Terraform, and which kind of resource their rules are.

`/infra flow` writes a rule beside the one block of a group, a resource or data, so what
stands for several groups, or has its rules inside itself, is told and not proposed.
https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/security_group
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.domain.errors import Refused
from bot.domain.message import Message
from bot.domain.terraform.expression import Reference, classify
from bot.domain.terraform.follow import follow
from bot.domain.terraform.place import Each, Scope
from bot.domain.terraform.refusal import Reason, refused

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bot.domain.terraform.directory import Tree
    from bot.domain.terraform.hcl import Block

TYPE: Final = "aws_security_group"
RULES: Final = ("aws_security_group_rule", "aws_vpc_security_group_ingress_rule")
_SEVERAL: Final = ("count", "for_each")
_INSIDE: Final = ("ingress", "egress")


def group_address(block: Block) -> str:
    """Return how the code of its directory refers to the group."""
    data = "data." if block.type == "data" else ""
    return f"{data}{block.labels[0]}.{block.labels[1]}"


def group_names(tree: Tree, directory: str, block: Block) -> Iterator[str]:
    """Yield what the group may be called: its tag, its name, its name in the code."""
    for attribute, path in (("tags", ("Name",)), ("name", ())):
        found = block.attribute(attribute)
        if found is None:
            continue
        try:
            place = follow(
                tree,
                found.expression,
                scope=Scope(directory),
                each=Each(block, None),
                path=path,
            )
        except Refused:
            continue  # computed: the other names are guesses just as good
        if isinstance(place.value, str):
            yield place.value
    yield str(block.labels[1])


def rules_of(
    tree: Tree, directory: str, block: Block, *, directories: Sequence[str]
) -> str:
    """
    Return the kind of resource that its rules are; nothing where no code has a rule.

    What says most is a rule of this very group, then one in the same directory, then
    one anywhere; Refused when that says two things, or where none could be written.
    """
    if block.document.is_json:  # a rule would be written beside it, as a whole block
        file, line, what = block.file, block.line, group_address(block)
        raise refused(Reason.JSON, file=file, line=line, what=what)
    if any(block.attribute(name) for name in _SEVERAL):
        raise Refused(Message.of("discover.several-groups"))
    inside = {one.type for one in block.blocks} & {*_INSIDE, "dynamic"}
    if inside or any(block.attribute(name) for name in _INSIDE):
        raise Refused(Message.of("discover.rules-inside"))
    here = _rules(tree, directory)
    own = [one for one in here if _is_about(one, group_address(block))]
    every = own or here or [one for each in directories for one in _rules(tree, each)]
    kinds = sorted({str(one.labels[0]) for one in every})
    if len(kinds) > 1:
        raise Refused(Message.of("discover.two-kinds", {"kinds": ", ".join(kinds)}))
    return kinds[0] if kinds else ""


def _rules(tree: Tree, directory: str) -> list[Block]:
    return [
        one
        for one in tree.blocks(directory, "resource")
        if one.labels and one.labels[0] in RULES
    ]


def _is_about(rule: Block, address: str) -> bool:
    group = rule.attribute("security_group_id")
    named = classify(group.expression) if group else None
    if not isinstance(named, Reference):
        return False
    return ".".join((named.root, *map(str, named.steps))) == f"{address}.id"
