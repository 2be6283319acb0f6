"""`/infra converge`: Chef, run once on a host."""

from typing import Annotated

from bot import sdk
from playbooks.ansible.converge import Converge as Playbook


class Converge(sdk.Command, name="converge", risk=sdk.Risk.MEDIUM):
    """
    Have Chef converge a host, once, now.

    Runs the Chef client that the catalog names, and tells what it ended with. What it
    changes is what Chef has for the host by then: nothing shows that beforehand.
    """

    host: Annotated[
        str, sdk.target("host", "the host to converge", example="data-host")
    ]

    def change(
        self,
        target: sdk.Target,
        client: sdk.Client,  # noqa: ARG002 - the host says it all
    ) -> sdk.DirectAction:
        host = sdk.as_kind(target, sdk.Host)
        if host.chef is None:
            raise sdk.Refused(
                sdk.text(
                    en="{ $host } is not kept by Chef, as far as the catalog says.",
                    fr="{ $host } n'est pas géré par Chef, d'après le catalogue.",
                    args={"host": host.name},
                )
            )
        return Playbook.on(host, client=host.chef.client).planned(
            sdk.text(
                en="Converge { $host }",
                fr="Faire converger { $host }",
                args={"host": host.name},
            )
        )
