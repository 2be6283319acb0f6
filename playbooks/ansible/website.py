"""
What procedures on a host's nginx share: which domain, and where its files are.

All places come from the catalog's entry for the host. Of what was typed there is the
domain alone, and only one that the catalog lists, or a name below it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from bot.sdk import (
    AnsiblePlaybook,
    DomainName,
    HostPath,
    Ipv4,
    Message,
    Port,
    Refused,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.sdk import Host, Scalar


class Website(AnsiblePlaybook):
    """A change of one site of a host's nginx."""

    domain: DomainName
    main: HostPath
    sites: HostPath
    root: HostPath
    tls: HostPath
    program: HostPath
    listen: Ipv4 | None = None
    http: Port
    https: Port

    @classmethod
    def serving(cls, host: Host, *, domain: DomainName, **inputs: Scalar) -> Self:
        """Return this procedure; Refused for a domain that is not the host's."""
        if host.web is None:
            raise Refused(Message.of("website.no-nginx", {"host": host.name}))
        if not host.web.serves(domain):
            args: dict[str, str | int | Message]
            args = {"domain": domain, "host": host.name}
            args["known"] = ", ".join(host.web.domains)
            raise Refused(Message.of("website.not-served", args))
        places = host.web.model_dump(exclude={"domains", "address"}, exclude_none=True)
        if host.web.address is not None:
            places["listen"] = host.web.address
        return cls.on(host, domain=domain, **places, **inputs)

    def variables(self) -> Mapping[str, Scalar]:
        return {
            "domain": self.domain,
            "main": self.main,
            "sites": self.sites,
            "root": self.root,
            "tls": self.tls,
            "program": self.program,
            "listen": "" if self.listen is None else f"{self.listen}:",
            "near": self.listen or "127.0.0.1",
            "http": self.http,
            "https": self.https,
        }

    def about(self) -> dict[str, str | int | Message]:
        """Return what messages speak of."""
        return {"domain": self.domain, "host": self.host}
