"""
A third command, in this one file: it stops a machine, by a playbook of its own.

The playbook is one that must not simply be run again: after a crash it is asked whether
it happened, and what it cannot tell stays in doubt.
"""

from __future__ import annotations

from typing import Annotated, Any

from bot import sdk


class Stop(sdk.Playbook, name="stories.stop"):
    """Stop one instance."""

    instance_id: sdk.InstanceId
    region: sdk.AwsRegion
    account: sdk.AwsAccount

    def preview_scope(self) -> sdk.AwsScope:
        return sdk.AwsScope(name="stop-read", statements=(self._reading(),))

    def scope(self, operation: str) -> sdk.AwsScope:
        arn = sdk.aws_arn(
            "ec2",
            region=self.region,
            account=self.account,
            resource=f"instance/{self.instance_id}",
        )
        stops = sdk.Statement(actions=("ec2:StopInstances",), resources=(arn,))
        return sdk.AwsScope(name="stop", statements=(self._reading(), stops))

    async def preview(self, run: sdk.Run) -> sdk.Preview:
        found = await self._instance(run)
        state = sdk.LiveState(items=(("id", found["InstanceId"]),))
        return sdk.Preview(facts=(), calls=("ec2:StopInstances",), state=state)

    async def run(self, run: sdk.Run) -> None:
        if await self._state(run) == "stopped":
            raise sdk.Refused(sdk.text(en="It is stopped already.", args={}))
        wanted = {"InstanceIds": [self.instance_id]}
        await run.aws.call("ec2", "StopInstances", wanted)

    async def verify(self, run: sdk.Run) -> sdk.Verified | sdk.NotVerified:
        state = await self._state(run)
        if state != "stopped":
            reason = sdk.text(en="It is { $state }.", args={"state": state})
            return sdk.NotVerified(reason=reason)
        return sdk.Verified()

    async def happened(self, run: sdk.Run) -> sdk.Happened:
        stopped = await self._state(run) == "stopped"
        return sdk.Happened.YES if stopped else sdk.Happened.NO

    async def _state(self, run: sdk.Run) -> str:
        return str((await self._instance(run))["State"]["Name"])

    async def _instance(self, run: sdk.Run) -> dict[str, Any]:
        wanted = {"InstanceIds": [self.instance_id]}
        found = await run.aws.call("ec2", "DescribeInstances", wanted)
        instance: dict[str, Any] = found["Reservations"][0]["Instances"][0]
        return instance

    @staticmethod
    def _reading() -> sdk.Statement:
        return sdk.Statement(actions=("ec2:DescribeInstances",), resources=("*",))


class Halt(sdk.Command, name="halt", risk=sdk.Risk.LOW):
    """Stop a machine."""

    instance: Annotated[str, sdk.target("instance", "the machine", example="web-1")]

    def change(self, target: sdk.Target, client: sdk.Client) -> sdk.DirectAction:
        machine = sdk.as_kind(target, sdk.Instance)
        stop = Stop(
            instance_id=machine.aws.instance_id or "",
            region=client.aws.region,
            account=client.aws.account,
        )
        return stop.planned(sdk.text(en="Stop { $name }", args={"name": target.name}))
