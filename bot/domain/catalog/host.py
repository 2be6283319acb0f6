"""
How a host is reached, and what Tandem may do on it.

It is reached by SSH, as one user, with the one key that it must show.

A host trusts the client's certificate authority in Vault (`deploy/vault`) and lists
the principal in its `AuthorizedPrincipalsFile`. The principal belongs to this host
alone, so a certificate for it opens no other.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from bot.domain.frozen import Frozen
from bot.domain.scope import (
    DomainName,
    HostAddress,
    Port,
    SshHostKey,
    SshPrincipal,
    UnixUser,
)

# A unit of systemd or a name in /etc/init.d; never a path, never a flag.
ServiceName = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]*(@[a-z0-9._-]+)?$", max_length=60),
]
Interpreter = Annotated[str, StringConstraints(pattern=r"^/[A-Za-z0-9._/-]{1,100}$")]
# On the host: absolute, no `..`, no space, nothing that nginx or a shell would read.
HostPath = Annotated[
    str,
    StringConstraints(pattern=r"^(/\.?[A-Za-z0-9_][A-Za-z0-9._-]*)+$", max_length=150),
]
Ipv4 = Annotated[
    str, StringConstraints(pattern=r"^[0-9]{1,3}(\.[0-9]{1,3}){3}$", max_length=15)
]


class Scripts(Frozen):
    """Where init scripts are, if `init` is sysvinit."""

    folder: Annotated[HostPath, Field(description="The folder of the scripts.")] = (
        "/etc/init.d"
    )
    pids: Annotated[HostPath, Field(description="Where each keeps <service>.pid.")] = (
        "/run"
    )


class Web(Frozen):
    """The nginx of a host, and which sites Tandem may set up in it."""

    domains: Annotated[
        tuple[DomainName, ...],
        Field(min_length=1, description="Domains, each with all names below it."),
    ]
    main: Annotated[
        HostPath, Field(description="The file that nginx is started with.")
    ] = "/etc/nginx/nginx.conf"
    sites: Annotated[
        HostPath, Field(description="The folder whose *.conf that file includes.")
    ] = "/etc/nginx/conf.d"
    root: Annotated[
        HostPath, Field(description="Where each site has a folder of its name.")
    ] = "/var/www"
    tls: Annotated[
        HostPath, Field(description="Where keys and certificates are kept.")
    ] = "/etc/nginx/tls"
    program: Annotated[HostPath, Field(description="nginx itself.")] = "/usr/sbin/nginx"
    address: Annotated[
        Ipv4 | None, Field(description="Where it listens; everywhere if not given.")
    ] = None
    http: Annotated[Port, Field(description="The port for http.")] = 80
    https: Annotated[Port, Field(description="The port for https.")] = 443

    def serves(self, domain: str) -> bool:
        """Say whether the domain is one of those listed, or below one."""
        return any(domain == one or domain.endswith(f".{one}") for one in self.domains)


class Ssh(Frozen):
    """How Tandem logs in."""

    address: Annotated[HostAddress, Field(description="Its name or IP address.")]
    port: Annotated[Port, Field(description="The port of its SSH server.")] = 22
    user: Annotated[UnixUser, Field(description="The user that Tandem logs in as.")]
    principal: Annotated[
        SshPrincipal,
        Field(description="The principal that this host, and no other, accepts."),
    ]
    host_key: Annotated[
        SshHostKey, Field(description="Its public host key: type and base64.")
    ]
    python: Annotated[
        Interpreter, Field(description="The Python that Ansible uses on it.")
    ] = "/usr/bin/python3"
    become: Annotated[
        bool, Field(description="Whether the user becomes root by sudo.")
    ] = False
