"""
The disks of the sandbox's account, each attached to an instance.

Idempotent like the rest of the seeding: what is there is left as it is. They are known
by their Name and Client tags, as the instances are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_ec2 import EC2Client

_ZONE: Final = "eu-west-3a"
_DEVICE: Final = "/dev/sdf"


@dataclass(frozen=True, slots=True)
class _Volume:
    client: str
    name: str
    instance: str
    gibibytes: int
    environment: str


VOLUMES: Final = (
    _Volume("acme", "uploads", "web-1", 40, "production"),
    _Volume("globex", "shop-files", "shop-1", 30, "production"),
)


def attach(ec2: EC2Client, instances: Mapping[tuple[str, str], str]) -> None:
    """Make each disk and attach it, where it is missing."""
    for wanted in VOLUMES:
        marks = {"tag:Name": wanted.name, "tag:Client": wanted.client}
        filters: Any = [{"Name": k, "Values": [v]} for k, v in marks.items()]
        if ec2.describe_volumes(Filters=filters)["Volumes"]:
            continue
        tags: Any = [
            {"Key": "Name", "Value": wanted.name},
            {"Key": "Client", "Value": wanted.client},
            {"Key": "Environment", "Value": wanted.environment},
        ]
        made = ec2.create_volume(
            AvailabilityZone=_ZONE,
            Size=wanted.gibibytes,
            VolumeType="gp3",
            Encrypted=True,
            TagSpecifications=[{"ResourceType": "volume", "Tags": tags}],
        )
        ec2.attach_volume(
            VolumeId=made["VolumeId"],
            InstanceId=instances[wanted.client, wanted.instance],
            Device=_DEVICE,
        )
