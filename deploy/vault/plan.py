"""
What Vault has to hold for Tandem: the operator's plan, as a value.

Owns the rules that make a plan safe to write down as policies. Writing it is
`deploy/vault/bootstrap.py`.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from bot.domain.frozen import Frozen
from bot.domain.scope import (
    DomainName,
    Engine,
    ScopeName,
    ServerName,
    SshPrincipal,
    database_action,
    ssh_action,
    tls_action,
)

Origin = Annotated[str, StringConstraints(pattern=r"^https?://[A-Za-z0-9.-]+(:\d+)?$")]


class AwsAction(Frozen):
    """An action in AWS: Vault vouches for the operation by a signed JWT."""

    kind: Literal["aws"]
    name: ScopeName


class KvAction(Frozen):
    """An action in GitLab: Vault lends the token `kv/gitlab/<client>/<purpose>`."""

    kind: Literal["kv"]
    name: ScopeName
    purpose: ScopeName


class SshAction(Frozen):
    """A login on one host: Vault signs a key for its principal and no other."""

    kind: Literal["ssh"]
    principal: SshPrincipal

    @property
    def name(self) -> str:
        """Every principal has an action, and with it a role, of its own."""
        return ssh_action(self.principal)


class DatabaseAction(Frozen):
    """A user of one database server, for minutes: to look, or to `make` a database."""

    kind: Literal["database"]
    server: ServerName
    engine: Engine
    make: bool

    @property
    def name(self) -> str:
        """Looking and making are two actions, and two roles."""
        return database_action(self.server, make=self.make)


class TlsAction(Frozen):
    """A login on one host, and certificates for the domains that it may serve."""

    kind: Literal["tls"]
    principal: SshPrincipal
    domains: tuple[DomainName, ...] = Field(min_length=1)

    @property
    def name(self) -> str:
        """Beside the action that can only log in."""
        return tls_action(self.principal)


Action = Annotated[
    AwsAction | KvAction | SshAction | TlsAction | DatabaseAction,
    Field(discriminator="kind"),
]


class Client(Frozen):
    """A client company and every action that Tandem may take for it."""

    name: ScopeName
    actions: tuple[Action, ...]


class AppRole(Frozen):
    """
    How long a process may use what it logs in with.

    Neither the worker nor the front can renew its secret id: the operator issues a new
    one before `secret_id_ttl` is over. `secret_id_num_uses` 0 means any number of
    logins, which a process that logs in anew every `token_ttl` needs.
    """

    secret_id_ttl: timedelta = Field(default=timedelta(days=30), gt=timedelta())
    secret_id_num_uses: int = Field(default=0, ge=0)
    token_ttl: timedelta = Field(
        default=timedelta(hours=1), gt=timedelta(), le=timedelta(days=1)
    )
    bound_cidrs: tuple[IPv4Network | IPv6Network, ...] = ()


class VaultPlan(Frozen):
    """
    Everything that the bootstrap writes.

    `issuer` is the origin under which AWS reaches Vault's public keys; the `iss` of a
    token is `<issuer>/v1/identity/oidc`. `loan` caps a child token's life,
    `identity_token` that of a JWT and `certificate` that of an SSH certificate.
    `tls_certificate` is how long a certificate for a domain is good, and
    `tls_authority` how long the client's authority that the bootstrap makes for them.
    `session_tags` adds client and action as principal tags: a trust policy must then
    allow `sts:TagSession`, or AWS refuses the token.
    """

    clients: tuple[Client, ...]
    issuer: Origin
    loan: timedelta = Field(
        default=timedelta(minutes=15), gt=timedelta(), le=timedelta(minutes=15)
    )
    identity_token: timedelta = Field(
        default=timedelta(minutes=5), gt=timedelta(), le=timedelta(minutes=10)
    )
    session_tags: bool = False
    certificate: timedelta = Field(
        default=timedelta(minutes=15), gt=timedelta(), le=timedelta(minutes=15)
    )
    tls_certificate: timedelta = Field(
        default=timedelta(days=90), gt=timedelta(minutes=5), le=timedelta(days=398)
    )
    tls_authority: timedelta = Field(default=timedelta(days=3650), gt=timedelta(days=1))
    worker: AppRole = AppRole()
    front: AppRole = AppRole()

    @model_validator(mode="after")
    def _no_two_share_a_role(self) -> VaultPlan:
        # "a-b" + "c" and "a" + "b-c" are one name: one client would hold the other's.
        roles = Counter(
            role_name(client.name, action.name)
            for client in self.clients
            for action in client.actions
        )
        shared = sorted(role for role, times in roles.items() if times > 1)
        if shared:
            raise ValueError(
                f"two pairs of client and action make one role: {', '.join(shared)};"
                " rename a client or an action"
            )
        return self

    @model_validator(mode="after")
    def _clients_are_named_once(self) -> VaultPlan:
        names = Counter(client.name for client in self.clients)
        twice = sorted(name for name, times in names.items() if times > 1)
        if twice:
            raise ValueError(f"a client is listed twice: {', '.join(twice)}")
        return self

    @model_validator(mode="after")
    def _who_certifies_also_logs_in(self) -> VaultPlan:
        for client in self.clients:
            logins = {a.principal for a in client.actions if isinstance(a, SshAction)}
            sites = {a.principal for a in client.actions if isinstance(a, TlsAction)}
            if sites - logins:
                missing = ", ".join(sorted(sites - logins))
                raise ValueError(f"{client.name}: no ssh action for {missing}")
        return self


def role_name(client: str, action: str) -> str:
    """Return the name of a pair's policy, entity, token role and OIDC role."""
    return f"act-{client}-{action}"
