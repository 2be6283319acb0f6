"""
What the AWS provider knows of `aws_security_group_rule`, and how a rule is asked for.

Only rules for incoming traffic from one network or one group. Provider 3.39.0
(`resource_aws_security_group_rule.go`) says how the id is made: of what the rule says.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any, Final

from deploy.sandbox.terraform.asking import GoneError, asked
from deploy.sandbox.terraform.errors import TerraformError
from deploy.sandbox.terraform.kind import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mypy_boto3_ec2.client import EC2Client

    from deploy.sandbox.terraform.values import Value

KIND: Final = Kind(
    arguments={
        "cidr_blocks": "texts",
        "from_port": "number",
        "ipv6_cidr_blocks": "texts",
        "protocol": "text",
        "security_group_id": "text",
        "source_security_group_id": "text",
        "to_port": "number",
        "type": "text",
    },
    required=("from_port", "protocol", "security_group_id", "to_port", "type"),
    forces_new=frozenset(
        {
            "cidr_blocks",
            "from_port",
            "ipv6_cidr_blocks",
            "protocol",
            "security_group_id",
            "source_security_group_id",
            "to_port",
            "type",
        }
    ),
    before_create={
        "cidr_blocks": None,
        "description": None,
        "ipv6_cidr_blocks": None,
        "prefix_list_ids": None,
        "self": False,
    },
    after_create=("id", "source_security_group_id"),
    schema_version=2,
    private="eyJzY2hlbWFfdmVyc2lvbiI6IjIifQ==",
    tagged=False,
)
_SOURCES: Final = (
    ("cidr_blocks", "IpRanges", "CidrIp"),
    ("ipv6_cidr_blocks", "Ipv6Ranges", "CidrIpv6"),
)


class Rules:
    """Rules of security groups, read, made and deleted."""

    def __init__(self, ec2: EC2Client) -> None:
        self._ec2 = ec2

    def read(
        self, thing: str, *, before: Mapping[str, Value]
    ) -> Mapping[str, Value] | None:
        """Return the rule if its group still has it; it is known by what it says."""
        del thing
        group = str(before["security_group_id"])
        try:
            answer = asked(
                "DescribeSecurityGroups",
                lambda: self._ec2.describe_security_groups(GroupIds=[group]),
            )
        except GoneError:
            return None
        found = [dict(one) for one in answer["SecurityGroups"][0]["IpPermissions"]]
        there = any(_covers(one, _permission(before)) for one in found)
        return _normal(before) if there else None

    def find(self, planned: Mapping[str, Value]) -> str | None:
        """Return nothing: a rule has no name, so none is taken for another."""
        del planned
        return None

    def create(self, planned: Mapping[str, Value]) -> str:
        group, permission = str(planned["security_group_id"]), _permission(planned)
        asked(
            "AuthorizeSecurityGroupIngress",
            lambda: self._ec2.authorize_security_group_ingress(
                GroupId=group, IpPermissions=[permission]
            ),
        )
        return rule_id(planned)

    def update(self, before: Mapping[str, Value], after: Mapping[str, Value]) -> None:
        raise TerraformError("A rule is never updated", detail=f"{before} {after}")

    def delete(self, before: Mapping[str, Value]) -> None:
        group, permission = str(before["security_group_id"]), _permission(before)
        asked(
            "RevokeSecurityGroupIngress",
            lambda: self._ec2.revoke_security_group_ingress(
                GroupId=group, IpPermissions=[permission]
            ),
        )


def rule_id(rule: Mapping[str, Value]) -> str:
    """Return the provider's own id: a checksum over what the rule says."""
    parts = [str(rule["security_group_id"])]
    parts += [str(rule[name]) for name in ("from_port", "to_port") if rule[name]]
    parts += [str(rule["protocol"]), str(rule["type"])]
    for name, _, _ in _SOURCES:
        parts += sorted(_texts(rule, name))
    if isinstance(source := rule.get("source_security_group_id"), str):
        parts.append(source)
    text = "".join(f"{part}-" for part in parts)
    return f"sgrule-{zlib.crc32(text.encode())}"


def _normal(rule: Mapping[str, Value]) -> Mapping[str, Value]:
    source = rule.get("source_security_group_id")
    return {
        "cidr_blocks": _texts(rule, "cidr_blocks"),
        "description": "",
        "from_port": rule["from_port"],
        "id": rule_id(rule),
        "ipv6_cidr_blocks": _texts(rule, "ipv6_cidr_blocks"),
        "prefix_list_ids": [],
        "protocol": rule["protocol"],
        "security_group_id": rule["security_group_id"],
        "self": False,
        "source_security_group_id": source if isinstance(source, str) else None,
        "to_port": rule["to_port"],
        "type": rule["type"],
    }


def _texts(rule: Mapping[str, Value], name: str) -> list[str]:
    held = rule.get(name)
    return [str(one) for one in held] if isinstance(held, list | tuple) else []


def _permission(rule: Mapping[str, Value]) -> Any:  # noqa: ANN401 - boto3's own shape
    if rule["type"] != "ingress":
        raise TerraformError("Not known to the sandbox's stand-in", detail="egress")
    permission: dict[str, Any] = {
        "IpProtocol": rule["protocol"],
        "FromPort": rule["from_port"],
        "ToPort": rule["to_port"],
    }
    for name, key, inner in _SOURCES:
        if networks := _texts(rule, name):
            permission[key] = [{inner: one} for one in networks]
    if isinstance(source := rule.get("source_security_group_id"), str):
        permission["UserIdGroupPairs"] = [{"GroupId": source}]
    return permission


def _covers(there: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether a group's permission has all that the wanted one names."""
    keys = ("IpProtocol", "FromPort", "ToPort")
    if any(there.get(key) != wanted.get(key) for key in keys):
        return False
    return set(_sources(wanted)) <= set(_sources(there))


def _sources(permission: Mapping[str, Any]) -> Iterator[str]:
    for _, key, inner in _SOURCES:
        yield from (str(one[inner]) for one in permission.get(key, ()))
    yield from (str(one["GroupId"]) for one in permission.get("UserIdGroupPairs", ()))
