"""`/infra set`: one configuration value, changed in the repository by review."""

from typing import Annotated

from bot import sdk


class Set(sdk.Command, name="set", risk=sdk.Risk.MEDIUM):
    """
    Set one configuration parameter.

    Opens a merge request that changes one value in your repository: in Ansible's
    variables, Chef's attributes or Terraform's. Which parameters there are, and what
    each may be, is in the catalog. What is merged takes effect when it is next applied.
    """

    parameter: Annotated[
        str, sdk.target("parameter", "the parameter to set", example="nginx-workers")
    ]
    value: Annotated[str, sdk.arg("the value it should have", example="8")]

    def change(self, target: sdk.Target, client: sdk.Client) -> sdk.ValueChange:  # noqa: ARG002 - the file says it all
        parameter = sdk.as_kind(target, sdk.Parameter)
        return sdk.ValueChange(
            title=sdk.text(
                en="Set { $parameter } to { $value }",
                fr="Mettre { $parameter } à { $value }",
                args={"parameter": target.name, "value": self.value},
            ),
            edit=parameter.setting(self.value),
        )

    def undo(self, before: sdk.Before) -> sdk.WayBack | sdk.Message:
        former = before.value
        if former is None:
            return sdk.text(
                en="It had no value before, so there is none to go back to.",
                fr="Il n'y avait pas de valeur avant : rien à rétablir.",
                args={},
            )
        return sdk.WayBack(
            command="set",
            arguments={"parameter": self.parameter, "value": sdk.as_typed(former)},
        )
