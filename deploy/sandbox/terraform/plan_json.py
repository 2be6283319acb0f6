"""
Plans in terraform's JSON output format 1.2.

developer.hashicorp.com/terraform/internals/json-format; the shape is held to the real
program's by the differential test.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from deploy.sandbox.terraform.evaluate import evaluate
from deploy.sandbox.terraform.kind import PROVIDER
from deploy.sandbox.terraform.kinds import KINDS
from deploy.sandbox.terraform.plan import Action, Attributes, Change, Plan
from deploy.sandbox.terraform.syntax import Block, Expression, text_of
from deploy.sandbox.terraform.values import (
    UNKNOWN,
    Unknown,
    Value,
    known,
    marks_of_sensitive,
    marks_of_unknown,
    type_of,
    without_unknown,
)
from deploy.sandbox.terraform.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tree_sitter import Node

    from deploy.sandbox.terraform.address import Address
    from deploy.sandbox.terraform.configuration import Configuration
    from deploy.sandbox.terraform.state import State

_ACTIONS: Mapping[Action, list[str]] = {
    Action.NOTHING: ["no-op"],
    Action.CREATE: ["create"],
    Action.UPDATE: ["update"],
    Action.DELETE: ["delete"],
    Action.REPLACE: ["delete", "create"],
}


def plan_document(
    plan: Plan, *, configuration: Configuration, made_at: datetime
) -> Mapping[str, object]:
    """Return what `terraform show -json` prints for a saved plan."""
    planned = {c.address: c.after for c in plan.changes if c.after is not None}
    document: dict[str, object] = {
        "format_version": "1.2",
        "terraform_version": VERSION,
        "variables": {
            name: {} if value is None else {"value": value}
            for name, value in sorted(configuration.variables.items())
        },
        "planned_values": _values(planned, plan.outputs, {}),
    }
    if plan.drift:
        document["resource_drift"] = [_change(each) for each in plan.drift]
    document |= {
        "resource_changes": [_change(each) for each in plan.changes],
        "output_changes": _output_changes(plan),
        "prior_state": state_document(_prior(plan)),
        "configuration": _configuration(configuration),
        "timestamp": made_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "applyable": plan.has_changes,
        "complete": True,
        "errored": False,
    }
    return document


def _prior(plan: Plan) -> State:
    """Return what was read; outputs that are known by now are there already."""
    settled = {name: value for name, value in plan.outputs.items() if known(value)}
    outputs = {**plan.base.outputs, **settled}
    return replace(plan.refreshed, outputs=outputs)


def state_document(state: State) -> Mapping[str, object]:
    """Return what `terraform show -json` prints for a state."""
    return {
        "format_version": "1.0",
        "terraform_version": VERSION,
        "values": _values(state.instances, state.outputs, state.data),
    }


def _identity(address: Address) -> dict[str, object]:
    index = {"index": address.key} if address.key else {}
    return {
        "address": str(address),
        "mode": "managed",
        "type": address.kind,
        "name": address.name,
        **index,
        "provider_name": PROVIDER,
    }


def _change(change: Change) -> Mapping[str, object]:
    after = change.after
    body: dict[str, object] = {
        "actions": _ACTIONS[change.action],
        "before": change.before,
        "after": None if after is None else without_unknown(after),
        "after_unknown": _unknown(after),
        "before_sensitive": _sensitive(change.address, change.before),
        "after_sensitive": _sensitive(change.address, after),
    }
    if change.replace_paths:
        body["replace_paths"] = [[name] for name in change.replace_paths]
    reason = {"action_reason": change.reason} if change.reason else {}
    return {**_identity(change.address), "change": body, **reason}


def _unknown(after: Attributes | None) -> Value:
    if after is None or known(after):
        return {}
    return marks_of_unknown(after)


def _sensitive(address: Address, attributes: Attributes | None) -> Value:
    if attributes is None:
        return False
    kind = KINDS[address.kind]
    # An unknown collection is marked by its schema: there are no elements yet.
    blank: dict[str, Value] = {name: [] for name in kind.collections}
    blank |= {"tags": {}, "tags_all": {}}
    shaped = {
        name: blank.get(name, value) if isinstance(value, Unknown) else value
        for name, value in attributes.items()
    }
    return marks_of_sensitive(shaped)


def _values(
    instances: Mapping[Address, Attributes],
    outputs: Mapping[str, Value],
    data: Mapping[tuple[str, str], Attributes],
) -> Mapping[str, object]:
    values: dict[str, object] = {}
    if outputs:
        values["outputs"] = {name: _output(v) for name, v in outputs.items()}
    resources = [_looked_up(*each, data[each]) for each in sorted(data)]
    resources += [
        {
            **_identity(address),
            "schema_version": KINDS[address.kind].schema_version,
            "values": without_unknown(instances[address]),
            "sensitive_values": _sensitive(address, instances[address]),
        }
        for address in sorted(instances)
    ]
    values["root_module"] = {"resources": resources} if resources else {}
    return values


def _looked_up(kind: str, name: str, attributes: Attributes) -> dict[str, object]:
    return {
        "address": f"data.{kind}.{name}",
        "mode": "data",
        "type": kind,
        "name": name,
        "provider_name": PROVIDER,
        "schema_version": 0,
        "values": attributes,
        "sensitive_values": marks_of_sensitive(attributes),
    }


def _output(value: Value) -> Mapping[str, object]:
    if not known(value):
        return {"sensitive": False}
    return {"sensitive": False, "type": type_of(value), "value": value}


def _output_changes(plan: Plan) -> Mapping[str, object]:
    before, after = plan.base.outputs, plan.outputs
    return {
        name: _output_change(before, after, name) for name in sorted({*before, *after})
    }


def _output_change(
    before: Mapping[str, Value], after: Mapping[str, Value], name: str
) -> Mapping[str, object]:
    action = Action.UPDATE
    if name not in before:
        action = Action.CREATE
    elif name not in after:
        action = Action.DELETE
    elif before[name] == after[name]:
        action = Action.NOTHING
    value = after.get(name)
    planned = {} if value is UNKNOWN else {"after": without_unknown(value)}
    return {
        "actions": _ACTIONS[action],
        "before": before.get(name),
        **planned,
        "after_unknown": False if known(value) else marks_of_unknown(value),
        "before_sensitive": False,
        "after_sensitive": False,
    }


def _configuration(configuration: Configuration) -> Mapping[str, object]:
    providers = {
        block.labels[0]: {
            "name": block.labels[0],
            "full_name": PROVIDER,
            "expressions": _expressions(configuration, block),
        }
        for block in configuration.top("provider")
    }
    resources = [
        {
            "address": ".".join(block.labels),
            "mode": "managed",
            "type": block.labels[0],
            "name": block.labels[1],
            "provider_config_key": "aws",
            "expressions": _expressions(configuration, block),
            "schema_version": KINDS[block.labels[0]].schema_version,
            **_for_each(configuration, block),
        }
        for block in configuration.top("resource")
    ]
    return {
        "provider_config": providers,
        "root_module": {
            "outputs": {
                name: {"expression": _expression(configuration, expression)}
                for name, expression in sorted(configuration.outputs.items())
            },
            "resources": sorted(resources, key=lambda item: str(item["address"])),
        },
    }


def _for_each(configuration: Configuration, block: Block) -> Mapping[str, object]:
    expression = block.attributes.get("for_each")
    if expression is None:
        return {}
    return {"for_each_expression": _expression(configuration, expression)}


def _expressions(configuration: Configuration, block: Block) -> Mapping[str, object]:
    return {
        name: _expression(configuration, expression)
        for name, expression in sorted(block.attributes.items())
        if name != "for_each"
    }


def _expression(
    configuration: Configuration, expression: Expression
) -> Mapping[str, object]:
    references = list(dict.fromkeys(_references(expression.node, frozenset())))
    if references:
        return {"references": references}
    return {"constant_value": evaluate(expression, configuration.scope())}


def _references(node: Node, own: frozenset[str]) -> Iterator[str]:
    """Yield `var.x`, `local.x`, `each.value`, resources; `own` are names of a for."""
    for intro in node.named_children:
        if intro.type == "for_intro":
            names = (n for n in intro.named_children if n.type == "identifier")
            own |= {text_of(name) for name in names}
    for child in node.named_children:
        follower = child.next_named_sibling
        if child.type != "variable_expr":
            yield from _references(child, own)
        elif (
            follower is not None
            and follower.type == "get_attr"
            and text_of(child) not in own
        ):
            yield f"{text_of(child)}{text_of(follower)}"
