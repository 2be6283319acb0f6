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

    from deploy.sandbox.terraform.address import Address
    from deploy.sandbox.terraform.configuration import Configuration
    from deploy.sandbox.terraform.state import State, StateFile
    from deploy.sandbox.terraform.values import Value


class Cloud(Protocol):
    """The part of the cloud that apply changes."""

    def create(self, address: Address, planned: Attributes) -> Attributes: ...
    def update(
        self, address: Address, before: Attributes, after: Attributes
    ) -> Attributes | None: ...
    def delete(self, address: Address, before: Attributes) -> None: ...


def apply_plan(
    plan: Plan,
    *,
    file: StateFile,
    configuration: Configuration,
    cloud: Cloud,
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
    outputs = output_values(configuration, state.instances, state.data)
    file.write(replace(state, outputs=outputs))
    return outputs


def _carry_out(
    change: Change,
    *,
    state: State,
    file: StateFile,
    cloud: Cloud,
    say: Callable[[str], None],
) -> State:
    address = change.address
    if change.before is not None and change.action in {Action.DELETE, Action.REPLACE}:
        say(f"{address}: Destroying... [id={change.before['id']}]")
        cloud.delete(address, change.before)
        state = file.write(state.with_instance(address, None))
        say(f"{address}: Destruction complete")
    if change.after is None:
        return state
    found: Attributes | None
    if change.action is Action.UPDATE and change.before is not None:
        say(f"{address}: Modifying... [id={change.before['id']}]")
        found = cloud.update(address, change.before, change.after)
        done = f"{address}: Modifications complete"
    else:
        say(f"{address}: Creating...")
        found = cloud.create(address, change.after)
        done = f"{address}: Creation complete"
    state = file.write(state.with_instance(address, found))
    say(f"{done} [id={(found or {}).get('id')}]")
    return state
