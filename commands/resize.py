"""`/infra resize`: an instance's type is a value in Terraform, so it goes by review."""

from typing import Annotated

from bot import sdk
from playbooks.aws.ec2_instance import InstanceType
from playbooks.aws.prices import AS_OF, Difference, monthly


class Resize(sdk.Command, name="resize", risk=sdk.Risk.MEDIUM):
    """
    Change the type of an instance.

    Opens a merge request that changes one value in your Terraform and shows the plan.
    Once approved it is merged and applied; the instance is stopped and started on the
    way. The card shows the way back before anybody decides.
    """

    instance: Annotated[
        str, sdk.target("instance", "the instance to resize", example="web-2")
    ]
    type: Annotated[
        str,
        sdk.arg(
            "the EC2 instance type it should have",
            example="m5.large",
            pattern=r"^[a-z][a-z0-9-]{1,15}\.[a-z0-9-]{2,15}$",
        ),
    ]

    def change(self, target: sdk.Target, client: sdk.Client) -> sdk.MergeRequest:
        machine = sdk.as_kind(target, sdk.Instance)
        place = sdk.in_terraform(target)
        now = InstanceType(
            region=client.aws.region,
            instance_id=machine.aws.instance_id,
            name_tag=machine.aws.name_tag,
            client_tag=client.id,
        )
        return sdk.MergeRequest(
            title=sdk.text(
                en="Resize { $instance } to { $type }",
                fr="Passer { $instance } en { $type }",
                args={"instance": target.name, "type": self.type},
            ),
            edits=(
                sdk.SetAttribute(
                    directory=place.directory,
                    address=place.address,
                    attribute="instance_type",
                    value=self.type,
                ),
            ),
            effect=now.expecting({"instance_type": self.type}),
        )

    def undo(self, before: sdk.Before) -> sdk.WayBack | sdk.Message:
        former = str(before.value or "")
        if not former:
            return sdk.text(
                en="The former type is not known.",
                fr="Le type précédent n'est pas connu.",
                args={},
            )
        return sdk.WayBack(
            command="resize", arguments={"instance": self.instance, "type": former}
        )

    def cost(self, before: sdk.Before, client: sdk.Client) -> sdk.Cost | None:
        found = self._difference(before, client)
        return found.cost if found else None

    def _difference(self, before: sdk.Before, client: sdk.Client) -> Difference | None:
        former = str(before.value or "")
        return monthly(region=client.aws.region, before=former, after=self.type)

    def notes(self, before: sdk.Before, client: sdk.Client) -> tuple[sdk.Message, ...]:
        former, region = str(before.value or ""), client.aws.region
        found = self._difference(before, client)
        return (
            _stops(),
            _unknown(former, self.type)
            if found is None
            else sdk.text(
                en="Price a month: { $difference } USD ({ $before } to { $after }; on "
                "demand, Linux, { $region }, list of { $of })",
                fr="Prix par mois : { $difference } USD ({ $before } à { $after } ; à "
                "la demande, Linux, { $region }, liste du { $of })",
                args={
                    "difference": found.cost.told,
                    "before": str(found.before),
                    "after": str(found.after),
                    "region": region,
                    "of": AS_OF,
                },
            ),
        )


def _stops() -> sdk.Message:
    # https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-resize.html
    return sdk.text(
        en="It is stopped and started for this, which takes some minutes: EC2 changes "
        "the type of a stopped instance only (EC2 User Guide).",
        fr="Elle est arrêtée puis redémarrée, ce qui prend quelques minutes : EC2 ne "
        "change le type que d'une instance arrêtée (guide d'EC2).",
        args={},
    )


def _unknown(former: str, wanted: str) -> sdk.Message:
    return sdk.text(
        en="Price a month: unknown; the list of { $of } does not have both { $former } "
        "and { $wanted } in this region.",
        fr="Prix par mois : inconnu ; la liste du { $of } n'a pas { $former } et "
        "{ $wanted } pour cette région.",
        args={"of": AS_OF, "former": former or "-", "wanted": wanted},
    )
