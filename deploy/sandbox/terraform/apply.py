"""Carries a plan out, one instance after another, recording each once it is done."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from deploy.sandbox.terraform.errors import TerraformError
from deploy.sandbox.terraform.plan import (
    Action,
    Attributes,
    Change,
    Plan,
    output_values,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from deploy.sandbox.terraform.configuration import Configuration
    from deploy.sandbox.terraform.state import State, StateFile
    from deploy.sandbox.terraform.values import Value


class Instances(Protocol):
    """The part of the cloud that apply changes."""

    def read(self, instance_id: str, *, before: Attributes) -> Attributes | None: ...
    def create(self, planned: Attributes) -> str: ...
    def change_type(self, instance_id: str, planned: Attributes) -> None: ...
    def change_tags(
        self, instance_id: str, *, before: Attributes, after: Attributes
    ) -> None: ...
    def terminate(self, instance_id: str) -> None: ...


def apply_plan(
    plan: Plan,
    *,
    file: StateFile,
    configuration: Configuration,
    cloud: Instances,
    say: Callable[[str], None],
) -> Mapping[str, Value]:
    """
    Do what was planned and return the outputs.

    Refuses a plan whose state has moved on. After each instance the state is written,
    so a run that fails half-way has recorded what it did.
    """
    base = file.state
    if (base.lineage, base.serial) != (plan.base.lineage, plan.base.serial):
        raise TerraformError(
            "Saved plan is stale",
            detail="The given plan file can no longer be applied because the state was "
            "changed by another operation after the plan was created.",
        )
    state = replace(plan.refreshed, outputs=base.outputs)
    for change in plan.changes:
        if change.action is Action.NOTHING:
            continue
        state = _carry_out(change, state=state, file=file, cloud=cloud, say=say)
    outputs = output_values(configuration, state.instances)
    file.write(replace(state, outputs=outputs))
    return outputs


def _carry_out(
    change: Change,
    *,
    state: State,
    file: StateFile,
    cloud: Instances,
    say: Callable[[str], None],
) -> State:
    address = change.address
    if change.before is not None and change.action in {Action.DELETE, Action.REPLACE}:
        say(f"{address}: Destroying... [id={change.before['id']}]")
        cloud.terminate(str(change.before["id"]))
        state = file.write(state.with_instance(address, None))
        say(f"{address}: Destruction complete")
    if change.after is None:
        return state
    if change.action is Action.UPDATE and change.before is not None:
        instance_id = str(change.before["id"])
        say(f"{address}: Modifying... [id={instance_id}]")
        _update(change.before, change.after, cloud=cloud)
        done = f"{address}: Modifications complete"
    else:
        say(f"{address}: Creating...")
        instance_id = cloud.create(change.after)
        done = f"{address}: Creation complete"
    found = cloud.read(instance_id, before=change.before or {})
    state = file.write(state.with_instance(address, found))
    say(f"{done} [id={instance_id}]")
    return state


def _update(before: Attributes, after: Attributes, *, cloud: Instances) -> None:
    instance_id = str(before["id"])
    if before["tags"] != after["tags"]:
        cloud.change_tags(instance_id, before=before, after=after)
    if before["instance_type"] != after["instance_type"]:
        cloud.change_type(instance_id, after)
