"""
A snapshot of one EBS volume: seen, taken once, waited for, read back.

EC2 takes no name and no token for a snapshot that would make a second call harmless.
It is born with the operation's id as a tag instead, and looked for by that before one
is asked for.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Final

from pydantic import model_validator

from bot.sdk import (
    AwsAccount,
    AwsRefusal,
    AwsRegion,
    AwsScope,
    Broken,
    Happened,
    Line,
    LiveState,
    Message,
    NameTag,
    NotVerified,
    OutcomeUnknown,
    Playbook,
    Preview,
    Refused,
    Run,
    Statement,
    Unavailable,
    Verified,
    VolumeId,
    aws_arn,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

_USABLE: Final = frozenset({"available", "in-use"})
_LONGEST: Final = timedelta(minutes=10)
_STEPS: Final = (0.5, 1, 2, 4, 8, 15)
_MISSES: Final = 5
_OPERATION: Final = "tandem:operation"
_CLIENT: Final = "tandem:client"


class EbsSnapshot(Playbook, name="aws.ebs_snapshot"):
    """Take a snapshot that carries the operation's id, so it is taken once."""

    # A second run looks for the first one's snapshot before it asks for one.
    repeatable: ClassVar[bool] = True

    region: AwsRegion
    account: AwsAccount
    client: NameTag
    volume_id: VolumeId | None = None
    name_tag: NameTag | None = None

    @model_validator(mode="after")
    def _found_somehow(self) -> EbsSnapshot:
        if self.volume_id is None and self.name_tag is None:
            raise ValueError("a volume is found by its id or by its Name tag")
        return self

    def preview_scope(self) -> AwsScope:
        return AwsScope(name="ebs-snapshot-read", statements=(_reading(),))

    def scope(self, operation: str) -> AwsScope:
        """Return the rights to one snapshot of one volume; none before it was found."""
        if self.volume_id is None:
            return AwsScope(name="ebs-snapshot", statements=(_reading(),))
        volume = aws_arn(
            "ec2",
            region=self.region,
            account=self.account,
            resource=f"volume/{self.volume_id}",
        )
        born = aws_arn("ec2", region=self.region, account="", resource="snapshot/*")
        tags = (
            (f"aws:RequestTag/{_CLIENT}", self.client),
            (f"aws:RequestTag/{_OPERATION}", operation),
        )
        return AwsScope(
            name="ebs-snapshot",
            statements=(
                _reading(),
                Statement(actions=("ec2:CreateSnapshot",), resources=(volume,)),
                Statement(
                    actions=("ec2:CreateSnapshot", "ec2:CreateTags"),
                    resources=(born,),
                    when=tags,
                ),
            ),
        )

    async def preview(self, run: Run) -> Preview:
        volume = await self._volume(run)
        self._refuse_unusable(volume)
        name = str(volume["VolumeId"])
        last = await self._last(run, name)
        return Preview(
            facts=(
                _fact("volume", f"{name} ({volume['VolumeType']})"),
                _fact("size", f"{volume['Size']} GiB"),
                _fact("attached", _attached(volume)),
                _fact("encrypted", _yes(bool(volume["Encrypted"]))),
                _fact("last", "-" if last is None else _told(last)),
            ),
            calls=(f"ec2:CreateSnapshot {name}",),
            state=LiveState(items=(("volume_id", name), ("size", str(volume["Size"])))),
            pinned={"volume_id": name},
        )

    async def run(self, run: Run) -> None:
        if await self._snapshot(run) is None:
            self._refuse_unusable(await self._volume(run))
            await self._create(run)
        await self._settled(run)

    async def verify(self, run: Run) -> Verified | NotVerified:
        taken = await self._snapshot(run)
        if taken is None:
            return NotVerified(reason=Message.of("playbook.ebs-snapshot.missing"))
        state = str(taken["State"])
        if state != "completed" or taken["VolumeId"] != self.volume_id:
            args: dict[str, str | int | Message] = {
                "state": state,
                "volume": str(taken["VolumeId"]),
            }
            return NotVerified(reason=Message.of("playbook.ebs-snapshot.other", args))
        return Verified(
            facts=(
                _fact("snapshot", str(taken["SnapshotId"])),
                _fact("size", f"{taken['VolumeSize']} GiB"),
                _fact("taken", _moment(taken["StartTime"])),
            )
        )

    async def happened(self, run: Run) -> Happened:
        # Only the tag tells of it, and a listing may lag behind the call for a while.
        for pause in (1, 2, 4, 8, 0):
            try:
                if await self._snapshot(run) is not None:
                    return Happened.YES
            except (AwsRefusal, Unavailable):
                return Happened.UNKNOWN
            await run.sleep(pause)
        return Happened.NO

    def undo(self) -> Message | None:
        return Message.of("playbook.ebs-snapshot.undo")

    async def _create(self, run: Run) -> None:
        tags = {_OPERATION: run.operation, _CLIENT: self.client}
        marks = [{"Key": key, "Value": value} for key, value in tags.items()]
        answer = await run.aws.call(
            "ec2",
            "CreateSnapshot",
            {
                "VolumeId": self.volume_id,
                "Description": f"tandem {run.operation}",
                "TagSpecifications": [{"ResourceType": "snapshot", "Tags": marks}],
            },
        )
        args: dict[str, str | int | Message] = {"snapshot": str(answer["SnapshotId"])}
        await run.progress(Message.of("playbook.ebs-snapshot.started", args))

    async def _settled(self, run: Run) -> None:
        """Wait until the snapshot is complete or has failed."""
        until, step, misses = run.now() + _LONGEST, 0, 0
        while run.now() < until:
            try:
                taken = await self._snapshot(run)
                misses = 0
            except Unavailable as error:
                misses += 1
                if misses >= _MISSES:
                    raise OutcomeUnknown("AWS", "lost sight of the snapshot") from error
            else:
                if taken is not None and str(taken["State"]) != "pending":
                    return
            await run.sleep(_STEPS[min(step, len(_STEPS) - 1)])
            step += 1
        raise OutcomeUnknown("AWS", f"snapshot still not complete after {_LONGEST}")

    async def _volume(self, run: Run) -> Mapping[str, Any]:
        """Return the volume as it is now; refuses if there is none, or more."""
        try:
            found = await run.aws.call("ec2", "DescribeVolumes", self._wanted())
        except AwsRefusal as refusal:
            if refusal.code != "InvalidVolume.NotFound":
                raise
            raise Refused(Message.of("playbook.ebs-snapshot.no-volume")) from refusal
        if not found["Volumes"]:
            raise Refused(Message.of("playbook.ebs-snapshot.no-volume"))
        if len(found["Volumes"]) > 1:
            raise Broken(f"{len(found['Volumes'])} volumes answer to one name")
        volume: Mapping[str, Any] = found["Volumes"][0]
        return volume

    def _wanted(self) -> dict[str, Any]:
        if self.volume_id is not None:
            return {"VolumeIds": [self.volume_id]}
        tags = {"tag:Name": self.name_tag, "tag:Client": self.client}
        return {"Filters": [{"Name": k, "Values": [v]} for k, v in tags.items()]}

    async def _snapshot(self, run: Run) -> Mapping[str, Any] | None:
        """Return this operation's snapshot, or nothing if there is none."""
        tags = {f"tag:{_OPERATION}": run.operation, "volume-id": self.volume_id}
        found = await self._snapshots(run, tags)
        return found[0] if found else None

    async def _last(self, run: Run, volume: str) -> Mapping[str, Any] | None:
        """Return the newest finished snapshot of the volume, whoever took it."""
        found = await self._snapshots(run, {"volume-id": volume})
        finished = [one for one in found if one["State"] == "completed"]
        return max(finished, key=lambda one: one["StartTime"], default=None)

    async def _snapshots(
        self, run: Run, filters: Mapping[str, str | None]
    ) -> list[Mapping[str, Any]]:
        wanted = [{"Name": key, "Values": [value]} for key, value in filters.items()]
        parameters = {"OwnerIds": [self.account], "Filters": wanted}
        found = await run.aws.call("ec2", "DescribeSnapshots", parameters)
        return list(found["Snapshots"])

    def _refuse_unusable(self, volume: Mapping[str, Any]) -> None:
        state = str(volume["State"])
        if state not in _USABLE:
            args: dict[str, str | int | Message] = {"state": state}
            raise Refused(Message.of("playbook.ebs-snapshot.unusable", args))


def _reading() -> Statement:
    # EC2 has no rights on single things for reading.
    actions = ("ec2:DescribeVolumes", "ec2:DescribeSnapshots")
    return Statement(actions=actions, resources=("*",))


def _attached(volume: Mapping[str, Any]) -> str:
    found = (f"{one['InstanceId']} ({one['Device']})" for one in volume["Attachments"])
    return ", ".join(found) or "-"


def _yes(it: bool) -> str:
    return "yes" if it else "no"


def _told(snapshot: Mapping[str, Any]) -> str:
    return f"{snapshot['SnapshotId']}, {_moment(snapshot['StartTime'])}"


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _fact(name: str, value: str) -> Line:
    return Line(label=Message.of(f"playbook.ebs-snapshot.fact-{name}"), value=value)
