"""
The security groups of the sandbox's account, made before the rules that lead to them.

Idempotent like the rest of the seeding; known by their Name and Client tags.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client


@dataclass(frozen=True, slots=True)
class _Group:
    client: str
    name: str
    about: str
    environment: str


GROUPS: Final = (
    _Group("acme", "shop-front", "The web servers of the shop", "production"),
    _Group("acme", "load-balancer", "What stands before them", "production"),
)


def gather(ec2: EC2Client) -> None:
    """Make each group where it is missing."""
    for wanted in GROUPS:
        marks = {"tag:Name": wanted.name, "tag:Client": wanted.client}
        filters: Any = [{"Name": k, "Values": [v]} for k, v in marks.items()]
        if ec2.describe_security_groups(Filters=filters)["SecurityGroups"]:
            continue
        tags: Any = [
            {"Key": "Name", "Value": wanted.name},
            {"Key": "Client", "Value": wanted.client},
            {"Key": "Environment", "Value": wanted.environment},
        ]
        ec2.create_security_group(
            GroupName=f"{wanted.client}-{wanted.name}",
            Description=wanted.about,
            TagSpecifications=[{"ResourceType": "security-group", "Tags": tags}],
        )
