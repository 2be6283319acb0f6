"""
From a resource address to the expression of its attribute.

Walks the module calls, finds the one block, and refuses what the address does not fit:
`count`, a missing or needless key, `ignore_changes`, a `dynamic` block.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.domain.terraform.expression import (
    Element,
    Key,
    Literal,
    ObjectLiteral,
    TupleLiteral,
    classify,
)
from bot.domain.terraform.follow import collection
from bot.domain.terraform.hcl import text_of
from bot.domain.terraform.pick import callee, element
from bot.domain.terraform.place import Call, Each, Scope, not_ours
from bot.domain.terraform.refusal import Reason, refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.domain.terraform.address import Address
    from bot.domain.terraform.directory import Tree
    from bot.domain.terraform.hcl import Block, Expression


# What HCL has as bare names, JSON has as texts; they are no values there either.
_NAMES_AS_TEXTS: Final = frozenset(
    {
        ("resource", "provider"),
        ("lifecycle", "ignore_changes"),
        ("provisioner", "when"),
        ("provisioner", "on_failure"),
    }
)


@dataclass(frozen=True, slots=True)
class Located:
    """An attribute of a resource as written, and the module it is written in."""

    block: Block
    expression: Expression
    path: tuple[str, ...]
    scope: Scope
    each: Each
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Owner:
    """A resource's block, and the module it is written in."""

    block: Block
    scope: Scope


def owner(tree: Tree, *, root: str, address: Address) -> Owner:
    """Return the one block of a resource; refuses an address that does not fit it."""
    scope = Scope(root)
    for step in address.modules:
        call = tree.block(scope.directory, "module", step.name)
        _fits(call, step.key)
        scope = Scope(callee(call), Call(scope, call, step.key))
    block = tree.block(scope.directory, "resource", address.type, address.name)
    _fits(block, address.key)
    return Owner(block, scope)


def locate(tree: Tree, *, root: str, address: Address, attribute: str) -> Located:
    """Return where `attribute` of `address` is written under the directory `root`."""
    found = owner(tree, root=root, address=address)
    block, scope = found.block, found.scope
    first, *rest = names = _names(attribute)
    _not_ignored(block, first)
    expression, path = _descend(block, first, rest)
    each = Each(block, address.key)
    return Located(block, expression, path, scope, each, tuple(names))


def missing(block: Block, *, attribute: str) -> tuple[Block, str] | None:
    """Return the block that an attribute would be put in, or None when it is there."""
    first, *rest = _names(attribute)
    _not_ignored(block, first)
    while True:
        if block.attribute(first):
            return None
        inner = [each for each in block.blocks if each.type == first]
        if not inner and not rest and not _is_dynamic(block, first):
            return block, first
        if len(inner) != 1 or not rest:
            return None  # `locate` says what is wrong with it
        block, (first, *rest) = inner[0], rest


def instance_keys(tree: Tree, for_each: Expression, *, scope: Scope) -> tuple[str, ...]:
    """Return the keys that a for_each gives; refuses those that are computed."""
    written = collection(tree, for_each, scope=scope)
    match classify(written):
        case ObjectLiteral(elements):
            return tuple(each.key for each in elements if each.key is not None)
        case TupleLiteral(items, is_set=True):
            values = [classify(each) for each in items]
            texts = [each.value for each in values if isinstance(each, Literal)]
            return tuple(each for each in texts if isinstance(each, str))
    return ()


def _fits(block: Block, key: Key | None) -> None:
    what = ".".join(map(str, block.labels))
    counted = block.attribute("count")
    if counted or isinstance(key, int):
        line = counted.line if counted else block.line
        raise refused(Reason.COUNT, file=block.file, line=line, what=what)
    for_each = block.attribute("for_each")
    if for_each and key is None:
        line = for_each.line
        raise refused(Reason.NEEDS_KEY, file=block.file, line=line, what=what)
    if for_each is None and key is not None:
        line = block.line
        raise refused(Reason.NO_FOR_EACH, file=block.file, line=line, what=what)


def _names(attribute: str) -> list[str]:
    if not re.fullmatch(r"[a-z0-9_]+(\.[A-Za-z0-9_-]+)*", attribute, re.ASCII):
        raise refused(Reason.ATTRIBUTE, file="", what=attribute)
    return attribute.split(".")


def _descend(
    block: Block, first: str, rest: list[str]
) -> tuple[Expression, tuple[str, ...]]:
    """Return the expression and the keys into it; names may go through one block."""
    while True:
        if found := block.attribute(first):
            if block.document.is_json:
                if (block.type, first) in _NAMES_AS_TEXTS:
                    raise not_ours(Reason.REFERENCE, found.expression)
                return _through_objects(found.expression, tuple(rest))
            return found.expression, tuple(rest)
        inner = [each for each in block.blocks if each.type == first]
        if len(inner) > 1:
            line = inner[1].line
            raise refused(Reason.DUPLICATE, file=block.file, line=line, what=first)
        if not inner or not rest:
            raise _absent(block, first)
        block, (first, *rest) = inner[0], rest


def _through_objects(
    at: Expression, path: tuple[str, ...]
) -> tuple[Expression, tuple[str, ...]]:
    """Return the same of JSON, in which a block is an object, or one in a list."""
    while path:
        match classify(at):
            case TupleLiteral((one,)):
                at = one
            case TupleLiteral((_, second, *_)):
                file, line, what = at.file, second.line, path[0]
                raise refused(Reason.DUPLICATE, file=file, line=line, what=what)
            case ObjectLiteral(elements) as found:
                _not_made(elements, path[0])
                at, path = element(found, path, at=at), path[1:]
            case _:
                break
    return at, path


def _not_made(elements: tuple[Element, ...], name: str) -> None:
    """Refuse a name that a `dynamic` beside it in the object makes blocks of."""
    for each in elements:
        made = classify(each.value) if each.key == "dynamic" else None
        for one in made.elements if isinstance(made, ObjectLiteral) else ():
            if one.key == name:
                file, line = one.value.file, one.line
                raise refused(Reason.DYNAMIC, file=file, line=line, what=name)


def _is_dynamic(block: Block, name: str) -> Block | None:
    made = (each for each in block.blocks if each.type == "dynamic")
    return next((each for each in made if each.labels == (name,)), None)


def _absent(block: Block, name: str) -> Exception:
    if dynamic := _is_dynamic(block, name):
        line = dynamic.line
        return refused(Reason.DYNAMIC, file=block.file, line=line, what=name)
    return refused(Reason.NO_ATTRIBUTE, file=block.file, line=block.line, what=name)


def _not_ignored(block: Block, name: str) -> None:
    """Refuse an attribute that Terraform is told to leave alone."""
    for lifecycle in block.blocks:
        ignored = lifecycle.attribute("ignore_changes")
        if lifecycle.type != "lifecycle" or ignored is None:
            continue
        at = ignored.expression
        if {name, "all"} & {*_names_of(at)}:
            raise refused(Reason.IGNORED, file=at.file, line=at.line, what=name)


def _names_of(at: Expression) -> Iterator[str]:
    """Yield the first name of each reference in a list of them, or in one alone."""
    if not at.document.is_json:
        yield from (text_of(each) for each in at.document.variables(at.node))
    meaning = classify(at)
    items = meaning.items if isinstance(meaning, TupleLiteral) else (at,)
    # JSON has names as texts, and Terraform 0.11 had; it still reads those.
    for found in map(classify, items):
        if isinstance(found, Literal) and isinstance(found.value, str):
            yield re.split(r"[.\[]", found.value.strip())[0]
