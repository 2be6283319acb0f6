"""
How a host is reached: by SSH, as one user, with the one key that it must show.

A host trusts the client's certificate authority in Vault (`deploy/vault`) and lists
the principal in its `AuthorizedPrincipalsFile`. The principal belongs to this host
alone, so a certificate for it opens no other.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from bot.domain.frozen import Frozen
from bot.domain.scope import HostAddress, Port, SshHostKey, SshPrincipal, UnixUser

# A unit of systemd or a name in /etc/init.d; never a path, never a flag.
ServiceName = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]*(@[a-z0-9._-]+)?$", max_length=60),
]
Interpreter = Annotated[str, StringConstraints(pattern=r"^/[A-Za-z0-9._/-]{1,100}$")]


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
