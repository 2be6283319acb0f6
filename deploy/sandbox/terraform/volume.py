"""
What the AWS provider knows of `aws_ebs_volume`, and how a volume is asked for.

Provider 3.39.0 (`resource_aws_ebs_volume.go`) says which call feeds which attribute.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from deploy.sandbox.terraform.asking import GoneError, asked
from deploy.sandbox.terraform.kind import Kind
from deploy.sandbox.terraform.tags import change_tags, marked, name_of, tags_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_ec2.client import EC2Client

    from deploy.sandbox.terraform.values import Value

KIND: Final = Kind(
    arguments={
        "availability_zone": "text",
        "encrypted": "flag",
        "size": "number",
        "type": "text",
        "tags": "tags",
    },
    required=("availability_zone",),
    forces_new=frozenset({"availability_zone", "encrypted"}),
    before_create={
        "multi_attach_enabled": None,
        "outpost_arn": None,
        "tags": None,
    },
    after_create=(
        "arn",
        "encrypted",
        "id",
        "iops",
        "kms_key_id",
        "size",
        "snapshot_id",
        "tags_all",
        "throughput",
        "type",
    ),
)


class Volumes:
    """EBS volumes, read, found, made, grown and deleted."""

    def __init__(self, ec2: EC2Client, region: str) -> None:
        self._ec2, self._region = ec2, region

    def read(
        self, thing: str, *, before: Mapping[str, Value]
    ) -> Mapping[str, Value] | None:
        del before
        try:
            answer = asked(
                "DescribeVolumes",
                lambda: self._ec2.describe_volumes(VolumeIds=[thing]),
            )
        except GoneError:
            return None
        found = answer["Volumes"][0]
        tags: dict[str, Value] = {
            tag["Key"]: tag["Value"]
            for tag in sorted(found.get("Tags", []), key=lambda tag: tag["Key"])
        }
        owner = self._owner()
        return {
            "arn": f"arn:aws:ec2:{self._region}:{owner}:volume/{thing}",
            "availability_zone": found["AvailabilityZone"],
            "encrypted": found["Encrypted"],
            "id": thing,
            "iops": found.get("Iops", 0),
            "kms_key_id": found.get("KmsKeyId", ""),
            "multi_attach_enabled": found.get("MultiAttachEnabled", False),
            "outpost_arn": found.get("OutpostArn", ""),
            "size": found["Size"],
            "snapshot_id": found.get("SnapshotId", ""),
            "tags": tags,
            "tags_all": tags,
            "throughput": found.get("Throughput", 0),
            "type": found["VolumeType"],
        }

    def find(self, planned: Mapping[str, Value]) -> str | None:
        filters: Any = [
            {"Name": f"tag:{key}", "Values": [value]}
            for key, value in name_of(planned).items()
        ]
        answer = asked(
            "DescribeVolumes", lambda: self._ec2.describe_volumes(Filters=filters)
        )
        found = [one["VolumeId"] for one in answer["Volumes"]]
        return found[0] if len(found) == 1 else None

    def create(self, planned: Mapping[str, Value]) -> str:
        wanted: Any = {
            "AvailabilityZone": planned["availability_zone"],
            "Size": planned["size"],
        }
        if isinstance(planned.get("encrypted"), bool):
            wanted["Encrypted"] = planned["encrypted"]
        if isinstance(planned.get("type"), str):
            wanted["VolumeType"] = planned["type"]
        if marks := marked(tags_of(planned)):
            wanted["TagSpecifications"] = [{"ResourceType": "volume", "Tags": marks}]
        answer = asked("CreateVolume", lambda: self._ec2.create_volume(**wanted))
        return answer["VolumeId"]

    def update(self, before: Mapping[str, Value], after: Mapping[str, Value]) -> None:
        thing = str(before["id"])
        if before["tags"] != after["tags"]:
            change_tags(self._ec2, before, after)
        if (before["size"], before["type"]) != (after["size"], after["type"]):
            wanted: Any = {"Size": after["size"], "VolumeType": after["type"]}
            asked(
                "ModifyVolume",
                lambda: self._ec2.modify_volume(VolumeId=thing, **wanted),
            )

    def delete(self, before: Mapping[str, Value]) -> None:
        thing = str(before["id"])
        asked("DeleteVolume", lambda: self._ec2.delete_volume(VolumeId=thing))

    def _owner(self) -> str:
        answer = asked(
            "DescribeSecurityGroups",
            lambda: self._ec2.describe_security_groups(MaxResults=5),
        )
        return answer["SecurityGroups"][0]["OwnerId"]
