"""`/infra vhost`: a site of a host's nginx, as a guarded direct action."""

from typing import Annotated, Literal

from bot import sdk
from playbooks.ansible.vhost import Vhost as Playbook

_WANTED = {"add": "present", "remove": "absent"}
_BACK = {"add": "remove", "remove": "add"}


class Vhost(sdk.Command, name="vhost", risk=sdk.Risk.MEDIUM):
    """
    Add a virtual host to a host's nginx, or remove one.

    Only domains that the catalog lists for the host, and names below them. nginx tests
    its configuration before it reads it; if it refuses, all is put back as it was. That
    it answers for the name afterwards, or no longer does, is asked of nginx itself. A
    virtual host that Tandem did not make is left alone. Its pages stay when it goes.
    """

    action: Annotated[Literal["add", "remove"], sdk.arg("add or remove", example="add")]
    domain: Annotated[
        sdk.DomainName, sdk.arg("the name it answers for", example="shop.acme.example")
    ]
    host: Annotated[
        str,
        sdk.target("host", "the host it runs on", example="web-host", after="on"),
    ]

    def risk_now(self, target: sdk.Target) -> sdk.Risk:
        in_production = target.environment is sdk.Environment.PRODUCTION
        goes = self.action == "remove"
        return sdk.Risk.HIGH if in_production and goes else self.spec.risk

    def change(
        self,
        target: sdk.Target,
        client: sdk.Client,  # noqa: ARG002 - the host says it all
    ) -> sdk.DirectAction:
        host = sdk.as_kind(target, sdk.Host)
        return Playbook.serving(
            host, domain=self.domain, wanted=_WANTED[self.action]
        ).planned(
            sdk.text(
                en="{ $action } the virtual host { $domain } on { $host }",
                fr="{ $action } l'hôte virtuel { $domain } sur { $host }",
                args={
                    "action": self.action.capitalize(),
                    "domain": self.domain,
                    "host": host.name,
                },
            )
        )

    def undo(self, before: sdk.Before) -> sdk.WayBack:  # noqa: ARG002 - the other verb, whatever was before
        return sdk.WayBack(
            command="vhost",
            arguments={
                "action": _BACK[self.action],
                "domain": self.domain,
                "host": self.host,
            },
        )
