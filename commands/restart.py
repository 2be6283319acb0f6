"""`/infra restart`: reboot an instance, by a guarded direct action."""

from typing import Annotated

from bot import sdk
from playbooks.aws.ec2_power import Ec2Power


class Restart(sdk.Command, name="restart", risk=sdk.Risk.MEDIUM):
    """
    Restart an instance.

    The operating system reboots; disks and addresses stay. People notice for a minute
    or two, so it is refused when the instance is the last healthy one behind a load
    balancer.
    """

    instance: Annotated[
        str, sdk.target("instance", "the instance to restart", example="web-2")
    ]

    def risk_now(self, target: sdk.Target) -> sdk.Risk:
        in_production = target.environment is sdk.Environment.PRODUCTION
        return sdk.Risk.HIGH if in_production else self.spec.risk

    def change(self, target: sdk.Target, client: sdk.Client) -> sdk.DirectAction:
        machine = sdk.as_kind(target, sdk.Instance)
        power = Ec2Power(
            power="restart",
            region=client.aws.region,
            account=client.aws.account,
            instance_id=machine.aws.instance_id,
            name_tag=machine.aws.name_tag,
            client_tag=client.id,
        )
        return power.planned(
            sdk.text(
                en="Restart { $instance }",
                fr="Redémarrer { $instance }",
                args={"instance": target.name},
            )
        )

    def undo(self, before: sdk.Before) -> sdk.Message:  # noqa: ARG002 - there is none, whatever was before
        return sdk.text(
            en="A restart has no way back: the machine runs afterwards as before.",
            fr="Un redémarrage ne s'annule pas : la machine tourne comme avant.",
            args={},
        )
