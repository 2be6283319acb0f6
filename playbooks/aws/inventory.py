"""What an AWS account has of the kinds that commands know, read for discovery."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from bot.sdk import (
    AwsRefusal,
    AwsScope,
    AwsService,
    LiveState,
    Observation,
    Run,
    Statement,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_Reader: TypeAlias = "Callable[[Mapping[str, Any]], Iterator[dict[str, str]]]"
_GONE: Final = frozenset({"shutting-down", "terminated"})
_PAGES: Final = 50


class Inventory(Observation, name="aws.inventory"):
    """
    Every instance, database, volume and security group that the client may list.

    An item is named `thing <id>` and its value is a JSON object of kind, id, name,
    client, environment and what it is part of; `refused <service>:<operation>` says
    that AWS would not list those.
    """

    def scope(self) -> AwsScope:
        # None can be narrowed: what is not known yet cannot be named.
        actions = tuple(f"{service}:{operation}" for service, operation, _ in _LISTS)
        return AwsScope(
            name="inventory-read",
            statements=(Statement(actions=actions, resources=("*",)),),
        )

    async def read(self, run: Run) -> LiveState:
        """Return all of them, in AWS's order."""
        found: list[tuple[str, str]] = []
        for service, operation, read in _LISTS:
            found += await _listed(run, service, operation, read)
        return LiveState(items=tuple(found))


async def _listed(
    run: Run, service: AwsService, operation: str, read: _Reader
) -> list[tuple[str, str]]:
    token, marker = ("NextToken",) * 2 if service == "ec2" else ("Marker",) * 2
    found: list[tuple[str, str]] = []
    wanted: dict[str, object] = {}
    for _ in range(_PAGES):
        try:
            page = await run.aws.call(service, operation, wanted)
        except AwsRefusal as refusal:
            return [(f"refused {service}:{operation}", refusal.code)]
        found += [(f"thing {one['id']}", json.dumps(one)) for one in read(page)]
        if not page.get(token):
            return found
        wanted = {marker: page[token]}
    return [*found, (f"refused {service}:{operation}", "too many pages")]


def _instances(page: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    for reservation in page["Reservations"]:
        for one in reservation["Instances"]:
            if one["State"]["Name"] not in _GONE:
                tags = _tags(one.get("Tags", []))
                yield {
                    "kind": "instance",
                    "id": str(one["InstanceId"]),
                    "name": tags.get("Name", ""),
                    **_whose(tags),
                }


def _databases(page: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    for one in page["DBInstances"]:
        tags = _tags(one.get("TagList", []))
        name = str(one["DBInstanceIdentifier"])
        yield {"kind": "database", "id": name, "name": name, **_whose(tags)}


def _volumes(page: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    for one in page["Volumes"]:
        tags = _tags(one.get("Tags", []))
        hangs = [str(each["InstanceId"]) for each in one.get("Attachments", [])]
        yield {
            "kind": "volume",
            "id": str(one["VolumeId"]),
            "name": tags.get("Name", ""),
            "part_of": hangs[0] if hangs else "",
            **_whose(tags),
        }


def _groups(page: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    for one in page["SecurityGroups"]:
        tags = _tags(one.get("Tags", []))
        # AWS makes one of this name with each network, and lets nobody delete it.
        made = one["GroupName"] == "default"
        yield {
            "kind": "security_group",
            "id": str(one["GroupId"]),
            "name": tags.get("Name", ""),
            "part_of": str(one.get("VpcId") or "-") if made else "",
            **_whose(tags),
        }


def _tags(found: list[dict[str, str]]) -> dict[str, str]:
    return {one["Key"]: one["Value"] for one in found}


def _whose(tags: dict[str, str]) -> dict[str, str]:
    return {
        "client": tags.get("Client", ""),
        "environment": tags.get("Environment", ""),
    }


_LISTS: Final[tuple[tuple[AwsService, str, _Reader], ...]] = (
    ("ec2", "DescribeInstances", _instances),
    ("rds", "DescribeDBInstances", _databases),
    ("ec2", "DescribeVolumes", _volumes),
    ("ec2", "DescribeSecurityGroups", _groups),
)
