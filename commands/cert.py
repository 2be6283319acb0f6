"""`/infra cert`: a certificate for a site, from Vault, as a guarded direct action."""

from typing import Annotated, Literal

from bot import sdk
from playbooks.ansible.cert import Cert as Playbook


class Cert(sdk.Command, name="cert", risk=sdk.Risk.MEDIUM):
    """
    Install a certificate for a virtual host, or renew it.

    Vault makes a key and certifies it for this name alone; both go to the host, where
    the key stays. nginx tests its configuration before it reads it; if it refuses, the
    former certificate stays. Afterwards the certificate, its chain and the name are
    checked by a TLS handshake.
    """

    action: Annotated[
        Literal["install", "renew"], sdk.arg("install or renew", example="install")
    ]
    domain: Annotated[
        sdk.DomainName,
        sdk.arg("the name of the virtual host", example="shop.acme.example"),
    ]
    host: Annotated[
        str,
        sdk.target("host", "the host it runs on", example="web-host", after="on"),
    ]

    def change(
        self,
        target: sdk.Target,
        client: sdk.Client,  # noqa: ARG002 - the host says it all
    ) -> sdk.DirectAction:
        host = sdk.as_kind(target, sdk.Host)
        return Playbook.serving(host, domain=self.domain, wanted=self.action).planned(
            sdk.text(
                en="{ $action } the certificate of { $domain } on { $host }",
                fr="{ $action } le certificat de { $domain } sur { $host }",
                args={
                    "action": self.action.capitalize(),
                    "domain": self.domain,
                    "host": host.name,
                },
            )
        )

    def undo(self, before: sdk.Before) -> sdk.Message:  # noqa: ARG002 - there is none, whatever was before
        return sdk.text(
            en="A certificate has no way back: the former key is gone. "
            "To be rid of the site: /infra vhost remove { $domain } on { $host }.",
            fr="Un certificat ne se reprend pas : l'ancienne clé n'existe plus. "
            "Pour retirer le site : /infra vhost remove { $domain } on { $host }.",
            args={"domain": self.domain, "host": self.host},
        )
