"""
What an expression is worth: the subset of the language that the stand-in knows.

Literals, lists, objects, references, plain `${…}` templates, `for` without a condition,
and the functions in `functions`. Everything else is refused by file and line, never
guessed: a plan that people approve must not rest on a guess.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from deploy.sandbox.terraform.errors import TerraformError, not_evaluated
from deploy.sandbox.terraform.functions import FUNCTIONS, WrongArgumentError
from deploy.sandbox.terraform.syntax import Expression, text_of, where_of
from deploy.sandbox.terraform.values import UNKNOWN, Unknown, Value, as_text, known

if TYPE_CHECKING:
    from tree_sitter import Node

_ESCAPE = re.compile(
    r'\\(?:[nrt"\\]|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8})|\$\$\{|%%\{', re.ASCII
)
_SHORT = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}


@dataclass(frozen=True)
class Scope:
    """
    What names mean at one place.

    `variable` and `local` answer for `var.` and `local.`; `names` holds what exists
    here only (`each`, the names of a `for`); `resources` maps type and name to
    attributes, None where a resource's attribute is refused. `data` is what data blocks
    found, None where nobody has looked yet and all of it is unknown.
    """

    variable: Callable[[str], Value]
    local: Callable[[str], Value]
    names: Mapping[str, Value] = field(default_factory=dict)
    resources: Mapping[str, Mapping[str, Value]] | None = None
    data: Mapping[tuple[str, str], Value] | None = None

    def knowing(self, names: Mapping[str, Value]) -> Scope:
        """Return this scope with more names."""
        return replace(self, names={**self.names, **names})


def evaluate(expression: Expression, scope: Scope) -> Value:
    """Return the value, with `UNKNOWN` in it where apply must decide."""
    return _Evaluation(expression.file, scope).of(expression.node)


@dataclass(frozen=True)
class _Evaluation:
    file: str
    scope: Scope

    def of(self, node: Node) -> Value:
        parts = node.named_children if node.type == "expression" else [node]
        if not parts:
            raise self.refusal("an empty expression", node)
        head, *steps = parts
        if head.type == "variable_expr":
            value, steps = self.reference(text_of(head), steps, node)
        else:
            value = self.head(head)
        for step in steps:
            value = self.step(value, step)
        return value

    def refusal(self, what: str, node: Node) -> TerraformError:
        return not_evaluated(what, where_of(self.file, node))

    def mistake(self, summary: str, detail: str, node: Node) -> TerraformError:
        return TerraformError(summary, detail=detail, where=where_of(self.file, node))

    def head(self, node: Node) -> Value:
        if node.type in _WRAPPERS:
            return self.head(node.named_children[0])
        read = _HEADS.get(node.type)
        if read is None:
            raise self.refusal(f"this {node.type.replace('_', ' ')}", node)
        return read(self, node)

    def listed(self, node: Node) -> Value:
        return [self.of(item) for item in _expressions(node)]

    def mapped(self, node: Node) -> Value:
        return dict(self.pairs(node))

    def negative(self, node: Node) -> Value:
        value = self.head(node.named_children[0])
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if text_of(node.children[0]) != "-" or not number:
            raise self.refusal("this unary operation", node)
        return -value  # type: ignore[operator] # `number` says it is one

    def template(self, node: Node) -> Value:
        raw = node.text or b""
        parts: list[Value] = []
        at = 1
        # The literal parts are cut from the source: the grammar's own nodes for them
        # leave out white space at their edges.
        for child in node.named_children:
            if child.type == "template_interpolation":
                start = child.start_byte - node.start_byte
                parts += [_literal(raw[at:start]), self.interpolation(child)]
                at = child.end_byte - node.start_byte
            elif child.type == "template_directive":
                raise self.refusal("template directives", child)
        parts = [part for part in (*parts, _literal(raw[at:-1])) if part != ""]
        # A template that is only one interpolation keeps the value's type.
        return parts[0] if len(parts) == 1 else _joined(parts)

    def interpolation(self, node: Node) -> Value:
        if text_of(node).startswith("${~") or text_of(node).endswith("~}"):
            raise self.refusal("a template that strips white space", node)
        inner = next(_expressions(node))
        value = self.of(inner)
        if value is None or isinstance(value, Mapping):
            raise self.mistake(
                "Invalid template interpolation value",
                "A string can hold only a string, number or bool.",
                inner,
            )
        return value

    def pairs(self, node: Node) -> Iterator[tuple[str, Value]]:
        for element in node.named_children:
            if element.type == "object_elem":
                key, value = _expressions(element)
                yield self.key(key), self.of(value)

    def key(self, node: Node) -> str:
        only = node.named_children[0] if node.named_child_count == 1 else None
        if only is not None and only.type == "variable_expr":
            return text_of(only)
        value = self.of(node)
        if isinstance(value, str | int | float):
            return as_text(value)
        raise self.refusal("this object key", node)

    def call(self, node: Node) -> Value:
        name = text_of(node.named_children[0])
        function = FUNCTIONS.get(name)
        if function is None:
            raise self.refusal(f"the function {name}()", node)
        groups = [n for n in node.named_children if n.type == "function_arguments"]
        if any(child.type == "ellipsis" for g in groups for child in g.children):
            raise self.refusal("an expanded argument (…)", node)
        arguments = [self.of(item) for group in groups for item in _expressions(group)]
        if not all(known(argument) for argument in arguments):
            return UNKNOWN
        try:
            return function(arguments)
        except WrongArgumentError as fault:
            raise self.mistake(
                "Invalid function argument", f"{name}(): {fault}", node
            ) from fault

    def comprehension(self, node: Node) -> Value:
        intro = next(n for n in node.named_children if n.type == "for_intro")
        for child in node.named_children:
            if child.type in {"for_cond", "ellipsis"}:
                raise self.refusal("a condition or grouping in a for", child)
        names = [text_of(n) for n in intro.named_children if n.type == "identifier"]
        source = self.of(next(_expressions(intro)))
        rounds = [
            _Evaluation(self.file, self.scope.knowing(self.named(names, pair)))
            for pair in self.items(source, intro)
        ]
        results = list(_expressions(node))
        if node.type == "for_tuple_expr":
            return [each.of(results[0]) for each in rounds]
        return {each.text(results[0]): each.of(results[1]) for each in rounds}

    def text(self, node: Node) -> str:
        value = self.of(node)
        if isinstance(value, str | int | float):
            return as_text(value)
        raise self.refusal("a key that is not a known string", node)

    @staticmethod
    def named(names: Sequence[str], pair: tuple[Value, Value]) -> dict[str, Value]:
        return dict(zip(names, pair[-len(names) :], strict=True))

    def items(self, source: Value, node: Node) -> list[tuple[Value, Value]]:
        if isinstance(source, Mapping):
            return [(key, source[key]) for key in sorted(source)]
        if isinstance(source, Sequence) and not isinstance(source, str):
            return [(index, item) for index, item in enumerate(source)]
        raise self.refusal("a for over this value", node)

    def reference(
        self, root: str, steps: list[Node], node: Node
    ) -> tuple[Value, list[Node]]:
        if root in self.scope.names:
            return self.scope.names[root], steps
        if not steps or steps[0].type != "get_attr":
            raise self.mistake(
                "Invalid reference",
                f'"{root}" is nothing that can be referred to here.',
                node,
            )
        name = text_of(steps[0].named_children[0])
        if root in {"var", "local"}:
            return self.declared(root, name, node), steps[1:]
        if root == "data":
            return self.looked_up(steps, node), steps[2:]
        if root in {"module", "each", "count", "self", "path", "terraform"}:
            raise self.refusal(f'the reference "{text_of(node)}" here', node)
        return self.resource(root, name, node), steps[1:]

    def looked_up(self, steps: list[Node], node: Node) -> Value:
        names = [text_of(step.named_children[0]) for step in steps[:2]]
        if self.scope.data is None:
            return UNKNOWN
        try:
            kind, name = names
            return self.scope.data[kind, name]
        except (KeyError, ValueError):
            raise self.mistake(
                "Reference to undeclared resource",
                f'A data resource "{".".join(names)}" has not been declared.',
                node,
            ) from None

    def declared(self, root: str, name: str, node: Node) -> Value:
        lookup = self.scope.variable if root == "var" else self.scope.local
        try:
            return lookup(name)
        except KeyError:
            kind = "input variable" if root == "var" else "local value"
            raise self.mistake(
                f"Reference to undeclared {kind}",
                f'No {kind} with the name "{name}" has been declared.',
                node,
            ) from None

    def resource(self, kind: str, name: str, node: Node) -> Value:
        if self.scope.resources is None:
            raise self.refusal("a resource's attribute here", node)
        try:
            return self.scope.resources[kind][name]
        except KeyError:
            raise self.mistake(
                "Reference to undeclared resource",
                f'A managed resource "{kind}" "{name}" has not been declared.',
                node,
            ) from None

    def step(self, value: Value, node: Node) -> Value:
        if isinstance(value, Unknown):
            return UNKNOWN
        if node.type == "get_attr":
            return self.member(value, text_of(node.named_children[0]), node)
        if node.type == "index" and node.named_children[0].type == "new_index":
            key = self.of(next(_expressions(node.named_children[0])))
            return self.member(value, key, node)
        raise self.refusal("a splat or an old-style index", node)

    def member(self, value: Value, key: Value, node: Node) -> Value:
        if isinstance(value, Mapping) and isinstance(key, str) and key in value:
            return value[key]
        if (
            isinstance(value, Sequence)
            and not isinstance(value, str)
            and isinstance(key, int)
            and 0 <= key < len(value)
        ):
            return value[key]
        raise self.mistake(
            "Unsupported attribute", f"This value has no element {key!r}.", node
        )


_WRAPPERS: Final = {
    "literal_value",
    "collection_value",
    "for_expr",
    "operation",
    "template_expr",
}
_HEADS: Final[Mapping[str, Callable[[_Evaluation, Node], Value]]] = {
    "expression": _Evaluation.of,
    "quoted_template": _Evaluation.template,
    "string_lit": _Evaluation.template,
    "numeric_lit": lambda _, node: _number(text_of(node)),
    "bool_lit": lambda _, node: text_of(node) == "true",
    "null_lit": lambda _self, _node: None,
    "tuple": _Evaluation.listed,
    "object": _Evaluation.mapped,
    "function_call": _Evaluation.call,
    "for_object_expr": _Evaluation.comprehension,
    "for_tuple_expr": _Evaluation.comprehension,
    "unary_operation": _Evaluation.negative,
}


def _expressions(node: Node) -> Iterator[Node]:
    return (child for child in node.named_children if child.type == "expression")


def _number(text: str) -> int | float:
    return float(text) if any(mark in text for mark in ".eE") else int(text)


def _literal(raw: bytes) -> str:
    return _ESCAPE.sub(_unescape, raw.decode())


def _unescape(match: re.Match[str]) -> str:
    found = match.group()
    if found[0] != "\\":
        return found[1:]
    digits = found[2:]
    return chr(int(digits, 16)) if digits else _SHORT[found[1]]


def _joined(parts: list[Value]) -> Value:
    texts: list[str] = []
    for part in parts:
        if not isinstance(part, str | int | float):
            return UNKNOWN
        texts.append(as_text(part))
    return "".join(texts)
