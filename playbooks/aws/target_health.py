"""
Which load balancers send people to an instance, and whether others would carry on.

Target groups of Elastic Load Balancing (application and network load balancers) that
have the instance, by its id or by its address. Classic load balancers and what lies
beyond AWS are not looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.sdk import Run

_PAGES: Final = 20
_HEALTHY: Final = "healthy"


@dataclass(frozen=True, slots=True)
class Pool:
    """A target group: its name, and the state of each target by id or address."""

    name: str
    targets: Mapping[str, str]

    @property
    def told(self) -> str:
        """The pool in a few words, for a card."""
        healthy = sum(state == _HEALTHY for state in self.targets.values())
        return f"{self.name}: {healthy} of {len(self.targets)} healthy"

    def rests_on(self, machine: Mapping[str, Any]) -> bool:
        """Whether this machine is healthy there and no other one is."""
        healthy = {name for name, state in self.targets.items() if state == _HEALTHY}
        return bool(healthy) and healthy <= _names(machine)


async def pools_of(machine: Mapping[str, Any], *, run: Run) -> tuple[Pool, ...]:
    """Return every pool that has the machine among its targets, by name."""
    found: list[Pool] = []
    for group in await _groups(run):
        if group.get("TargetType") not in {"instance", "ip"}:
            continue
        if not {group.get("VpcId"), None} & {machine.get("VpcId"), None}:
            continue
        wanted = {"TargetGroupArn": group["TargetGroupArn"]}
        told = await run.aws.call("elbv2", "DescribeTargetHealth", wanted)
        targets: dict[str, str] = {}
        for one in told["TargetHealthDescriptions"]:
            name, state = one["Target"]["Id"], one["TargetHealth"]["State"]
            # One machine may be there on several ports: healthy if it is on any.
            if targets.get(name) != _HEALTHY:
                targets[name] = state
        if targets.keys() & _names(machine):
            found.append(Pool(str(group["TargetGroupName"]), targets))
    return tuple(sorted(found, key=lambda one: one.name))


async def _groups(run: Run) -> list[Mapping[str, Any]]:
    """Return the region's target groups; one page has four hundred."""
    groups: list[Mapping[str, Any]] = []
    wanted: dict[str, object] = {}
    for _ in range(_PAGES):
        told = await run.aws.call("elbv2", "DescribeTargetGroups", wanted)
        groups += told["TargetGroups"]
        if not told.get("NextMarker"):
            break
        wanted["Marker"] = told["NextMarker"]
    return groups


def _names(machine: Mapping[str, Any]) -> frozenset[str]:
    """Return under which names the machine may stand in a target group."""
    addresses = (
        str(one["PrivateIpAddress"])
        for interface in machine.get("NetworkInterfaces", ())
        for one in interface.get("PrivateIpAddresses", ())
    )
    return frozenset({str(machine["InstanceId"]), *addresses})
