"""
What apply would do: configuration, state and cloud compared.

Nothing is changed here. A plan remembers lineage and serial of the state it was made
from, and the sources, so that what is applied is what was planned.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from deploy.sandbox.terraform.desired import (
    Declared,
    Desired,
    declared,
    desired,
    looked_for,
)
from deploy.sandbox.terraform.errors import TerraformError, Where
from deploy.sandbox.terraform.evaluate import evaluate
from deploy.sandbox.terraform.kinds import KINDS
from deploy.sandbox.terraform.values import Value

if TYPE_CHECKING:
    from deploy.sandbox.terraform.address import Address
    from deploy.sandbox.terraform.configuration import Configuration
    from deploy.sandbox.terraform.state import State

Attributes = Mapping[str, Value]
Read = Callable[["Address", Attributes], Attributes | None]
Look = Callable[[str, str, Attributes], Attributes]


class Action(StrEnum):
    """What happens to one instance, as the plan format names it."""

    NOTHING = "no-op"
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    REPLACE = "replace"


@dataclass(frozen=True)
class Change:
    """One instance, as it is and as it is planned."""

    address: Address
    action: Action
    before: Attributes | None
    after: Attributes | None
    reason: str = ""
    replace_paths: tuple[str, ...] = ()

    @property
    def changed(self) -> tuple[str, ...]:
        """The names of the attributes that differ; empty for a create or delete."""
        if self.before is None or self.after is None:
            return ()
        before, after = self.before, self.after
        return tuple(n for n in sorted(after) if before.get(n) != after[n])


@dataclass(frozen=True)
class Plan:
    """Everything apply needs; `drift` is what differs from the state unasked for."""

    base: State
    refreshed: State
    changes: tuple[Change, ...]
    drift: tuple[Change, ...]
    outputs: Mapping[str, Value]

    @property
    def has_changes(self) -> bool:
        moved = any(change.action is not Action.NOTHING for change in self.changes)
        return moved or self.outputs != self.base.outputs


def _nothing_found(kind: str, name: str, wanted: Attributes) -> Attributes:
    raise TerraformError("Nobody looks here", detail=f"data.{kind}.{name} {wanted}")


def make_plan(
    configuration: Configuration,
    state: State,
    *,
    read: Read,
    look: Look = _nothing_found,
) -> Plan:
    """Compare the three; `read` asks for one thing, `look` for what data names."""
    data = {
        (kind, name): look(kind, name, wanted)
        for (kind, name), wanted in looked_for(configuration).items()
    }
    refreshed = replace(state, data=data)
    drift: list[Change] = []
    for address, recorded in sorted(state.instances.items()):
        found = read(address, recorded)
        refreshed = refreshed.with_instance(address, found)
        if found != recorded:
            action = Action.DELETE if found is None else Action.UPDATE
            drift.append(Change(address, action, recorded, found))
    wanted = {item.address: item for item in desired(configuration, data)}
    addresses = sorted({*wanted, *refreshed.instances})
    changes = tuple(
        _change(address, refreshed.instances.get(address), wanted.get(address))
        for address in addresses
    )
    blocks = declared(configuration)
    changes = tuple(_with_reason(change, blocks) for change in changes)
    planned = {c.address: c.after for c in changes if c.after is not None}
    outputs = output_values(configuration, planned, data)
    return Plan(state, refreshed, changes, tuple(drift), outputs)


def output_values(
    configuration: Configuration,
    instances: Mapping[Address, Attributes],
    data: Mapping[tuple[str, str], Attributes],
) -> Mapping[str, Value]:
    """Return the outputs, given each instance's attributes."""
    resources: dict[str, dict[str, Value]] = {}
    for (kind, name), block in declared(configuration).items():
        own = {a: v for a, v in instances.items() if (a.kind, a.name) == (kind, name)}
        value: Value = {a.key: own[a] for a in sorted(own)}
        if not block.keyed:
            value = next(iter(own.values()))
        resources.setdefault(kind, {})[name] = value
    scope = configuration.scope(resources=resources, data=data)
    return {
        name: evaluate(expression, scope)
        for name, expression in sorted(configuration.outputs.items())
    }


def _change(
    address: Address, before: Attributes | None, wanted: Desired | None
) -> Change:
    kind = KINDS[address.kind]
    if wanted is None:
        return Change(address, Action.DELETE, before, None)
    if before is None:
        return Change(address, Action.CREATE, None, kind.created(wanted.arguments))
    arguments = {
        name: before[name] if name in wanted.ignored else value
        for name, value in wanted.arguments.items()
    }
    if "tags" in wanted.ignored:
        arguments["tags"] = before["tags"]
    after = kind.updated(before, arguments)
    forced = kind.replace_paths(before, after)
    if forced and wanted.prevent_destroy:
        raise _kept(address, wanted.where)
    if forced:
        fresh = kind.created(arguments)
        return Change(
            address,
            Action.REPLACE,
            before,
            fresh,
            reason="replace_because_cannot_update",
            replace_paths=forced,
        )
    action = Action.NOTHING if after == before else Action.UPDATE
    return Change(address, action, before, after)


def _kept(address: Address, where: Where) -> TerraformError:
    return TerraformError(
        "Instance cannot be destroyed",
        detail=f"Resource {address} has lifecycle.prevent_destroy set, but the plan "
        "calls for this resource to be destroyed.",
        where=where,
    )


def _with_reason(change: Change, blocks: Mapping[tuple[str, str], Declared]) -> Change:
    if change.action is not Action.DELETE:
        return change
    block = blocks.get((change.address.kind, change.address.name))
    if block is None:
        return replace(change, reason="delete_because_no_resource_config")
    if block.prevent_destroy:
        raise _kept(change.address, block.where)
    if block.keyed and change.address.key:
        return replace(change, reason="delete_because_each_key")
    return replace(change, reason="delete_because_wrong_repetition")
