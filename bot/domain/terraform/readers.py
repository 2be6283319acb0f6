"""
Who else reads a value: the blast radius of changing it.

Follows every name the value passes through to all other places that read it: locals,
module arguments, outputs, sibling instances, other callers of a module in the tree. It
may name a reader too many (a splat reads all), but none of those written is left out.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Final

from bot.domain.editing.edit import Consumer
from bot.domain.errors import Refused
from bot.domain.terraform.address import Address, ModuleStep
from bot.domain.terraform.directory import CODE
from bot.domain.terraform.expression import ObjectLiteral, Reference, classify
from bot.domain.terraform.locate import instance_keys
from bot.domain.terraform.pick import callee
from bot.domain.terraform.place import Symbol
from bot.domain.terraform.reads import Read, inside, may_meet, mentions, reads

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.domain.terraform.directory import Tree
    from bot.domain.terraform.expression import Key
    from bot.domain.terraform.hcl import Block, Expression
    from bot.domain.terraform.locate import Located
    from bot.domain.terraform.place import Place, Scope

# A tree in which one value passes through more names than this is read no further.
_MOST_SYMBOLS: Final = 500


def readers(tree: Tree, *, located: Located, place: Place) -> tuple[Consumer, ...]:
    """Return every other place that reads the value, in order of file and line."""
    found = {*_siblings(tree, located, place), *_other_calls(tree, place)}
    found.update(_Search(tree, place).through([*place.symbols, _itself(located)]))
    return tuple(sorted(found))


def _itself(located: Located) -> Symbol:
    """Return the attribute as the rest of its module would read it."""
    kind, name = map(str, located.block.labels)
    key = located.each.key
    path = located.names if key is None else (key, *located.names)
    return Symbol(located.scope.directory, kind, name, path)


def _siblings(tree: Tree, located: Located, place: Place) -> Iterator[Consumer]:
    """Yield the other instances of blocks whose for_each did not choose the value."""
    levels = [(located.block, located.scope, located.each.key)]
    levels += [(call.block, call.scope, call.key) for call in located.scope.calls]
    for block, scope, own in levels:
        source = block.attribute("for_each")
        if source and block not in place.keyed:
            for key in _keys(tree, source.expression, scope):
                if key != own:
                    yield Consumer(block.file, block.line, _instance(block, key))


def _keys(tree: Tree, for_each: Expression, scope: Scope) -> tuple[str, ...]:
    try:
        return instance_keys(tree, for_each, scope=scope)
    except Refused:
        return ("*",)


def _instance(block: Block, key: str | None) -> str:
    match block.type, block.labels:
        case "resource", (str() as kind, str() as name):
            return str(Address(kind, name, key))
    return str(ModuleStep(str(block.labels[0]), key))


def _other_calls(tree: Tree, place: Place) -> Iterator[Consumer]:
    """Yield the other calls of the modules that the value is decided in."""
    own = [call.block for call in place.scope.calls]
    directories = [call.scope.directory for call in place.scope.calls]
    for directory in (place.scope.directory, *directories):
        for block in _calls(tree, directory):
            default = place.defaulted if directory == place.scope.directory else None
            overridden = default is not None and block.attribute(default)
            if block not in own and not overridden:
                yield Consumer(block.file, block.line, _instance(block, None))


def _calls(tree: Tree, directory: str) -> Iterator[Block]:
    """Yield every module block of the tree that calls `directory`."""
    marks = "module", posixpath.basename(directory) or ".."
    for path in tree.ending(*CODE):
        source, is_json = tree.source(path), path.endswith(".json")
        if all(mentions(source, each, is_json=is_json) for each in marks):
            for block in tree.document(path).blocks:
                if block.type == "module" and _callee(block) == directory:
                    yield block


def _callee(block: Block) -> str | None:
    try:
        return callee(block)
    except Refused:
        return None


class _Search:
    """Walks from name to name; lives for one value."""

    def __init__(self, tree: Tree, place: Place) -> None:
        self._tree = tree
        self._place = place
        self._waiting: list[Symbol] = []
        self._seen: set[Symbol] = set()

    def through(self, symbols: list[Symbol]) -> Iterator[Consumer]:
        """Yield who reads these names, and who reads what those define."""
        self._waiting = symbols
        while self._waiting and len(self._seen) < _MOST_SYMBOLS:
            symbol = self._waiting.pop()
            if symbol not in self._seen:
                self._seen.add(symbol)
                yield from self._of(symbol)

    def _of(self, symbol: Symbol) -> Iterator[Consumer]:
        found = reads(self._tree, symbol.directory, root=symbol.root, name=symbol.name)
        for read in found:
            steps = read.named.steps[1:]
            if may_meet(steps, symbol.path):
                yield from self._reader(read, symbol.path[len(steps) :])

    def _reader(self, read: Read, rest: tuple[Key, ...]) -> Iterator[Consumer]:
        if read.attribute == "for_each" and rest:
            key, *inner = rest
            for each in inside(read.block, root="each"):
                steps = each.named.steps
                if steps[:1] == ("value",) and may_meet(steps[1:], tuple(inner)):
                    yield from self._plain(each, tuple(inner[len(steps) - 1 :]), key)
        else:
            yield from self._plain(read, rest, None)

    def _plain(
        self, read: Read, rest: tuple[Key, ...], key: Key | None
    ) -> Iterator[Consumer]:
        if not self._followed(read):
            yield Consumer(read.block.file, read.line, read.what(key))
            self._pass_on(read, rest)

    def _followed(self, read: Read) -> bool:
        return any(
            at.file == read.block.file and at.start <= read.start < at.end
            for at in self._place.read
        )

    def _pass_on(self, read: Read, rest: tuple[Key, ...]) -> None:
        """Go on with the name that this reader defines from the value."""
        block, directory = read.block, posixpath.dirname(read.block.file)
        if attribute := block.attribute(read.attribute):
            rest = _path_to(attribute.expression, read.start, rest)
        match block.type, block.labels:
            case "locals", _:
                self._waiting.append(Symbol(directory, "local", read.attribute, rest))
            case "module", _ if (inner := _callee(block)) is not None:
                self._waiting.append(Symbol(inner, "var", read.attribute, rest))
            case "output", (str() as name,):
                for call in _calls(self._tree, directory):
                    outer = posixpath.dirname(call.file)
                    path = (name, *rest)
                    module = str(call.labels[0])
                    self._waiting.append(Symbol(outer, "module", module, path))


def _path_to(at: Expression, start: int, rest: tuple[Key, ...]) -> tuple[Key, ...]:
    """Return the keys under which an attribute's value holds what is read there."""
    keys: list[Key] = []
    while True:
        meaning = classify(at)
        if isinstance(meaning, Reference):
            return (*keys, *rest)
        elements = meaning.elements if isinstance(meaning, ObjectLiteral) else ()
        inner = (one for one in elements if one.value.start <= start < one.value.end)
        found = next(inner, None)
        if found is None or found.key is None:
            # Part of something computed: whoever reads any of that may read it.
            return tuple(keys)
        keys.append(found.key)
        at = found.value
