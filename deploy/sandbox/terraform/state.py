"""
State files of format 4, which the real terraform and the stand-in read and write alike.

A file is changed only under a lock and only by renaming a finished one over it, so that
a killed job leaves the old state or the new one, never half of one.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
import uuid
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from deploy.sandbox.terraform.address import Address
from deploy.sandbox.terraform.errors import TerraformError
from deploy.sandbox.terraform.kind import PROVIDER
from deploy.sandbox.terraform.kinds import KINDS, LOOKS
from deploy.sandbox.terraform.values import Value, type_of
from deploy.sandbox.terraform.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_POLL_SECONDS: Final = 0.2


@dataclass(frozen=True)
class State:
    """What was applied last, by address, what data blocks found, and the serial."""

    serial: int = 0
    lineage: str = ""
    instances: Mapping[Address, Mapping[str, Value]] = field(default_factory=dict)
    outputs: Mapping[str, Value] = field(default_factory=dict)
    data: Mapping[tuple[str, str], Mapping[str, Value]] = field(default_factory=dict)

    def with_instance(
        self, address: Address, attributes: Mapping[str, Value] | None
    ) -> State:
        """Return this state with one instance recorded, or with it gone."""
        others = {a: kept for a, kept in self.instances.items() if a != address}
        if attributes is not None:
            others[address] = attributes
        return replace(self, instances=others)

    def same_content(self, other: State) -> bool:
        return self.instances == other.instances and self.outputs == other.outputs


def parse_state(raw: bytes, *, name: str) -> State:
    """Return the state in these bytes; empty bytes are no state yet."""
    if not raw.strip():
        return State()
    try:
        document = json.loads(raw)
        if document["version"] != 4:  # noqa: PLR2004 - the only format since 0.12
            raise TerraformError("Unsupported state file format", detail=name)
        return State(
            serial=document["serial"],
            lineage=document["lineage"],
            instances=dict(_recorded(document["resources"], name)),
            outputs={n: o["value"] for n, o in document["outputs"].items()},
            data=dict(_looked_up(document["resources"])),
        )
    except (ValueError, KeyError, TypeError) as fault:
        raise TerraformError("Unreadable state file", detail=name) from fault


def _recorded(
    resources: list[dict[str, Any]], name: str
) -> Iterator[tuple[Address, Mapping[str, Value]]]:
    for resource in resources:
        if resource["mode"] == "data" and resource["type"] in LOOKS:
            continue
        if resource["mode"] != "managed" or resource["type"] not in KINDS:
            raise TerraformError(
                "Not known to the sandbox's stand-in",
                detail=f"{name} holds {resource['type']}.{resource['name']}; the "
                f"sandbox's terraform stand-in knows {', '.join(KINDS)} only; install "
                "terraform to run it for real.",
            )
        for instance in resource["instances"]:
            address = Address(
                resource["type"], resource["name"], str(instance.get("index_key", ""))
            )
            yield address, instance["attributes"]


def _looked_up(
    resources: list[dict[str, Any]],
) -> Iterator[tuple[tuple[str, str], Mapping[str, Value]]]:
    for resource in resources:
        if resource["mode"] == "data":
            (instance,) = resource["instances"]
            yield (resource["type"], resource["name"]), instance["attributes"]


def _of_data(
    kind: str, name: str, attributes: Mapping[str, Value]
) -> dict[str, object]:
    instance = {
        "schema_version": 0,
        "attributes": attributes,
        "sensitive_attributes": [],
    }
    return {
        "mode": "data",
        "type": kind,
        "name": name,
        "provider": f'provider["{PROVIDER}"]',
        "instances": [instance],
    }


def render_state(state: State) -> bytes:
    """Return the file's bytes as terraform lays them out."""
    resources: dict[tuple[str, str], list[dict[str, object]]] = {}
    for address in sorted(state.instances):
        resources.setdefault((address.kind, address.name), []).append(
            {
                **({"index_key": address.key} if address.key else {}),
                "schema_version": KINDS[address.kind].schema_version,
                "attributes": state.instances[address],
                "sensitive_attributes": [],
                "private": KINDS[address.kind].private,
            }
        )
    document = {
        "version": 4,
        "terraform_version": VERSION,
        "serial": state.serial,
        "lineage": state.lineage,
        "outputs": {
            name: {"value": value, "type": type_of(value)}
            for name, value in sorted(state.outputs.items())
        },
        "resources": [
            *(_of_data(kind, name, state.data[kind, name]) for kind, name in state.data)
        ]
        + [
            {
                "mode": "managed",
                "type": kind,
                "name": name,
                "provider": f'provider["{PROVIDER}"]',
                "instances": instances,
            }
            for (kind, name), instances in resources.items()
        ],
        "check_results": None,
    }
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()


class StateFile:
    """One state file under its lock; made by `locked`."""

    def __init__(self, path: Path, raw: bytes) -> None:
        self._path = path
        self.state = parse_state(raw, name=str(path))

    def write(self, state: State) -> State:
        """Record the state under the next serial and return it as written."""
        if state.same_content(self.state) and self.state.serial:
            return self.state
        written = replace(
            state,
            serial=self.state.serial + 1,
            lineage=self.state.lineage or str(uuid.uuid4()),
        )
        draft = self._path.with_name(f".{self._path.name}.draft")
        with draft.open("wb") as file:
            file.write(render_state(written))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._path)
        self.state = written
        return written


@contextmanager
def locked(path: Path, *, timeout: float = 0.0) -> Iterator[StateFile]:
    """
    Hold the state file's lock; wait for it at most `timeout` seconds.

    The lock is terraform's own kind (POSIX record lock on the state file), so the real
    program and the stand-in keep each other out.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = _acquire(path, until=time.monotonic() + timeout)
    try:
        # Any other descriptor closed on this file would drop the lock (POSIX), so the
        # content is read through the one that holds it.
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            raw = file.read()
        yield StateFile(path, raw)
    finally:
        os.close(descriptor)


def _acquire(path: Path, *, until: float) -> int:
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            if time.monotonic() >= until:
                raise TerraformError(
                    "Error acquiring the state lock",
                    detail=f"Another run holds {path}; try -lock-timeout=30s.",
                ) from None
            time.sleep(_POLL_SECONDS)
            continue
        # Whoever held the lock may have renamed a new file over the one we opened.
        if path.exists() and os.fstat(descriptor).st_ino == path.stat().st_ino:
            return descriptor
        os.close(descriptor)
