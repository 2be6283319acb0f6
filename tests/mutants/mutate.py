"""
Every small change that could be a mistake in a file, one at a time.

A mutant is named by where it is and what changes in words of the code, never by a line
number, so that the name stays when the lines move.
"""

from __future__ import annotations

import ast
import copy
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_COMPARED: Final = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_COUNTED: Final = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}
_NAMED: Final = {"any": "all", "all": "any", "min": "max", "max": "min"}


@dataclass(frozen=True)
class Mutant:
    """One changed file: what changed, and which place of its tree is what instead."""

    file: str
    where: str
    change: str
    base: ast.Module
    at: int
    after: ast.AST | None

    @property
    def name(self) -> str:
        """What it is called in the list of survivors."""
        return f"{self.file}::{self.where}: {self.change}"

    @property
    def tree(self) -> ast.Module:
        """The whole file with the mistake in it, made anew each time."""
        return _put(self.base, self.at, self.after)


def mutants(file: str, source: str) -> Iterator[Mutant]:
    """Return every mutant of this file, in the order of its lines."""
    tree = ast.parse(source)
    seen: Counter[str] = Counter()
    places = list(_places(tree))
    for at, (where, node) in enumerate(places):
        for after in _changes(node):
            change = _told(node, after)
            key = f"{where}: {change}"
            seen[key] += 1
            again = f" ({seen[key]})" if seen[key] > 1 else ""
            yield Mutant(file, where, f"{change}{again}", tree, at, after)


def _put(tree: ast.Module, at: int, after: ast.AST | None) -> ast.Module:
    """Return a copy in which the node at this place is another."""
    whole = copy.deepcopy(tree)
    _, node = list(_places(whole))[at]
    if after is None:
        after = ast.Pass()
    _Swap(node, after).visit(whole)
    return ast.fix_missing_locations(whole)


class _Swap(ast.NodeTransformer):
    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self._old = old
        self._new = new

    def visit(self, node: ast.AST) -> ast.AST:
        if node is self._old:
            return ast.copy_location(copy.deepcopy(self._new), node)
        return self.generic_visit(node)


def _places(tree: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    """Return every node that may change, with the name of what it is in."""
    yield from _walk(tree, ())


def _walk(node: ast.AST, within: tuple[str, ...]) -> Iterator[tuple[str, ast.AST]]:
    for field, value in ast.iter_fields(node):
        # What is only read by people or the type checker, and how classes are made.
        of_class = isinstance(node, ast.ClassDef) and field in {"keywords", "bases"}
        if of_class or field in {"annotation", "returns", "decorator_list"}:
            continue
        children = value if isinstance(value, list) else [value]
        for place, child in enumerate(children):
            if not isinstance(child, ast.AST) or _is_idle(child, field, place):
                continue
            inner = within
            if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                inner = (*within, child.name)
            yield ".".join(inner) or "module", child
            yield from _walk(child, inner)


def _is_idle(node: ast.AST, field: str, place: int) -> bool:
    """Whether nothing depends on it: docstrings, imports for types, bare names."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return field == "body"
    if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        return True
    return isinstance(node, ast.Import | ast.ImportFrom)


def _changes(node: ast.AST) -> Iterator[ast.AST | None]:  # noqa: C901 - a table
    match node:
        case ast.Compare(ops=[op]) if type(op) in _COMPARED:
            yield _with(node, ops=[_COMPARED[type(op)]()])
        case ast.BoolOp(op=op):
            yield _with(node, op=ast.Or() if isinstance(op, ast.And) else ast.And())
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield operand
        case ast.BinOp(op=op) if type(op) in _COUNTED:
            yield _with(node, op=_COUNTED[type(op)]())
        case ast.Constant(value=value):
            yield from _other(value)
        case ast.Return(value=value) if value is not None and not _is_none(value):
            yield ast.Return(ast.Constant(None))
        case ast.If(test=test) | ast.While(test=test):
            yield _with(node, test=ast.UnaryOp(ast.Not(), test))
        case ast.IfExp(test=test):
            yield _with(node, test=ast.UnaryOp(ast.Not(), test))
        case ast.comprehension(ifs=[_, *_]):
            yield _with(node, ifs=[])
        case ast.Raise() | ast.Continue() | ast.Break():
            yield None
        case ast.Expr(value=ast.Call() | ast.Await()):
            yield None
        case ast.Name(id=name, ctx=ast.Load()) if name in _NAMED:
            yield ast.Name(_NAMED[name], ast.Load())


def _other(value: object) -> Iterator[ast.AST]:
    match value:
        case bool():
            yield ast.Constant(not value)
        case int():
            yield ast.Constant(value + 1)
        case str():
            yield ast.Constant(f"X{value}")
        case bytes():
            yield ast.Constant(b"X" + value)


def _is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _with(node: ast.AST, **changes: object) -> ast.AST:
    other = copy.copy(node)
    for name, value in changes.items():
        setattr(other, name, value)
    return other


def _told(before: ast.AST, after: ast.AST | None) -> str:
    """Say in one line of code what became of what."""
    if after is None:
        return f"without `{_short(before)}`"
    if isinstance(before, ast.If | ast.While):
        return f"`{_head(before)}` negated"
    if isinstance(before, ast.comprehension):
        return f"`{_short(before)}` without its condition"
    if isinstance(before, ast.Return):
        return f"`{_short(before)}` returns None"
    return f"`{_short(before)}` as `{_short(after)}`"


def _head(node: ast.If | ast.While) -> str:
    return f"{type(node).__name__.lower()} {ast.unparse(node.test)}"


def _short(node: ast.AST) -> str:
    return " ".join(ast.unparse(node).split())[:100]
