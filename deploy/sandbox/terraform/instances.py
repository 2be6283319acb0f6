"""EC2 instances as the stand-in asks for them: read, created, changed, ended."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from deploy.sandbox.terraform.asking import GoneError, asked
from deploy.sandbox.terraform.errors import TerraformError
from deploy.sandbox.terraform.observation import observed
from deploy.sandbox.terraform.tags import change_tags, marked, name_of, tags_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_ec2.client import EC2Client
    from mypy_boto3_ec2.literals import InstanceTypeType
    from mypy_boto3_ec2.type_defs import FilterTypeDef, InstanceTypeDef

    from deploy.sandbox.terraform.values import Value

_STATE_SECONDS: Final = 60.0
_POLL_SECONDS: Final = 0.1


class Instances:
    """Instances by their ids."""

    def __init__(self, ec2: EC2Client, region: str) -> None:
        self._ec2, self._region = ec2, region

    def read(
        self, thing: str, *, before: Mapping[str, Value]
    ) -> Mapping[str, Value] | None:
        """Return the instance's attributes as they are, or None when it is gone."""
        found = self._describe(thing)
        if found is None:
            return None
        owner, instance = found
        return asked(
            "read",
            lambda: observed(
                self._ec2, instance, region=self._region, owner=owner, before=before
            ),
        )

    def find(self, planned: Mapping[str, Value]) -> str | None:
        """Return the id of the one living instance with these tags, if there is one."""
        filters: list[FilterTypeDef] = [
            {"Name": f"tag:{key}", "Values": [value]}
            for key, value in name_of(planned).items()
        ]
        living = ["pending", "running", "stopping", "stopped"]
        filters.append({"Name": "instance-state-name", "Values": living})
        answer = asked(
            "DescribeInstances",
            lambda: self._ec2.describe_instances(Filters=filters),
        )
        found = [
            instance["InstanceId"]
            for reservation in answer["Reservations"]
            for instance in reservation["Instances"]
        ]
        return found[0] if len(found) == 1 else None

    def create(self, planned: Mapping[str, Value]) -> str:
        """Start an instance and return its id once it runs."""
        tags = tags_of(planned)
        optional: dict[str, object] = {}
        if isinstance(key_name := planned.get("key_name"), str):
            optional["KeyName"] = key_name
        if isinstance(zone := planned.get("availability_zone"), str):
            optional["Placement"] = {"AvailabilityZone": zone}
        if tags:
            marks = marked(tags)
            optional["TagSpecifications"] = [
                {"ResourceType": "instance", "Tags": marks}
            ]
        answer = asked(
            "RunInstances",
            lambda: self._ec2.run_instances(
                ImageId=str(planned["ami"]),
                InstanceType=_type(planned),
                MinCount=1,
                MaxCount=1,
                **optional,  # type: ignore[arg-type] # built above from checked strings
            ),
        )
        instance_id = answer["Instances"][0]["InstanceId"]
        self._wait(instance_id, "running")
        return instance_id

    def update(self, before: Mapping[str, Value], after: Mapping[str, Value]) -> None:
        """Make tags and type those that are planned."""
        if before["tags"] != after["tags"]:
            change_tags(self._ec2, before, after)
        if before["instance_type"] != after["instance_type"]:
            self._change_type(str(before["id"]), after)

    def _change_type(self, instance_id: str, planned: Mapping[str, Value]) -> None:
        """Stop the instance, give it its new type, start it: AWS takes no other way."""
        asked(
            "StopInstances", lambda: self._ec2.stop_instances(InstanceIds=[instance_id])
        )
        self._wait(instance_id, "stopped")
        asked(
            "ModifyInstanceAttribute",
            lambda: self._ec2.modify_instance_attribute(
                InstanceId=instance_id, InstanceType={"Value": _type(planned)}
            ),
        )
        asked(
            "StartInstances",
            lambda: self._ec2.start_instances(InstanceIds=[instance_id]),
        )
        self._wait(instance_id, "running")

    def delete(self, before: Mapping[str, Value]) -> None:
        """End the instance and wait until it is."""
        instance_id = str(before["id"])
        asked(
            "TerminateInstances",
            lambda: self._ec2.terminate_instances(InstanceIds=[instance_id]),
        )
        self._wait(instance_id, "terminated")

    def _describe(self, instance_id: str) -> tuple[str, InstanceTypeDef] | None:
        try:
            answer = asked(
                "DescribeInstances",
                lambda: self._ec2.describe_instances(InstanceIds=[instance_id]),
            )
        except GoneError:
            return None
        for reservation in answer["Reservations"]:
            for instance in reservation["Instances"]:
                if instance["State"]["Name"] != "terminated":
                    return reservation["OwnerId"], instance
        return None

    def _wait(self, instance_id: str, wanted: str) -> None:
        until = time.monotonic() + _STATE_SECONDS
        while time.monotonic() < until:
            found = self._describe(instance_id)
            state = "terminated" if found is None else found[1]["State"]["Name"]
            if state == wanted:
                return
            time.sleep(_POLL_SECONDS)
        raise TerraformError(
            "Timeout", detail=f"{instance_id} is not {wanted} after {_STATE_SECONDS} s."
        )


def _type(planned: Mapping[str, Value]) -> InstanceTypeType:
    # The stubs list today's types; which exist is the cloud's to say, not ours.
    return planned["instance_type"]  # type: ignore[return-value] # see above
