"""`/infra start`: give an instance its power back, by a guarded direct action."""

from typing import Annotated

from bot import sdk
from playbooks.aws.ec2_power import Ec2Power


class Start(sdk.Command, name="start", risk=sdk.Risk.MEDIUM):
    """
    Start an instance that is stopped.

    It is done once EC2's own checks of the machine are through, which takes some
    minutes. From then on the machine costs money again.
    """

    instance: Annotated[
        str, sdk.target("instance", "the instance to start", example="web-2")
    ]

    def change(self, target: sdk.Target, client: sdk.Client) -> sdk.DirectAction:
        machine = sdk.as_kind(target, sdk.Instance)
        power = Ec2Power(
            power="start",
            region=client.aws.region,
            account=client.aws.account,
            instance_id=machine.aws.instance_id,
            name_tag=machine.aws.name_tag,
            client_tag=client.id,
        )
        return power.planned(
            sdk.text(
                en="Start { $instance }",
                fr="Démarrer { $instance }",
                args={"instance": target.name},
            )
        )

    def undo(self, before: sdk.Before) -> sdk.WayBack:  # noqa: ARG002 - it was stopped, or there was nothing to start
        return sdk.WayBack(command="stop", arguments={"instance": self.instance})
