"""`/infra resize`: an instance's type is a value in Terraform, so it goes by review."""

from typing import Annotated

from bot import sdk
from playbooks.aws.ec2_instance import InstanceType


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
