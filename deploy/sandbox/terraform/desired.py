"""
What the configuration wants: each resource instance with its arguments worked out.

Only `aws_instance` with the arguments of `ARGUMENTS`, `for_each` over a map or a set,
and a `lifecycle` of `ignore_changes` and `prevent_destroy`. A resource that takes
another resource's attribute is refused: ordering them is not this program's trade.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from deploy.sandbox.terraform.address import Address
from deploy.sandbox.terraform.errors import TerraformError, Where, not_evaluated
from deploy.sandbox.terraform.evaluate import Scope, evaluate
from deploy.sandbox.terraform.values import StringSet, Value, as_text

if TYPE_CHECKING:
    from deploy.sandbox.terraform.configuration import Configuration
    from deploy.sandbox.terraform.syntax import Block, Expression

ARGUMENTS: Final = ("ami", "availability_zone", "instance_type", "key_name", "tags")


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


def desired(configuration: Configuration) -> tuple[Desired, ...]:
    """Return all wanted instances in address order."""
    found: dict[Address, Desired] = {}
    for block in configuration.top("resource"):
        for wanted in _instances(block, configuration.scope()):
            if wanted.address in found:
                raise TerraformError("Duplicate resource", where=block.where)
            found[wanted.address] = wanted
    return tuple(found[address] for address in sorted(found))


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
    if kind != "aws_instance":
        raise not_evaluated(f"resources of type {kind}", block.where)
    block.only("for_each", *ARGUMENTS)
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
    for name in ARGUMENTS:
        expression = block.attributes.get(name)
        if expression is None:
            continue
        value = evaluate(expression, scope)
        fitted = (
            _tags(value, expression) if name == "tags" else _text(value, expression)
        )
        if fitted is not None:
            arguments[name] = fitted
    for required in ("ami", "instance_type"):
        if required not in arguments:
            raise TerraformError(
                "Missing required argument",
                detail=f'"{required}" must be set for {address}.',
                where=block.where,
            )
    ignored, prevent_destroy = _lifecycle(block, scope)
    return Desired(address, arguments, ignored, prevent_destroy, block.where)


def _text(value: Value, expression: Expression) -> str | None:
    if value is None:
        return None
    if isinstance(value, str | int | float):
        return as_text(value)
    raise TerraformError(
        "Incorrect attribute value type",
        detail="A string is required.",
        where=expression.where,
    )


def _tags(value: Value, expression: Expression) -> Mapping[str, Value] | None:
    if value is None:
        return None
    if isinstance(value, Mapping):
        texts = {key: _text(item, expression) for key, item in value.items()}
        if None not in texts.values():
            return dict(sorted(texts.items()))
    raise TerraformError(
        "Incorrect attribute value type",
        detail="A map of strings is required.",
        where=expression.where,
    )


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
            ignored = _names(nested.attributes["ignore_changes"])
    return ignored, prevent


def _names(expression: Expression) -> frozenset[str]:
    # Names of attributes, not references: they are read as written.
    names = {part.strip() for part in expression.text.strip("[]").split(",")} - {""}
    if not names <= set(ARGUMENTS):
        raise not_evaluated("this ignore_changes", expression.where)
    return frozenset(names)
