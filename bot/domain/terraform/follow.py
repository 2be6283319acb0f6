"""
From an attribute of a resource to the one place in git that decides it.

Follows variables into variable files, defaults and module arguments, locals,
`each.value` into for_each maps, and plain keys into object literals. Everything else is
refused with its reason and line. It changes nothing: that is for `edit`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from bot.domain.editing.edit import Step
from bot.domain.terraform.expression import (
    Literal,
    ObjectLiteral,
    Opaque,
    Reference,
    TupleLiteral,
    Unknown,
    classify,
)
from bot.domain.terraform.pick import element
from bot.domain.terraform.place import Each, Place, Scope, Symbol, not_ours
from bot.domain.terraform.refusal import Reason, excerpt, refused

if TYPE_CHECKING:
    from bot.domain.terraform.directory import Tree
    from bot.domain.terraform.expression import Key
    from bot.domain.terraform.hcl import Block, Expression
    from bot.domain.terraform.literal import Scalar

# More hops than this is a loop (`local.a = local.b`, `local.b = local.a`).
_MOST_HOPS: Final = 40


@dataclass
class _Trail:
    """What is collected on the way; lives for one `follow`."""

    steps: list[Step] = field(default_factory=list)
    symbols: list[Symbol] = field(default_factory=list)
    read: list[Expression] = field(default_factory=list)
    keyed: list[Block] = field(default_factory=list)
    defaulted: str | None = None


def follow(
    tree: Tree,
    expression: Expression,
    *,
    scope: Scope,
    each: Each | None = None,
    path: tuple[Key, ...] = (),
) -> Place:
    """Return the place that decides `expression`; refuses what is not a plain value."""
    return _Follower(tree).place(expression, scope, each, path)


def collection(tree: Tree, expression: Expression, *, scope: Scope) -> Expression:
    """Return the written object or list that `expression` leads to."""
    return _Follower(tree, whole=True).place(expression, scope, None, ()).expression


class _Follower:
    def __init__(self, tree: Tree, *, whole: bool = False) -> None:
        self._tree = tree
        self._whole = whole
        self._trail = _Trail()

    def place(
        self, at: Expression, scope: Scope, each: Each | None, path: tuple[Key, ...]
    ) -> Place:
        """Return the place of the literal at `path` inside the expression."""
        match classify(at):
            case Opaque(reason):
                raise not_ours(reason, at)
            case Literal(value):
                return self._arrived(at, scope, path, value)
            case ObjectLiteral() | TupleLiteral() if self._whole and not path:
                return self._arrived(at, scope, path, None)
            case ObjectLiteral() | TupleLiteral() as found:
                inner = element(found, path, at=at)
                return self.place(inner, scope, each, path[1:])
            case named:
                return self._reference(named, at, scope, each, path)

    def _note(self, at: Expression) -> None:
        if len(self._trail.steps) > _MOST_HOPS:
            raise not_ours(Reason.LOOP, at)
        self._trail.steps.append(Step(at.file, at.line, excerpt(at.text)))

    def _arrived(
        self, at: Expression, scope: Scope, path: tuple[Key, ...], value: Scalar | None
    ) -> Place:
        if path:
            raise not_ours(Reason.NOT_COLLECTION, at)
        self._note(at)
        trail = self._trail
        return Place(
            expression=at,
            value=value,
            scope=scope,
            steps=tuple(trail.steps),
            symbols=tuple(trail.symbols),
            read=tuple(trail.read),
            keyed=tuple(trail.keyed),
            defaulted=trail.defaulted,
        )

    def _reference(
        self,
        named: Reference,
        at: Expression,
        scope: Scope,
        each: Each | None,
        path: tuple[Key, ...],
    ) -> Place:
        self._note(at)
        self._trail.read.append(at)
        steps = (*self._keys(named, at, each), *path)
        match (named.root, *steps):
            case ("each", "value", *rest):
                return self._each_value(at, scope, each, tuple(rest))
            case ("each", "key"):
                raise not_ours(Reason.EACH_KEY, at)
            case ("local", str() as name, *rest):
                self._symbol(scope, "local", name, tuple(rest))
                value = self._tree.local(scope.directory, name).expression
                return self.place(value, scope, None, tuple(rest))
            case ("var", str() as name, *rest):
                self._symbol(scope, "var", name, tuple(rest))
                return self._variable(name, at, scope, tuple(rest))
        raise not_ours(Reason.REFERENCE, at)

    def _keys(
        self, named: Reference, at: Expression, each: Each | None
    ) -> tuple[Key, ...]:
        keys: list[Key] = []
        for step in named.steps:
            if step is Unknown.EACH_KEY and each is not None and each.key is not None:
                self._trail.keyed.append(each.block)
                keys.append(each.key)
            elif isinstance(step, Unknown):
                raise not_ours(Reason.COMPUTED_KEY, at)
            else:
                keys.append(step)
        return tuple(keys)

    def _symbol(
        self, scope: Scope, root: str, name: str, path: tuple[Key, ...]
    ) -> None:
        self._trail.symbols.append(Symbol(scope.directory, root, name, path))

    def _each_value(
        self, at: Expression, scope: Scope, each: Each | None, path: tuple[Key, ...]
    ) -> Place:
        source = each.block.attribute("for_each") if each else None
        if each is None or each.key is None or source is None:
            raise not_ours(Reason.REFERENCE, at)
        self._trail.keyed.append(each.block)
        return self.place(source.expression, scope, None, (each.key, *path))

    def _variable(
        self, name: str, at: Expression, scope: Scope, path: tuple[Key, ...]
    ) -> Place:
        declared = self._tree.block(scope.directory, "variable", name)
        _not_sensitive(declared, name=name)
        if scope.call is None:
            given = self._tree.assignment(scope.directory, name)
            if given is not None:
                return self.place(given.expression, scope, None, path)
        elif argument := scope.call.block.attribute(name):
            call = scope.call
            each = Each(call.block, call.key)
            return self.place(argument.expression, call.scope, each, path)
        default = declared.attribute("default")
        if default is None:
            raise not_ours(Reason.CI_ONLY, at)
        self._trail.defaulted = name
        return self.place(default.expression, scope, None, path)


def _not_sensitive(declared: Block, *, name: str) -> None:
    marked = declared.attribute("sensitive")
    if marked and classify(marked.expression) != Literal(value=False):
        at = marked.expression
        raise refused(Reason.SENSITIVE, file=at.file, line=at.line, what=f"var.{name}")
