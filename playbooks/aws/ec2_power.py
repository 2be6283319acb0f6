"""
Starting, stopping and restarting one EC2 instance.

A machine that went through a stop shows it: starting it renews its launch time. A
restart (a reboot) leaves no trace at all in what EC2 tells, and a mark of our own, such
as a tag, would be drift to the client's Terraform. So whether a restart that was
announced took place is not known after a crash, and said so.
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-lifecycle.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Instance.html (launchTime)
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal

from pydantic import model_validator

from bot.sdk import (
    AwsAccount,
    AwsRefusal,
    AwsRegion,
    AwsScope,
    Broken,
    Happened,
    InstanceId,
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
    aws_arn,
)
from playbooks.aws.target_health import Pool, pools_of

if TYPE_CHECKING:
    from collections.abc import Mapping

Power = Literal["start", "stop", "restart"]

_CALLS: Final[Mapping[Power, str]] = {
    "start": "StartInstances",
    "stop": "StopInstances",
    "restart": "RebootInstances",
}
# The states in which the call does what is meant, and those in which it has been done.
_FROM: Final[Mapping[Power, str]] = {
    "start": "stopped",
    "stop": "running",
    "restart": "running",
}
_TO: Final[Mapping[Power, frozenset[str]]] = {
    "start": frozenset({"pending", "running"}),
    "stop": frozenset({"stopping", "stopped"}),
    "restart": frozenset(),
}
_GONE: Final = frozenset({"shutting-down", "terminated"})
_LONGEST: Final = timedelta(minutes=10)
_STEPS: Final = (0.5, 1, 2, 4, 8, 15)
_MISSES: Final = 5


class Ec2Power(Playbook, name="aws.ec2_power"):
    """Give one instance its power, take it, or restart it; found by id or by name."""

    # A second run finds the state that the first one brought about, and does nothing;
    # a restart is never run twice, because `happened` cannot tell of it.
    repeatable: ClassVar[bool] = True

    power: Power
    region: AwsRegion
    account: AwsAccount
    instance_id: InstanceId | None = None
    name_tag: NameTag | None = None
    client_tag: NameTag | None = None
    # When it was last launched, as the preview saw it.
    launched: str | None = None

    @model_validator(mode="after")
    def _found_somehow(self) -> Ec2Power:
        if self.instance_id is None and self.name_tag is None:
            raise ValueError("an instance is found by its id or by its Name tag")
        return self

    def preview_scope(self) -> AwsScope:
        return AwsScope(name="ec2-power-read", statements=(_reading(),))

    def scope(self, operation: str) -> AwsScope:  # noqa: ARG002 - nothing is named after it
        """Return the one call on the one instance; no call before it was found."""
        if self.instance_id is None:
            return AwsScope(name="ec2-power", statements=(_reading(),))
        arn = aws_arn(
            "ec2",
            region=self.region,
            account=self.account,
            resource=f"instance/{self.instance_id}",
        )
        acting = Statement(actions=(f"ec2:{_CALLS[self.power]}",), resources=(arn,))
        return AwsScope(name="ec2-power", statements=(_reading(), acting))

    async def preview(self, run: Run) -> Preview:
        machine = await self._machine(run)
        self._refuse_pointless(machine)
        pools = await pools_of(machine, run=run)
        self._refuse_last_healthy(machine, pools)
        name = str(machine["InstanceId"])
        return Preview(
            facts=(
                _fact("instance", f"{name} ({machine['InstanceType']})"),
                _fact("state", _state(machine)),
                _fact("launched", _launched(machine)),
                _fact("address", str(machine.get("PublicIpAddress") or "-")),
                *(_fact("pool", pool.told) for pool in pools),
            ),
            calls=(f"ec2:{_CALLS[self.power]} {name}",),
            state=LiveState(
                items=(
                    ("instance_id", name),
                    ("state", _state(machine)),
                    ("launched", _launched(machine)),
                )
            ),
            warnings=await self._warnings(machine, run),
            pinned={"instance_id": name, "launched": _launched(machine)},
        )

    async def run(self, run: Run) -> None:
        machine = await self._machine(run)
        if _state(machine) not in _TO[self.power]:
            self._refuse_pointless(machine)
            self._refuse_last_healthy(machine, await pools_of(machine, run=run))
            await self._call(run)
        await self._settled(run)

    async def verify(self, run: Run) -> Verified | NotVerified:
        machine = await self._machine(run)
        wanted = "stopped" if self.power == "stop" else "running"
        state = _state(machine)
        if state != wanted:
            return NotVerified(
                reason=Message.of(
                    "playbook.ec2-power.other-state",
                    {"state": state, "wanted": wanted},
                )
            )
        health = "" if self.power == "stop" else await self._health(run)
        if health == "impaired":
            return NotVerified(reason=Message.of("playbook.ec2-power.impaired"))
        shown = f"{state}, {health}" if health else state
        return Verified(
            facts=(
                _fact("state", shown),
                _fact("launched", _launched(machine)),
            )
        )

    async def happened(self, run: Run) -> Happened:
        if self.power == "restart":
            return Happened.UNKNOWN
        # A call that was sent may still be on its way: looking once is too few.
        for pause in (1, 2, 0):
            try:
                machine = await self._machine(run)
            except (AwsRefusal, Refused, Unavailable):
                return Happened.UNKNOWN
            if _state(machine) in _TO[self.power]:
                return Happened.YES
            if _launched(machine) != self.launched:
                # Started since, by whomever: a start took place; a stop may have.
                started = self.power == "start"
                return Happened.YES if started else Happened.UNKNOWN
            await run.sleep(pause)
        # Not launched since: it never left the state that the preview saw.
        return Happened.NO

    async def _call(self, run: Run) -> None:
        operation, ids = _CALLS[self.power], [self.instance_id]
        try:
            await run.aws.call("ec2", operation, {"InstanceIds": ids})
        except AwsRefusal as refusal:
            # The one call of this playbook was refused, so nothing was done.
            args: dict[str, str | int | Message] = {
                "code": refusal.code,
                "operation": refusal.operation,
            }
            raise Refused(Message.of("failed.aws", args)) from refusal
        await run.progress(Message.of(f"playbook.ec2-power.{self.power}-asked"))

    async def _settled(self, run: Run) -> None:
        """Wait until the machine is where it should be, and answers."""
        until, step, misses = run.now() + _LONGEST, 0, 0
        while run.now() < until:
            try:
                state = _state(await self._machine(run))
                busy = state in {"pending", "stopping"}
                if not busy and self.power != "stop" and state == "running":
                    busy = await self._health(run) == "initializing"
                misses = 0
            except Unavailable as error:
                misses += 1
                if misses >= _MISSES:
                    raise OutcomeUnknown("AWS", "lost sight of the machine") from error
                busy = True
            if not busy:
                return
            await run.sleep(_STEPS[min(step, len(_STEPS) - 1)])
            step += 1
        raise OutcomeUnknown("AWS", f"machine still not settled after {_LONGEST}")

    async def _machine(self, run: Run) -> Mapping[str, Any]:
        """Return the instance as it is now; refuses if there is none, or more."""
        try:
            found = await run.aws.call("ec2", "DescribeInstances", self._wanted())
        except AwsRefusal as refusal:
            if refusal.code != "InvalidInstanceID.NotFound":
                raise
            raise Refused(Message.of("playbook.ec2-power.no-instance")) from refusal
        alive = [
            instance
            for reservation in found["Reservations"]
            for instance in reservation["Instances"]
            if instance["State"]["Name"] not in _GONE
        ]
        if not alive:
            raise Refused(Message.of("playbook.ec2-power.no-instance"))
        if len(alive) > 1:
            raise Broken(f"{len(alive)} instances answer to one name")
        machine: Mapping[str, Any] = alive[0]
        return machine

    def _wanted(self) -> dict[str, Any]:
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

    async def _health(self, run: Run) -> str:
        """Return the worse of EC2's two status checks: ok, initializing, impaired…"""
        wanted = {"InstanceIds": [self.instance_id], "IncludeAllInstances": True}
        found = await run.aws.call("ec2", "DescribeInstanceStatus", wanted)
        told = {
            str(one[check]["Status"])
            for one in found["InstanceStatuses"]
            for check in ("InstanceStatus", "SystemStatus")
        }
        for worse in ("impaired", "initializing"):
            if worse in told:
                return worse
        return ", ".join(sorted(told)) or "unknown"

    async def _warnings(
        self, machine: Mapping[str, Any], run: Run
    ) -> tuple[Message, ...]:
        """Return what stopping would lose; a reboot keeps all of it."""
        if self.power != "stop":
            return ()
        found: list[Message] = []
        if _lends_address(machine):
            args: dict[str, str | int | Message] = {
                "address": str(machine["PublicIpAddress"])
            }
            found.append(Message.of("playbook.ec2-power.address-changes", args))
        types = {"InstanceTypes": [machine["InstanceType"]]}
        told = await run.aws.call("ec2", "DescribeInstanceTypes", types)
        if any(one.get("InstanceStorageSupported") for one in told["InstanceTypes"]):
            found.append(Message.of("playbook.ec2-power.store-lost"))
        return tuple(found)

    def _refuse_pointless(self, machine: Mapping[str, Any]) -> None:
        state = _state(machine)
        if state != _FROM[self.power]:
            args: dict[str, str | int | Message] = {
                "state": state,
                "power": self.power,
            }
            raise Refused(Message.of("playbook.ec2-power.pointless", args))

    def _refuse_last_healthy(
        self, machine: Mapping[str, Any], pools: tuple[Pool, ...]
    ) -> None:
        """Refuse to take away the only machine that a load balancer still has."""
        if self.power == "start":
            return
        for pool in pools:
            if pool.rests_on(machine):
                args: dict[str, str | int | Message] = {"pool": pool.name}
                raise Refused(Message.of("playbook.ec2-power.last-healthy", args))


def _reading() -> Statement:
    # Neither EC2 nor load balancing has rights on single things for reading.
    return Statement(
        actions=(
            "ec2:DescribeInstances",
            "ec2:DescribeInstanceStatus",
            "ec2:DescribeInstanceTypes",
            "elasticloadbalancing:DescribeTargetGroups",
            "elasticloadbalancing:DescribeTargetHealth",
        ),
        resources=("*",),
    )


def _state(machine: Mapping[str, Any]) -> str:
    return str(machine["State"]["Name"])


def _launched(machine: Mapping[str, Any]) -> str:
    at: datetime = machine["LaunchTime"]
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _lends_address(machine: Mapping[str, Any]) -> bool:
    """Whether its public address is Amazon's, which a stop gives back."""
    return any(
        one.get("Association", {}).get("IpOwnerId") == "amazon"
        for one in machine.get("NetworkInterfaces", ())
    )


def _fact(name: str, value: str) -> Line:
    return Line(label=Message.of(f"playbook.ec2-power.fact-{name}"), value=value)
