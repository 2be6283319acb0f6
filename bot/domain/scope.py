"""
What an operation's credentials may touch: AWS resources, one database server, or one
host by SSH, perhaps with certificates for one domain that it serves.

A scope is written down when the operation is prepared, shown, bound into the digest
and only then lent against. It holds literal actions and literal resources: a wildcard
that a person's text could widen is refused here, whoever built the scope.
"""

from __future__ import annotations

import re
from enum import IntEnum, StrEnum
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

# pydantic's engine is Rust's regex: there `$` never matches before a final newline.
ScopeName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{1,40}$")]
Action = Annotated[
    str, StringConstraints(pattern=r"^[a-z0-9-]{2,40}:[A-Za-z0-9]{2,80}$")
]

ConditionKey = Annotated[
    str,
    StringConstraints(pattern=r"^(aws|ec2):[A-Za-z]{2,40}(/[A-Za-z0-9:._-]{1,60})?$"),
]
# No `*`, `?` or `$`: IAM would read them.
ConditionValue = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9:./_-]{1,200}$")]
# Of a host: names that reach an inventory file and a known_hosts line, so no spaces, no
# quotes, no commas, no wildcards, nothing that begins with a dash.
HostName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$")]
HostAddress = Annotated[
    str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{0,251}$|^[0-9a-f:]{2,39}$")
]
UnixUser = Annotated[str, StringConstraints(pattern=r"^[a-z_][a-z0-9_-]{0,30}$")]
# What a certificate is good for: with `ssh-` before it, it is the scope's name.
SshPrincipal = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{1,30}$")]
SshHostKey = Annotated[
    str,
    StringConstraints(
        pattern=r"^(ssh-ed25519|ecdsa-sha2-nistp256|ssh-rsa) [A-Za-z0-9+/]{40,800}=*$"
    ),
]
Port = Annotated[int, Field(ge=1, le=65535)]
# Short, because Vault's roles are named after it.
ServerName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,30}$")]
Engine = Literal["postgresql", "mariadb"]
# A name of the Internet in its one spelling: lower case, no wildcard, no final dot, no
# address. More than 64 characters do not fit the common name of a certificate.
DomainName = Annotated[
    str,
    StringConstraints(
        pattern=r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])$",
        max_length=64,
    ),
]

# Calls that AWS cannot restrict to one resource; they only read.
# https://docs.aws.amazon.com/service-authorization/latest/reference/
# A snapshot has no name before it is there. Only its making may be allowed so, and only
# of one that is born with this operation's own tag.
_UNBORN: Final = re.compile(r"\Aarn:aws[a-z-]*:ec2:[a-z0-9-]+::snapshot/\*\Z")
_BIRTHS: Final = frozenset({"ec2:CreateSnapshot", "ec2:CreateTags"})
BIRTH_TAG: Final = "aws:RequestTag/tandem:operation"

_LIST_ONLY: Final = re.compile(r"\A[a-z0-9-]+:(Describe|List|Get)[A-Za-z0-9]*\Z")


class Environment(StrEnum):
    """Where a target serves."""

    STAGING = "staging"
    PRODUCTION = "production"


class Risk(IntEnum):
    """How much care an operation needs; a route may only be raised by it."""

    LOW = 0
    MEDIUM = 1
    HIGH = 2


class Statement(BaseModel):
    """
    AWS actions allowed on AWS resources, all of them literal.

    `when` are keys of AWS's that must have exactly these values.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    actions: tuple[Action, ...]
    resources: tuple[str, ...]
    when: tuple[tuple[ConditionKey, ConditionValue], ...] = ()

    @field_validator("resources")
    @classmethod
    def _literal(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for resource in value:
            if resource == "*" or _UNBORN.match(resource):
                continue
            if "*" in resource or "?" in resource:
                raise ValueError(f"a scope names resources literally, got {resource!r}")
        return value

    def model_post_init(self, _: object, /) -> None:
        """Refuse `*` beside anything but a call that only reads, or gives birth."""
        unborn = any(_UNBORN.match(resource) for resource in self.resources)
        tagged = BIRTH_TAG in dict(self.when)
        if unborn and not (tagged and set(self.actions) <= _BIRTHS):
            raise ValueError("what has no name yet is made with the operation's tag")
        if "*" in self.resources:
            for action in self.actions:
                if not _LIST_ONLY.match(action):
                    raise ValueError(f"{action} must name its resources, got '*'")


class AwsScope(BaseModel):
    """
    The AWS rights of one operation: an inline session policy in the making.

    `name` chooses the Vault role `act-<client>-<name>`; it is declared by a playbook or
    an observation, never derived from text that a person wrote.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: ScopeName
    statements: tuple[Statement, ...]


class SshScope(BaseModel):
    """
    One login on one host: the certificate names one principal, which only it accepts.

    A certificate cannot be taken back; it is short instead. SSH knows no right that
    only reads: what a playbook may change is what that user may on that host.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: HostName
    address: HostAddress
    port: Port
    user: UnixUser
    principal: SshPrincipal
    host_key: SshHostKey
    python: str
    become: bool

    @property
    def name(self) -> str:
        """The action that Vault's role is named after: one for each principal."""
        return ssh_action(self.principal)


class TlsScope(BaseModel):
    """
    A login on one host, with certificates for one domain that is served there.

    Unless it `issues`, it lends the login alone, and of the client's authority nothing
    but what is public. The right in Vault is for the domains that the catalog lists for
    this host; that it is this one of them is held by whoever asks in its name.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    login: SshScope
    domain: DomainName
    https: Port
    issues: bool

    @property
    def name(self) -> str:
        """The action that Vault's role is named after: one for each principal."""
        named = tls_action if self.issues else ssh_action
        return named(self.login.principal)


def ssh_action(principal: str) -> str:
    """Return the name of the action that may log in as this principal."""
    return f"ssh-{principal}"


def tls_action(principal: str) -> str:
    """Return the name of the action that may log in there and have keys certified."""
    return f"tls-{principal}"


def is_ssh(action: str) -> bool:
    """Say whether an action lends a login on a host; no other action is named so."""
    return action.startswith(("ssh-", "tls-"))


class DatabaseScope(BaseModel):
    """
    One database server: as a user that Vault makes for it, and drops again.

    What such a user may do stands on the server, in a procedure that its owner has
    read (deploy/databases): see whether names are taken, or `make` a database too.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    server: ServerName
    engine: Engine
    address: HostAddress
    port: Port
    unsafe_no_tls: bool
    make: bool

    @property
    def name(self) -> str:
        """The action that Vault's role is named after."""
        return database_action(self.server, make=self.make)


def database_action(server: str, *, make: bool) -> str:
    """Return the name of the action that looks at a server, or makes a database."""
    return f"db-{server}-{'make' if make else 'read'}"


def is_database(action: str) -> bool:
    """Say whether an action lends a user of a database server; no other is named so."""
    return action.startswith("db-")


# Told apart by their fields: none takes what another has.
Scope = AwsScope | SshScope | TlsScope | DatabaseScope
