"""
Makes terraform's states fit the account, so that the first plan says "no changes".

What the sample repositories describe runs before anybody asks for a plan: instances
that are there already (same Client and Name tags) are taken over, missing ones are
started, and each environment gets a state file that the real terraform and the stand-in
both read. Later starts change nothing, except that an instance which came back under a
new id is recorded under that one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from deploy.sandbox.terraform.cloud import Access, Cloud
from deploy.sandbox.terraform.configuration import Configuration
from deploy.sandbox.terraform.desired import desired, looked_for
from deploy.sandbox.terraform.errors import TerraformError
from deploy.sandbox.terraform.kinds import KINDS
from deploy.sandbox.terraform.plan import Attributes, output_values
from deploy.sandbox.terraform.state import State, StateFile, locked
from deploy.sandbox.terraform.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

    from deploy.sandbox.terraform.address import Address
    from deploy.sandbox.terraform.values import Value


@dataclass(frozen=True)
class SeededInstance:
    """One instance of the samples, as terraform and the cloud know it."""

    client: str
    environment: str
    address: str
    name: str
    instance_id: str
    instance_type: str


async def seed(
    repositories: Path, *, states: Path, access: Access
) -> tuple[SeededInstance, ...]:
    """
    Bring cloud and states into line with the samples; return every instance.

    `states` is what the pipelines know as `TF_STATE_DIRECTORY`. Idempotent. Raises
    `TerraformError` when a sample cannot be evaluated or the cloud does not answer.
    """
    return await asyncio.to_thread(_seed, repositories, states, access)


def _seed(
    repositories: Path, states: Path, access: Access
) -> tuple[SeededInstance, ...]:
    cloud = Cloud(access)
    found: list[SeededInstance] = []
    for folder in sorted(repositories.glob("*-infra/environments/*/")):
        client = folder.parents[1].name.removesuffix("-infra")
        path = states / client / "infra" / "environments" / f"{folder.name}.tfstate"
        with locked(path, timeout=60) as file:
            if file.state.serial:
                state = file.write(_reunited(file.state, cloud))
            else:
                state = _first(folder, file=file, cloud=cloud, access=access)
        found += _listed(state, client=client, environment=folder.name)
    return tuple(found)


def _first(folder: Path, *, file: StateFile, cloud: Cloud, access: Access) -> State:
    environment = {"TF_VAR_aws_endpoint": access.endpoint} if access.endpoint else {}
    sources = Workspace(folder, environment, print).sources()
    configuration = Configuration.of(sources, environment=environment)
    state = State()
    data = {
        (kind, name): cloud.look(kind, what)
        for (kind, name), what in looked_for(configuration).items()
    }
    state = replace(state, data=data)
    for wanted in desired(configuration, data):
        planned = KINDS[wanted.address.kind].created(wanted.arguments)
        _named(planned)
        known = cloud.find(wanted.address, planned)
        found = (
            cloud.create(wanted.address, planned)
            if known is None
            else cloud.read(wanted.address, {"id": known})
        )
        state = state.with_instance(wanted.address, found)
    outputs = output_values(configuration, state.instances, data)
    return file.write(replace(state, outputs=outputs))


def _reunited(state: State, cloud: Cloud) -> State:
    for address, recorded in state.instances.items():
        old = str(recorded["id"])
        if cloud.read(address, recorded) is not None:
            continue
        new = cloud.find(address, recorded)
        if new is None:
            # It was ended on purpose, perhaps: the next plan shows that as drift.
            continue
        state = state.with_instance(
            address, cloud.read(address, {**recorded, "id": new})
        )
        outputs = {n: _renamed(v, old, new) for n, v in state.outputs.items()}
        state = replace(state, outputs=outputs)
    return state


def _renamed(value: Value, old: str, new: str) -> Value:
    if value == old:
        return new
    if isinstance(value, Mapping):
        return {key: _renamed(item, old, new) for key, item in value.items()}
    return value


def _named(attributes: Attributes) -> None:
    """Refuse what nobody could find again."""
    tags = attributes["tags"]
    if not isinstance(tags, Mapping) or not {"Client", "Name"} <= set(tags):
        raise TerraformError("A thing of the samples has no Client or Name tag")


def _listed(state: State, *, client: str, environment: str) -> Iterator[SeededInstance]:
    for address, attributes in sorted(state.instances.items()):
        if address.kind != "aws_instance":
            continue
        yield SeededInstance(
            client,
            environment,
            str(address),
            _name(address, attributes),
            str(attributes["id"]),
            str(attributes["instance_type"]),
        )


def _name(address: Address, attributes: Attributes) -> str:
    tags = attributes["tags"]
    return str(tags.get("Name", address)) if isinstance(tags, Mapping) else str(address)
