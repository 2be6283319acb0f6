"""
What the configuration wants: each resource instance with its arguments worked out.

Only the kinds of `KINDS` with their arguments, `for_each` over a map or a set, and a
`lifecycle` of `ignore_changes` and `prevent_destroy`. A resource that takes another
resource's attribute is refused: ordering them is not this program's trade. It may take
what a data block finds: those are looked up before anything is planned.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from deploy.sandbox.terraform.address import Address
from deploy.sandbox.terraform.errors import TerraformError, Where, not_evaluated
from deploy.sandbox.terraform.evaluate import Scope, evaluate
from deploy.sandbox.terraform.kinds import KINDS, LOOKS
from deploy.sandbox.terraform.values import StringSet, Unknown, Value, as_text

if TYPE_CHECKING:
    from deploy.sandbox.terraform.configuration import Configuration
    from deploy.sandbox.terraform.kind import Shape
    from deploy.sandbox.terraform.syntax import Block, Expression

Found = Mapping[tuple[str, str], Value]


@dataclass(frozen=True)
class Desired:
    """One wanted instance; `arguments` holds only what the configuration sets."""

    address: Address
    arguments: Mapping[str, Value]
    ignored: frozenset[str]
    prevent_destroy: bool
    where: Where


@dataclass(frozen=True)
class Provider:
    """Where the cloud is asked, as the provider block says."""

    region: str
    endpoint: str | None


def desired(
    configuration: Configuration, data: Found | None = None
) -> tuple[Desired, ...]:
    """Return all wanted instances in address order; `data` is what was looked up."""
    found: dict[Address, Desired] = {}
    for block in configuration.top("resource"):
        for wanted in _instances(block, configuration.scope(data=data)):
            if wanted.address in found:
                raise TerraformError("Duplicate resource", where=block.where)
            found[wanted.address] = wanted
    return tuple(found[address] for address in sorted(found))


def looked_for(
    configuration: Configuration,
) -> Mapping[tuple[str, str], Mapping[str, Value]]:
    """Return by kind and name what each data block looks for: tags, and no more."""
    found: dict[tuple[str, str], Mapping[str, Value]] = {}
    for block in configuration.top("data"):
        kind, name = (*block.labels, "", "")[:2]
        if kind not in LOOKS:
            raise not_evaluated(f"data of type {kind}", block.where)
        block.only("tags")
        if "tags" not in block.attributes:
            raise not_evaluated("a data block that names no tags", block.where)
        expression = block.attributes["tags"]
        tags = _tags(evaluate(expression, configuration.scope()), expression)
        found[kind, name] = {"tags": tags}
    return found


@dataclass(frozen=True)
class Declared:
    """One resource block, before its instances are worked out."""

    keyed: bool
    prevent_destroy: bool
    where: Where


def declared(configuration: Configuration) -> Mapping[tuple[str, str], Declared]:
    """Return each resource block by type and name."""
    return {
        (block.labels[0], block.labels[1]): Declared(
            "for_each" in block.attributes,
            _lifecycle(block, configuration.scope())[1],
            block.where,
        )
        for block in configuration.top("resource")
    }


def provider(configuration: Configuration) -> Provider:
    """Return the one `aws` provider's region and EC2 endpoint."""
    blocks = list(configuration.top("provider"))
    if len(blocks) != 1 or blocks[0].labels != ("aws",):
        at = blocks[-1].where if blocks else Where("provider.tf", 1)
        raise not_evaluated("anything but one aws provider block", at)
    (block,) = blocks
    block.only("region")
    scope = configuration.scope()
    region = evaluate(block.attributes["region"], scope)
    endpoint: Value = None
    for nested in block.blocks:
        if nested.kind != "endpoints":
            raise not_evaluated(f"{nested.kind} in a provider block", nested.where)
        if "ec2" in nested.attributes:
            endpoint = evaluate(nested.attributes["ec2"], scope)
    if not isinstance(region, str) or not isinstance(endpoint, str | None):
        raise TerraformError("Invalid provider configuration", where=block.where)
    return Provider(region, endpoint or None)


