"""Plans for people, as terraform words them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from deploy.sandbox.terraform.plan import Action, Attributes, Change, Plan
from deploy.sandbox.terraform.values import Unknown, Value

_SIGN = {
    Action.CREATE: "+",
    Action.UPDATE: "~",
    Action.DELETE: "-",
    Action.REPLACE: "-/+",
}
_LEGEND = {
    Action.CREATE: "  + create",
    Action.UPDATE: "  ~ update in-place",
    Action.DELETE: "  - destroy",
    Action.REPLACE: "-/+ destroy and then create replacement",
}
_HEADLINE = {
    Action.CREATE: "will be created",
    Action.UPDATE: "will be updated in-place",
    Action.DELETE: "will be destroyed",
    Action.REPLACE: "must be replaced",
}
_NO_CHANGES = """
No changes. Your infrastructure matches the configuration.

Terraform has compared your real infrastructure against your configuration
and found no differences, so no changes are needed.
"""


def plan_text(plan: Plan) -> str:
    """Return the plan as `terraform plan` and `terraform show` print it."""
    moving = [c for c in plan.changes if c.action is not Action.NOTHING]
    outputs = list(_outputs(plan))
    if not moving and not outputs:
        return _NO_CHANGES
    lines: list[str] = []
    if moving:
        lines += _introduction(moving)
    for change in moving:
        lines += ["", *_resource(change)]
    if moving:
        lines += ["", summary(plan)]
    if outputs:
        lines += ["", "Changes to Outputs:", *outputs]
    return "\n".join(lines) + "\n"


def summary(plan: Plan) -> str:
    """Return the line that counts what is added, changed and destroyed."""
    add, change, destroy = counts(plan)
    return f"Plan: {add} to add, {change} to change, {destroy} to destroy."


def counts(plan: Plan) -> tuple[int, int, int]:
    """Return how many instances are added, changed, destroyed; a replace is two."""
    actions = [change.action for change in plan.changes]
    replaced = actions.count(Action.REPLACE)
    return (
        actions.count(Action.CREATE) + replaced,
        actions.count(Action.UPDATE),
        actions.count(Action.DELETE) + replaced,
    )


def _introduction(moving: list[Change]) -> list[str]:
    present = {change.action for change in moving}
    legend = [text for action, text in _LEGEND.items() if action in present]
    return [
        "",
        "Terraform used the selected providers to generate the following execution",
        "plan. Resource actions are indicated with the following symbols:",
        *legend,
        "",
        "Terraform will perform the following actions:",
    ]


def _resource(change: Change) -> Iterator[str]:
    yield f"  # {change.address} {_HEADLINE[change.action]}"
    sign = _SIGN[change.action]
    margin = " " * (3 - len(sign))
    yield f'{margin}{sign} resource "{change.address.kind}" "{change.address.name}" {{'
    before: Attributes = change.before or {}
    after: Attributes = change.after or {}
    names = [n for n in sorted({*before, *after}) if _shown(change, n)]
    width = max((len(name) for name in names), default=0)
    for name in names:
        forces = " # forces replacement" if name in change.replace_paths else ""
        value = _difference(change, before.get(name), after.get(name))
        mark = _mark(change, before.get(name), after.get(name))
        yield f"      {mark} {name:<{width}} = {value}{forces}"
    hidden = len({*before, *after}) - len(names)
    if hidden and change.action in {Action.UPDATE, Action.REPLACE}:
        yield f"        # ({hidden} unchanged attributes hidden)"
    yield "    }"


def _shown(change: Change, name: str) -> bool:
    before = (change.before or {}).get(name)
    after = (change.after or {}).get(name)
    if change.action in {Action.CREATE, Action.DELETE}:
        return (before or after) not in (None, [], {}, "")
    return name == "id" or before != after


def _mark(change: Change, before: Value, after: Value) -> str:
    if change.action is Action.CREATE:
        return "+"
    if change.action is Action.DELETE:
        return "-"
    return " " if before == after else "~"


def _difference(change: Change, before: Value, after: Value) -> str:
    if change.action is Action.CREATE:
        return _shape(after)
    if change.action is Action.DELETE:
        return f"{_shape(before)} -> null"
    return _shape(after) if before == after else f"{_shape(before)} -> {_shape(after)}"


def _shape(value: Value) -> str:
    if isinstance(value, Unknown):
        return "(known after apply)"
    if isinstance(value, Mapping):
        inner = (f"{json.dumps(k)} = {_shape(v)}" for k, v in value.items())
        return "{ " + ", ".join(inner) + " }" if value else "{}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_shape(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def _outputs(plan: Plan) -> Iterator[str]:
    before, after = plan.base.outputs, plan.outputs
    for name in sorted({*before, *after}):
        if name not in before:
            yield f"  + {name} = {_shape(after[name])}"
        elif name not in after:
            yield f"  - {name} = {_shape(before[name])} -> null"
        elif before[name] != after[name]:
            yield f"  ~ {name} = {_shape(before[name])} -> {_shape(after[name])}"
