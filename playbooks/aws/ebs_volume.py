"""What an EBS volume is right now: its size, its type, its state, where it hangs."""

from __future__ import annotations

from typing import Any

from pydantic import model_validator

from bot.sdk import (
    AwsRefusal,
    AwsRegion,
    AwsScope,
    Broken,
    Client,
    LiveState,
    NameTag,
    Observation,
    Run,
    Statement,
    Target,
    Volume,
    VolumeId,
)

# As Terraform's aws_ebs_volume names it, and where EC2 says it.
_READ = (
    ("volume_id", "VolumeId"),
    ("size", "Size"),
    ("type", "VolumeType"),
    ("state", "State"),
)


class EbsVolume(Observation, name="aws.ebs_volume"):
    """The state of one EBS volume, found by its id or by its Name tag."""

    region: AwsRegion
    volume_id: VolumeId | None = None
    name_tag: NameTag | None = None
    # Where clients share an account, a Name alone may be somebody else's.
    client_tag: NameTag | None = None

    @classmethod
    def of(cls, target: Target, client: Client) -> EbsVolume | None:
        if not isinstance(target, Volume):
            return None
        return cls(
            region=client.aws.region,
            volume_id=target.aws.volume_id,
            name_tag=target.aws.name_tag,
            client_tag=client.id,
        )

    @model_validator(mode="after")
    def _one_of_the_two(self) -> EbsVolume:
        if (self.volume_id is None) == (self.name_tag is None):
            raise ValueError("a volume is found by its id or by its Name tag")
        return self

    def scope(self) -> AwsScope:
        # EC2 has no rights on single things for reading.
        reading = Statement(actions=("ec2:DescribeVolumes",), resources=("*",))
        return AwsScope(name="ebs-volume-read", statements=(reading,))

    async def read(self, run: Run) -> LiveState:
        """Return what it is; the state of no volume is `missing`."""
        try:
            answer = await run.aws.call("ec2", "DescribeVolumes", self._wanted())
        except AwsRefusal as refusal:
            if refusal.code != "InvalidVolume.NotFound":
                raise
            return LiveState(items=(("state", "missing"),))
        if not answer["Volumes"]:
            return LiveState(items=(("state", "missing"),))
        if len(answer["Volumes"]) > 1:
            raise Broken(f"{len(answer['Volumes'])} volumes answer to one name")
        (found,) = answer["Volumes"]
        hangs = (f"{one['InstanceId']} {one['Device']}" for one in found["Attachments"])
        items = [(name, str(found[key])) for name, key in _READ]
        return LiveState(items=(*items, ("attached_to", ", ".join(hangs) or "-")))

    def _wanted(self) -> dict[str, Any]:
        """Return the parameters that find this volume alone."""
        if self.volume_id is not None:
            return {"VolumeIds": [self.volume_id]}
        tags = {"tag:Name": self.name_tag, "tag:Client": self.client_tag}
        return {
            "Filters": [
                {"Name": name, "Values": [value]}
                for name, value in tags.items()
                if value
            ]
        }