def _instances(block: Block, scope: Scope) -> Iterator[Desired]:
    if len(block.labels) != 2:  # noqa: PLR2004 - a resource has a type and a name
        raise TerraformError("Resource needs a type and a name", where=block.where)
    kind, name = block.labels
    if kind not in KINDS:
        raise not_evaluated(f"resources of type {kind}", block.where)
    block.only("for_each", *KINDS[kind].arguments)
    for key, each in _keys(block.attributes.get("for_each"), scope):
        yield _instance(
            block,
            Address(kind, name, key),
            scope.knowing({"each": each} if each else {}),
        )


def _keys(
    for_each: Expression | None, scope: Scope
) -> Iterator[tuple[str, Mapping[str, Value]]]:
    if for_each is None:
        yield "", {}
        return
    value = evaluate(for_each, scope)
    if isinstance(value, StringSet):
        value = {key: key for key in value}
    if not isinstance(value, Mapping):
        raise TerraformError(
            "Invalid for_each argument",
            detail="It must be a map, or a set of strings.",
            where=for_each.where,
        )
    for key in sorted(value):
        yield key, {"key": key, "value": value[key]}


def _instance(block: Block, address: Address, scope: Scope) -> Desired:
    arguments: dict[str, Value] = {}
    kind = KINDS[address.kind]
    for name, shape in kind.arguments.items():
        expression = block.attributes.get(name)
        if expression is None:
            continue
        fitted = _FITTED[shape](evaluate(expression, scope), expression)
        if fitted is not None:
            arguments[name] = fitted
    for required in kind.required:
        if required not in arguments:
            raise TerraformError(
                "Missing required argument",
                detail=f'"{required}" must be set for {address}.',
                where=block.where,
            )
    ignored, prevent_destroy = _lifecycle(block, scope)
    return Desired(address, arguments, ignored, prevent_destroy, block.where)


def _text(value: Value, expression: Expression) -> Value:
    if value is None or isinstance(value, Unknown):
        return value
    if isinstance(value, str | int | float):
        return as_text(value)
    raise _misfit("A string is required.", expression)


def _number(value: Value, expression: Expression) -> Value:
    if isinstance(value, bool) or not isinstance(value, str | int | float | None):
        raise _misfit("A number is required.", expression)
    if not isinstance(value, str):
        return value
    if not value.isdecimal():
        raise _misfit("A number is required.", expression)
    return int(value)


def _flag(value: Value, expression: Expression) -> Value:
    if value is None or isinstance(value, bool):
        return value
    raise _misfit("A bool is required.", expression)


def _texts(value: Value, expression: Expression) -> Value:
    if value is None:
        return None
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_text(item, expression) for item in value]
    raise _misfit("A list of strings is required.", expression)


def _misfit(detail: str, expression: Expression) -> TerraformError:
    return TerraformError(
        "Incorrect attribute value type", detail=detail, where=expression.where
    )


def _tags(value: Value, expression: Expression) -> Mapping[str, Value] | None:
    if value is None:
        return None
    if isinstance(value, Mapping):
        texts = {key: _text(item, expression) for key, item in value.items()}
        if None not in texts.values():
            return dict(sorted(texts.items()))
    raise _misfit("A map of strings is required.", expression)


_FITTED: Final[Mapping[Shape, Callable[[Value, Expression], Value]]] = {
    "text": _text,
    "number": _number,
    "flag": _flag,
    "tags": _tags,
    "texts": _texts,
}


def _lifecycle(block: Block, scope: Scope) -> tuple[frozenset[str], bool]:
    ignored: frozenset[str] = frozenset()
    prevent = False
    for nested in block.blocks:
        if nested.kind != "lifecycle":
            raise not_evaluated(f"{nested.kind} blocks in a resource", nested.where)
        nested.only("ignore_changes", "prevent_destroy")
        if "prevent_destroy" in nested.attributes:
            prevent = evaluate(nested.attributes["prevent_destroy"], scope) is True
        if "ignore_changes" in nested.attributes:
            allowed = KINDS[block.labels[0]].arguments
            ignored = _names(nested.attributes["ignore_changes"], allowed)
    return ignored, prevent


def _names(expression: Expression, allowed: Collection[str]) -> frozenset[str]:
    # Names of attributes, not references: they are read as written.
    names = {part.strip() for part in expression.text.strip("[]").split(",")} - {""}
    if not names <= set(allowed):
        raise not_evaluated("this ignore_changes", expression.where)
    return frozenset(names)
