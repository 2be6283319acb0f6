"""
The cloud as the stand-in asks it: EC2 instances read, created, changed, ended.

Blocking, each call with a timeout: the stand-in is a program of its own, and `seed`
runs this in a thread. Credentials are handed in and go to boto3 only.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from deploy.sandbox.terraform.errors import TerraformError
from deploy.sandbox.terraform.observation import observed

if TYPE_CHECKING:
    from mypy_boto3_ec2.client import EC2Client
    from mypy_boto3_ec2.literals import InstanceTypeType
    from mypy_boto3_ec2.type_defs import FilterTypeDef, InstanceTypeDef
    from pydantic import SecretStr

    from deploy.sandbox.terraform.values import Value

_Answer = TypeVar("_Answer")
_STATE_SECONDS: Final = 60.0
_POLL_SECONDS: Final = 0.1


@dataclass(frozen=True)
class Access:
    """Where the cloud answers and as whom it is asked."""

    region: str
    endpoint: str | None
    access_key_id: str
    secret_access_key: SecretStr
    session_token: SecretStr | None = None


class Cloud:
    """EC2 as seen with one `Access`; faults become errors that name the call."""

    def __init__(self, access: Access) -> None:
        token = access.session_token
        self._region = access.region
        self._ec2: EC2Client = boto3.client(
            "ec2",
            region_name=access.region,
            endpoint_url=access.endpoint,
            aws_access_key_id=access.access_key_id,
            aws_secret_access_key=access.secret_access_key.get_secret_value(),
            aws_session_token=token.get_secret_value() if token else None,
            config=Config(
                connect_timeout=5,
                read_timeout=30,
                retries={"mode": "standard", "total_max_attempts": 3},
            ),
        )

    def read(
        self, instance_id: str, *, before: Mapping[str, Value]
    ) -> Mapping[str, Value] | None:
        """Return the instance's attributes as they are, or None when it is gone."""
        found = self._describe(instance_id)
        if found is None:
            return None
        owner, instance = found
        return _asked(
            "read",
            lambda: observed(
                self._ec2, instance, region=self._region, owner=owner, before=before
            ),
        )

    def find(self, tags: Mapping[str, str]) -> str | None:
        """Return the id of the one living instance with these tags, if there is one."""
        filters: list[FilterTypeDef] = [
            {"Name": f"tag:{key}", "Values": [value]} for key, value in tags.items()
        ]
        living = ["pending", "running", "stopping", "stopped"]
        filters.append({"Name": "instance-state-name", "Values": living})
        answer = _asked(
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
        tags = _tags(planned)
        optional: dict[str, object] = {}
        if isinstance(key_name := planned.get("key_name"), str):
            optional["KeyName"] = key_name
        if isinstance(zone := planned.get("availability_zone"), str):
            optional["Placement"] = {"AvailabilityZone": zone}
        if tags:
            marks = [{"Key": key, "Value": value} for key, value in tags.items()]
            optional["TagSpecifications"] = [
                {"ResourceType": "instance", "Tags": marks}
            ]
        answer = _asked(
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

    def change_type(self, instance_id: str, planned: Mapping[str, Value]) -> None:
        """Stop the instance, give it its new type, start it: AWS takes no other way."""
        _asked(
            "StopInstances", lambda: self._ec2.stop_instances(InstanceIds=[instance_id])
        )
        self._wait(instance_id, "stopped")
        _asked(
            "ModifyInstanceAttribute",
            lambda: self._ec2.modify_instance_attribute(
                InstanceId=instance_id, InstanceType={"Value": _type(planned)}
            ),
        )
        _asked(
            "StartInstances",
            lambda: self._ec2.start_instances(InstanceIds=[instance_id]),
        )
        self._wait(instance_id, "running")

    def change_tags(
        self,
        instance_id: str,
        *,
        before: Mapping[str, Value],
        after: Mapping[str, Value],
    ) -> None:
        """Make the instance's tags those that are planned."""
        old, new = _tags(before), _tags(after)
        gone = [{"Key": key} for key in old if key not in new]
        if gone:
            _asked(
                "DeleteTags",
                lambda: self._ec2.delete_tags(Resources=[instance_id], Tags=gone),  # type: ignore[arg-type] # the stubs want their own TypedDict
            )
        marks = [
            {"Key": key, "Value": value}
            for key, value in new.items()
            if old.get(key) != value
        ]
        if marks:
            _asked(
                "CreateTags",
                lambda: self._ec2.create_tags(Resources=[instance_id], Tags=marks),  # type: ignore[arg-type] # the stubs want their own TypedDict
            )

    def terminate(self, instance_id: str) -> None:
        """End the instance and wait until it is."""
        _asked(
            "TerminateInstances",
            lambda: self._ec2.terminate_instances(InstanceIds=[instance_id]),
        )
        self._wait(instance_id, "terminated")

    def _describe(self, instance_id: str) -> tuple[str, InstanceTypeDef] | None:
        try:
            answer = self._ec2.describe_instances(InstanceIds=[instance_id])
        except ClientError as fault:
            if fault.response["Error"]["Code"] == "InvalidInstanceID.NotFound":
                return None
            raise _failed("DescribeInstances", fault) from fault
        except BotoCoreError as fault:
            raise _failed("DescribeInstances", fault) from fault
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


def _asked(call: str, ask: Callable[[], _Answer]) -> _Answer:
    try:
        return ask()
    except (ClientError, BotoCoreError) as fault:
        raise _failed(call, fault) from fault


def _failed(call: str, fault: Exception) -> TerraformError:
    return TerraformError(f"AWS refused or failed {call}", detail=str(fault))


def _type(planned: Mapping[str, Value]) -> InstanceTypeType:
    # The stubs list today's types; which exist is the cloud's to say, not ours.
    return planned["instance_type"]  # type: ignore[return-value] # see above


def _tags(attributes: Mapping[str, Value]) -> dict[str, str]:
    tags = attributes.get("tags")
    return {k: str(v) for k, v in tags.items()} if isinstance(tags, Mapping) else {}
