"""
What a call needs to be allowed: every action on every resource it touches, pure.

Only the calls that operations use are mapped. Any other call asks for `*`, which no
grant on a named resource covers: an unmapped call is for administrators only.
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonrds.html
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from deploy.sandbox.aws.call import Call

ACCOUNT: Final = "123456789012"


@dataclass(frozen=True, slots=True)
class Need:
    """One action on one resource that must be allowed for the call to go on."""

    action: str
    resource: str


def needs(call: Call) -> tuple[Need, ...]:
    """Return all that must be allowed, or the call is refused as a whole."""
    named = _MAPPED.get(call.action)
    resources = named(call) if named is not None else ("*",)
    found = tuple(Need(call.action, resource) for resource in resources or ("*",))
    if call.action == "rds:CreateDBSnapshot" and _has_tags(call):
        # Tags given at creation are tags added: AWS asks for that right too.
        return (*found, Need("rds:AddTagsToResource", resources[-1]))
    if call.action == "ec2:CreateSnapshot" and request_tags(call):
        return (*found, Need("ec2:CreateTags", resources[-1]))
    return found


def _has_tags(call: Call) -> bool:
    """Return whether the call also sets tags."""
    return any(name.startswith("Tags.") for name in call.parameters)


def request_tags(call: Call) -> dict[str, str]:
    """Return the tags that what the call makes is to be born with."""
    named = re.compile(r"(TagSpecification\.[0-9]+\.Tag\.[0-9]+)\.Key")
    found = ((named.fullmatch(name), key) for name, key in call.parameters.items())
    return {
        key: call.parameters.get(f"{place.group(1)}.Value", "")
        for place, key in found
        if place is not None
    }


def _new_snapshot(call: Call) -> tuple[str, ...]:
    """Return the volume, and the snapshot that has no name yet."""
    snapshot = f"arn:aws:ec2:{call.region}::snapshot/*"
    return (_ec2(call, "volume", call.first("VolumeId")), snapshot)


def _instances(call: Call) -> tuple[str, ...]:
    """Return every instance that the call names, not the first alone."""
    ids = (*call.members("InstanceId"), *filter(None, (call.first("InstanceId"),)))
    return tuple(_ec2(call, "instance", i) for i in ids)


def _attribute(call: Call) -> tuple[str, ...]:
    """Return the instance and the security groups it would join."""
    groups = (_ec2(call, "security-group", g) for g in call.members("GroupId"))
    return (*_instances(call), *groups)


def _ec2(call: Call, kind: str, name: str) -> str:
    """Return the ARN of a thing of EC2."""
    return f"arn:aws:ec2:{call.region}:{ACCOUNT}:{kind}/{name}"


def _rds(call: Call, kind: str, name: str) -> str:
    """Return the ARN of a thing of RDS; its names are folded to lower case."""
    if name.startswith("arn:"):
        return name
    return f"arn:aws:rds:{call.region}:{ACCOUNT}:{kind}:{name.lower()}"


def _db(call: Call) -> tuple[str, ...]:
    """Return the database of the call; a listing of all is the resource `db:*`."""
    return (_rds(call, "db", call.first("DBInstanceIdentifier") or "*"),)


def _snapshot(call: Call) -> tuple[str, ...]:
    """Return the snapshot of the call."""
    return (_rds(call, "snapshot", call.first("DBSnapshotIdentifier") or "*"),)


def _snapshots(call: Call) -> tuple[str, ...]:
    """Return what a listing of snapshots is narrowed to; nothing narrows to all."""
    by_db = _db(call) if call.first("DBInstanceIdentifier") else ()
    by_name = _snapshot(call) if call.first("DBSnapshotIdentifier") else ()
    return (*by_db, *by_name) or (*_db(call), *_snapshot(call))


def _restored(call: Call) -> tuple[str, ...]:
    """Return the snapshot to restore from and the database to be made."""
    return (*_snapshot(call), *_db(call))


def _tagged(call: Call) -> tuple[str, ...]:
    """Return the thing of RDS whose tags the call is about."""
    return (call.first("ResourceName"),)


def _role(call: Call) -> tuple[str, ...]:
    """Return the role to be assumed."""
    return (call.first("RoleArn"),)


_MAPPED: Final[Mapping[str, Callable[[Call], tuple[str, ...]]]] = {
    "ec2:StartInstances": _instances,
    "ec2:StopInstances": _instances,
    "ec2:RebootInstances": _instances,
    "ec2:TerminateInstances": _instances,
    "ec2:ModifyInstanceAttribute": _attribute,
    "ec2:CreateSnapshot": _new_snapshot,
    "rds:CreateDBSnapshot": lambda call: (*_db(call), *_snapshot(call)),
    "rds:DeleteDBSnapshot": _snapshot,
    "rds:RestoreDBInstanceFromDBSnapshot": _restored,
    "rds:DeleteDBInstance": _db,
    "rds:ModifyDBInstance": _db,
    "rds:RebootDBInstance": _db,
    "rds:StartDBInstance": _db,
    "rds:StopDBInstance": _db,
    "rds:DescribeDBInstances": _db,
    "rds:DescribeDBSnapshots": _snapshots,
    "rds:AddTagsToResource": _tagged,
    "rds:RemoveTagsFromResource": _tagged,
    "rds:ListTagsForResource": _tagged,
    "sts:AssumeRoleWithWebIdentity": _role,
}
