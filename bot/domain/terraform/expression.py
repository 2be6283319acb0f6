"""
What a right-hand side is: a plain value, a reference, a collection, or none of them.

`classify` closes the many forms of an HCL expression into these few, so that whoever
follows values decides on types and never on source text.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Final

from bot.domain.editing.values import writable
from bot.domain.terraform.hcl import Expression, child, json_pair, quoted, text_of
from bot.domain.terraform.literal import NotReadableError, Scalar, canonical, number
from bot.domain.terraform.refusal import Reason
from bot.domain.terraform.template import alone, plain_text

if TYPE_CHECKING:
    from tree_sitter import Node

Key = str | int


class Unknown(Enum):
    """A step of a reference that is not written as a plain key."""

    EACH_KEY = "each.key"
    ANY = "*"


Step = Key | Unknown


@dataclass(frozen=True, slots=True)
class Literal:
    """A plain value; null is None."""

    value: Scalar | None


@dataclass(frozen=True, slots=True)
class Reference:
    """`root.step[step]…`: a name and the way into it."""

    root: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Element:
    """One element of an object; a computed key is None."""

    key: str | None
    line: int
    value: Expression


@dataclass(frozen=True, slots=True)
class ObjectLiteral:
    """`{ key = value, … }`."""

    elements: tuple[Element, ...]


@dataclass(frozen=True, slots=True)
class TupleLiteral:
    """`[value, …]`, or `toset([value, …])` when `is_set`."""

    items: tuple[Expression, ...]
    is_set: bool = False


@dataclass(frozen=True, slots=True)
class Opaque:
    """Something that is computed, and the reason to give for not changing it."""

    reason: Reason


Meaning = Literal | Reference | ObjectLiteral | TupleLiteral | Opaque

# Wrappers that mean what they hold: `(x)` and the legacy `"${x}"` among them.
_WRAPPERS: Final = frozenset(
    {"expression", "literal_value", "collection_value", "template_expr"}
)
_BRACKETS: Final = frozenset({"(", ")", "comment"})
_OPAQUE: Final = {
    "conditional": Reason.CONDITIONAL,
    "function_call": Reason.FUNCTION,
    "heredoc_template": Reason.HEREDOC,
    "quoted_template": Reason.TEMPLATE,
}


def _core(node: Node) -> Node:
    while True:
        inner = [each for each in node.children if each.type not in _BRACKETS]
        if node.type in _WRAPPERS and len(inner) == 1:
            node = inner[0]
        elif node.type == "quoted_template" and (held := _lone_interpolation(inner)):
            node = held
        else:
            return node


def _lone_interpolation(parts: list[Node]) -> Node | None:
    """Return `x` of `"${x}"`, the way references were written before Terraform 0.12."""
    kinds = [each.type for each in parts]
    lone = ["quoted_template_start", "template_interpolation", "quoted_template_end"]
    return child(parts[1], "expression") if kinds == lone else None


def classify(expression: Expression) -> Meaning:
    """Return what the expression is."""
    if expression.document.is_json:
        return _json(expression)
    node = _core(expression.node)
    if literal := _literal(node):
        return literal
    if node.type == "object":
        elements = [each for each in node.children if each.type == "object_elem"]
        return ObjectLiteral(tuple(_element(expression, each) for each in elements))
    if node.type == "tuple":
        return TupleLiteral(_items(expression, node))
    if node.type == "expression" and (named := reference(node)):
        return named
    return _set_literal(expression, node) or _opaque(node)


def value_span(expression: Expression) -> tuple[int, int]:
    """Return the bytes of the plain value itself, without parentheses around it."""
    node = expression.node if expression.document.is_json else _core(expression.node)
    return node.start_byte, node.end_byte


def _json(expression: Expression) -> Meaning:
    """Return the same of JSON, where whatever is computed stands in a text."""
    parts = expression.node.named_children
    match expression.node.type:
        case "object":
            return ObjectLiteral(tuple(_pair(expression, each) for each in parts))
        case "array":
            return TupleLiteral(tuple(replace(expression, node=each) for each in parts))
        case "string":
            return _text(expression, json.loads(expression.text))
        case "number":
            try:
                return Literal(number(expression.text))
            except NotReadableError:
                return Opaque(Reason.TEMPLATE)
    return Literal(json.loads(expression.text))


def _pair(expression: Expression, pair: Node) -> Element:
    name, value = json_pair(pair)
    key = name if expression.verbatim else plain_text(name)
    return Element(key, pair.start_point.row + 1, replace(expression, node=value))


def _text(expression: Expression, text: str) -> Meaning:
    plain = text if expression.verbatim else plain_text(text)
    if plain is not None and writable(plain):
        return Literal(plain)
    inner = alone(text, file=expression.file) if plain is None else None
    meaning = classify(inner) if inner else Opaque(Reason.TEMPLATE)
    match meaning:
        case ObjectLiteral() | TupleLiteral(is_set=False):
            # Its elements stand in a text: they have no bytes of their own to change.
            return Opaque(Reason.OPERATION)
    return meaning


def _literal(node: Node) -> Literal | Opaque | None:
    try:
        return _plain(node)
    except NotReadableError:
        return Opaque(Reason.TEMPLATE)


def _plain(node: Node) -> Literal | None:
    text = text_of(node)
    if node.type == "string_lit":
        return Literal(quoted(node))
    if node.type == "numeric_lit":
        return Literal(number(text))
    if node.type == "bool_lit":
        return Literal(text == "true")
    if node.type == "null_lit":
        return Literal(None)
    return _negative(node) if node.type == "operation" else None


def _negative(node: Node) -> Literal | None:
    unary = child(node, "unary_operation")
    value = child(unary, "literal_value") if unary else None
    text = "".join(text_of(node).split())
    if value and text.startswith("-") and child(value, "numeric_lit"):
        return Literal(number(text))
    return None


def _element(expression: Expression, node: Node) -> Element:
    name, value = (each for each in node.children if each.type == "expression")
    line = node.start_point.row + 1
    return Element(_key(name), line, Expression(expression.document, value))


def _key(node: Node) -> str | None:
    inner = node.children[0]
    if inner.type == "variable_expr" and len(node.children) == 1:
        return text_of(inner)
    found = _literal(_core(inner)) if inner.type == "literal_value" else None
    value = found.value if isinstance(found, Literal) else None
    return None if value is None else canonical(value)


def _items(expression: Expression, node: Node) -> tuple[Expression, ...]:
    items = [each for each in node.children if each.type == "expression"]
    return tuple(Expression(expression.document, each) for each in items)


def _set_literal(expression: Expression, node: Node) -> TupleLiteral | None:
    """Return the tuple of `toset([…])`, the usual for_each over plain names."""
    arguments = child(node, "function_arguments")
    if arguments is None or text_of(node.children[0]) != "toset":
        return None
    core = _core(arguments.children[0])
    if core.type != "tuple":
        return None
    return TupleLiteral(_items(expression, core), is_set=True)


def _opaque(node: Node) -> Opaque:
    return Opaque(_OPAQUE.get(node.type, Reason.OPERATION))


def reference(node: Node) -> Reference | None:
    """Return the reference an `expression` node is, or None."""
    head, *rest = [each for each in node.children if each.type != "comment"]
    if head.type != "variable_expr":
        return None
    steps: list[Step] = []
    for each in rest:
        steps.extend(_steps(each))
    return Reference(text_of(head), tuple(steps))


def _steps(node: Node) -> list[Step]:
    match node.type:
        case "get_attr":
            return [text_of(node.children[-1])]
        case "index":
            return [_index(node.children[0])]
        case "splat":
            after = node.children[0].children
            return [Unknown.ANY, *(step for each in after for step in _steps(each))]
    return []


def _index(node: Node) -> Step:
    inner = child(node, "expression")
    if inner is None:  # `.0`, which the grammar keeps as one token
        digits = text_of(node)[1:].strip()
        return int(digits) if digits.isdecimal() and len(digits) < 10 else Unknown.ANY  # noqa: PLR2004 - an index has few digits
    if (key := _literal(_core(inner))) and isinstance(key, Literal):
        return key.value if isinstance(key.value, (str, int)) else Unknown.ANY
    if reference(inner) == Reference("each", ("key",)):
        return Unknown.EACH_KEY
    return Unknown.ANY
