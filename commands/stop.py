"""`/infra stop`: take an instance's power, by a guarded direct action."""

from typing import Annotated

from bot import sdk
from playbooks.aws.ec2_power import Ec2Power


class Stop(sdk.Command, name="stop", risk=sdk.Risk.MEDIUM):
    """
    Stop an instance.

    It keeps its disks and can be started again. Refused when it is the last healthy one
    behind a load balancer. What it would lose, such as its public address, is on the
    card.
    """

    instance: Annotated[
        str, sdk.target("instance", "the instance to stop", example="web-2")
    ]

    def risk_now(self, target: sdk.Target) -> sdk.Risk:
        in_production = target.environment is sdk.Environment.PRODUCTION
        return sdk.Risk.HIGH if in_production else self.spec.risk

    def change(self, target: sdk.Target, client: sdk.Client) -> sdk.DirectAction:
        machine = sdk.as_kind(target, sdk.Instance)
        power = Ec2Power(
            power="stop",
            region=client.aws.region,
            account=client.aws.account,
            instance_id=machine.aws.instance_id,
            name_tag=machine.aws.name_tag,
            client_tag=client.id,
        )
        return power.planned(
            sdk.text(
                en="Stop { $instance }",
                fr="Arrêter { $instance }",
                args={"instance": target.name},
            )
        )

    def undo(self, before: sdk.Before) -> sdk.WayBack:  # noqa: ARG002 - it ran, or there was nothing to stop
        return sdk.WayBack(command="start", arguments={"instance": self.instance})
