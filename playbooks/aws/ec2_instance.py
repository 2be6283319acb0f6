"""What an EC2 instance is right now: its type and its state."""

from __future__ import annotations

from typing import Any, Final

from pydantic import model_validator

from bot.sdk import (
    AwsRefusal,
    AwsRegion,
    AwsScope,
    Broken,
    Client,
    Instance,
    InstanceId,
    LiveState,
    NameTag,
    Observation,
    Run,
    Statement,
    Target,
)

_GONE: Final = frozenset({"shutting-down", "terminated"})


class InstanceType(Observation, name="aws.ec2_instance"):
    """The type and state of one instance, found by its id or by its Name tag."""

    region: AwsRegion
    instance_id: InstanceId | None = None
    name_tag: NameTag | None = None
    # Where clients share an account, a Name alone may be somebody else's.
    client_tag: NameTag | None = None

    @model_validator(mode="after")
    def _one_of_the_two(self) -> InstanceType:
        if (self.instance_id is None) == (self.name_tag is None):
            raise ValueError("an instance is found by its id or by its Name tag")
        return self

    @classmethod
    def of(cls, target: Target, client: Client) -> InstanceType | None:
        if not isinstance(target, Instance):
            return None
        return cls(
            region=client.aws.region,
            instance_id=target.aws.instance_id,
            name_tag=target.aws.name_tag,
            client_tag=client.id,
        )

    def scope(self) -> AwsScope:
        # EC2 has no rights on single instances for reading.
        reading = Statement(actions=("ec2:DescribeInstances",), resources=("*",))
        return AwsScope(name="ec2-instance-read", statements=(reading,))

    async def read(self, run: Run) -> LiveState:
        """Return its id, type and state; the state of no instance is `missing`."""
        try:
            found = await run.aws.call("ec2", "DescribeInstances", self._wanted())
        except AwsRefusal as refusal:
            if refusal.code != "InvalidInstanceID.NotFound":
                raise
            return LiveState(items=(("state", "missing"),))
        alive = [
            instance
            for reservation in found["Reservations"]
            for instance in reservation["Instances"]
            if instance["State"]["Name"] not in _GONE
        ]
        if not alive:
            return LiveState(items=(("state", "missing"),))
        if len(alive) > 1:
            raise Broken(f"{len(alive)} instances answer to one name")
        return LiveState(
            items=(
                ("instance_id", str(alive[0]["InstanceId"])),
                ("instance_type", str(alive[0]["InstanceType"])),
                ("state", str(alive[0]["State"]["Name"])),
            )
        )

    def _wanted(self) -> dict[str, Any]:
        """Return the parameters that find this instance alone."""
        if self.instance_id is not None:
            return {"InstanceIds": [self.instance_id]}
        tags = {"tag:Name": self.name_tag, "tag:Client": self.client_tag}
        return {
            "Filters": [
                {"Name": name, "Values": [value]}
                for name, value in tags.items()
                if value
            ]
        }
