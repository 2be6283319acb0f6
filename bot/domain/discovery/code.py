"""
Resources of a client's Terraform that could be targets, with their exact addresses.

Looks at every directory that Terraform could be run in, not into modules: what stands
in one of those is listed with the reason, like whatever is counted or computed. What
security groups are is for `groups`.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.domain.discovery.groups import TYPE, group_address, group_names, rules_of
from bot.domain.errors import Refused
from bot.domain.message import Message
from bot.domain.terraform.address import Address
from bot.domain.terraform.directory import CODE, Tree
from bot.domain.terraform.locate import instance_keys
from bot.domain.terraform.pick import callee
from bot.domain.terraform.place import Scope
from bot.domain.terraform.value import value_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from bot.domain.terraform.hcl import Block

# Terraform's types, and the kind of target that each is.
KINDS: Final = {
    "aws_instance": "instance",
    "aws_db_instance": "database",
    "aws_ebs_volume": "volume",
}
GROUP: Final = "security_group"


@dataclass(frozen=True, slots=True)
class Resource:
    """
    One resource instance: where it is written, and what it may be called in AWS.

    `names` are guesses from the code (its key, its identifier, its own name), none of
    them a fact before AWS knows such a thing.
    """

    kind: str
    directory: str
    address: str
    names: tuple[str, ...]
    # Of a security group: as which kind of resource its rules are written, if any are.
    rules: str = ""


@dataclass(frozen=True, slots=True)
class Unclear:
    """Something that is there and cannot be proposed, and why."""

    what: str
    reason: Message


def resources(
    files: Mapping[str, bytes],
) -> tuple[tuple[Resource, ...], tuple[Unclear, ...]]:
    """Return what the code has, in order of its places, and what could not be read."""
    tree = Tree(files)
    found: list[Resource] = []
    unclear: list[Unclear] = []
    directories = sorted({posixpath.dirname(path) for path in tree.ending(*CODE)})
    try:
        called = set(_called(tree, directories))
    except Refused as refusal:
        return (), (Unclear("*.tf", refusal.message),)
    for directory in directories:
        for block in _blocks(tree, directory):
            what = f"{directory}: {_spelled(block)}"
            if directory in called:
                unclear.append(Unclear(what, Message.of("discover.in-module")))
                continue
            try:
                if block.labels[0] == TYPE:
                    found.append(_group(tree, directory, block, directories))
                else:
                    found += _instances(tree, directory, block)
            except Refused as refusal:
                unclear.append(Unclear(what, refusal.message))
    return tuple(found), tuple(unclear)


def _blocks(tree: Tree, directory: str) -> Iterator[Block]:
    for block in tree.blocks(directory, "resource"):
        if block.labels and block.labels[0] in {*KINDS, TYPE}:
            yield block
    # A group that somebody else keeps is data here, and rules are written beside it.
    for block in tree.blocks(directory, "data"):
        if block.labels and block.labels[0] == TYPE:
            yield block


def _spelled(block: Block) -> str:
    text = ".".join(map(str, block.labels))
    return f"data.{text}" if block.type == "data" else text


def _group(
    tree: Tree, directory: str, block: Block, directories: list[str]
) -> Resource:
    return Resource(
        kind=GROUP,
        directory=directory,
        address=group_address(block),
        names=_spellings(group_names(tree, directory, block)),
        rules=rules_of(tree, directory, block, directories=directories),
    )


def _called(tree: Tree, directories: list[str]) -> Iterator[str]:
    """Yield the directories that others call as modules: nobody runs those alone."""
    for directory in directories:
        for block in tree.blocks(directory, "module"):
            try:
                yield callee(block)
            except Refused:
                continue  # a module of somebody else's, from elsewhere


def _instances(tree: Tree, directory: str, block: Block) -> Iterator[Resource]:
    kind, name = map(str, block.labels)
    for_each = block.attribute("for_each")
    keys: tuple[str | None, ...] = (None,)
    if for_each is not None:
        scope = Scope(directory)
        keys = instance_keys(tree, for_each.expression, scope=scope)
    for key in keys:
        address = Address(kind, name, key)
        # A count, and whatever else an edit would refuse, is refused here already.
        yield Resource(
            kind=KINDS[kind],
            directory=directory,
            address=str(address),
            names=_names(tree, directory, address),
        )


def _names(tree: Tree, directory: str, address: Address) -> tuple[str, ...]:
    guesses = []
    if address.type == "aws_db_instance":
        guesses.append(_value(tree, directory, address, "identifier"))
    guesses.append(_value(tree, directory, address, "tags.Name"))
    guesses.append(str(address.key) if address.key is not None else address.name)
    return _spellings(guesses)


def _spellings(guesses: Iterable[str]) -> tuple[str, ...]:
    """Return the guesses, and then each as it would be with dashes, once."""
    names = [guess for guess in guesses if guess]
    return tuple(dict.fromkeys([*names, *(guess.replace("_", "-") for guess in names)]))


def _value(tree: Tree, directory: str, address: Address, attribute: str) -> str:
    try:
        found = value_in(tree, root=directory, address=address, attribute=attribute)
    except Refused as refusal:
        if refusal.message.key == "refused.terraform-count":
            raise
        return ""
    return found if isinstance(found, str) else ""
