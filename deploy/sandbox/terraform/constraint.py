"""Type constraints of variables, and terraform's conversions into them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from deploy.sandbox.terraform.errors import TerraformError, Where, not_evaluated
from deploy.sandbox.terraform.syntax import Expression, text_of, where_of
from deploy.sandbox.terraform.values import StringSet, Value, as_text

if TYPE_CHECKING:
    from tree_sitter import Node


def converted(value: Value, wanted: Expression | None, *, at: Where) -> Value:
    """Return the value as the constraint wants it; `at` is named when it cannot be."""
    if wanted is None or value is None:
        return value
    return _Conversion(wanted.file, at).into(value, wanted.node)


class _Conversion:
    def __init__(self, file: str, at: Where) -> None:
        self.file = file
        self.at = at

    def wrong(self, wanted: str) -> TerraformError:
        return TerraformError(
            "Invalid value for input variable",
            detail=f"The given value is not suitable: {wanted} required.",
            where=self.at,
        )

    def into(self, value: Value, node: Node) -> Value:
        inner = node.named_children[0] if node.type == "expression" else node
        if inner.type == "variable_expr":
            return self.primitive(value, text_of(inner), inner)
        if inner.type == "function_call":
            return self.collection(value, inner)
        raise not_evaluated("this type constraint", where_of(self.file, node))

    def primitive(self, value: Value, wanted: str, node: Node) -> Value:
        if wanted == "any":
            return value
        if wanted == "string" and isinstance(value, str | int | float):
            return as_text(value)
        if wanted == "bool" and (isinstance(value, bool) or value in ("true", "false")):
            return value in (True, "true")
        if wanted == "number" and not isinstance(value, bool):
            return self.number(value)
        if wanted in {"string", "bool", "number"}:
            raise self.wrong(wanted)
        raise not_evaluated("this type constraint", where_of(self.file, node))

    def number(self, value: Value) -> Value:
        if isinstance(value, int | float):
            return value
        try:
            return int(value) if isinstance(value, str) else self._no_number()
        except ValueError:
            raise self.wrong("number") from None

    def _no_number(self) -> int:
        raise self.wrong("number")

    def collection(self, value: Value, node: Node) -> Value:
        name = text_of(node.named_children[0])
        argument = next(
            n
            for group in node.named_children
            if group.type == "function_arguments"
            for n in group.named_children
        )
        if name == "map" and isinstance(value, Mapping):
            return {key: self.into(item, argument) for key, item in value.items()}
        if name == "object" and isinstance(value, Mapping):
            return self.object(value, argument)
        listed = isinstance(value, Sequence) and not isinstance(value, str)
        if name in {"list", "set"} and listed:
            items = [self.into(item, argument) for item in value]  # type: ignore[union-attr] # `listed` says it is a list
            return items if name == "list" else self.set_of(items, node)
        if name in {"map", "object", "list", "set"}:
            raise self.wrong(text_of(node))
        raise not_evaluated(f"the type {name}()", where_of(self.file, node))

    def set_of(self, items: Sequence[Value], node: Node) -> Value:
        if not all(isinstance(item, str) for item in items):
            raise not_evaluated("a set of these", where_of(self.file, node))
        return StringSet.of(str(item) for item in items)

    def object(self, value: Mapping[str, Value], node: Node) -> Value:
        wanted = node.named_children[0].named_children[0]
        found: dict[str, Value] = {}
        for element in wanted.named_children:
            if element.type != "object_elem":
                continue
            key, constraint = element.named_children
            name = text_of(key)
            if name not in value:
                raise self.wrong(f'attribute "{name}"')
            found[name] = self.into(value[name], constraint)
        return found
