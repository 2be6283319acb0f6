"""
Furnishing a sandbox that runs: Vault's rights, AWS's things, GitLab's variables.

All of it can be done again at every start and changes nothing then; a mark of what was
done lets a warm start skip what is slow.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Final, Protocol

from pydantic import JsonValue, SecretStr

from bot.domain.scope import database_action
from bot.outbound.catalog import load
from deploy.sandbox.common import CATALOG
from deploy.sandbox.gitlab.seeding import token_of
from deploy.sandbox.places import keep_secret
from deploy.vault.admin import Admin
from deploy.vault.bootstrap import BootstrapReport, bootstrap
from deploy.vault.plan import (
    AwsAction,
    Client,
    DatabaseAction,
    KvAction,
    SshAction,
    TlsAction,
    VaultPlan,
    role_name,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bot.domain.catalog import Client as CatalogClient
    from bot.registry import Registry
    from deploy.sandbox.client_postgres import Served
    from deploy.sandbox.openbao import OpenBao
    from deploy.sandbox.places import Places
    from deploy.sandbox.terraform.toolchain import Toolchain

CLIENTS: Final = ("acme", "globex")
PURPOSES: Final = ("read", "prepare", "execute")


class House(Protocol):
    """What is furnished: the whole sandbox, or the smaller world of the tests."""

    @property
    def state(self) -> Path: ...
    @property
    def places(self) -> Places: ...
    @property
    def openbao(self) -> OpenBao: ...
    @property
    def registry(self) -> Registry: ...
    @property
    def repositories(self) -> Path: ...
    @property
    def toolchain(self) -> Toolchain: ...
    @property
    def served(self) -> tuple[Served, ...]: ...


async def furnish(sandbox: House) -> None:
    """Put into Vault, AWS and GitLab what the bot and the pipelines need there."""
    mark = sandbox.state / "furnished"
    wanted = fingerprint(sandbox)
    if mark.exists() and mark.read_text() == wanted:
        return
    report = await _vault(sandbox, vault_plan(sandbox))
    admin = Admin(address=sandbox.openbao.address, token=sandbox.openbao.admin_token())
    for one in sandbox.served:
        await introduce(admin, one)
    from deploy.sandbox.furnishing import provide  # noqa: PLC0415 - slow, for this alone

    await provide(sandbox, report)
    mark.write_text(wanted)


def fingerprint(sandbox: House) -> str:
    """Return the hash of all that is furnished; with another one it is done again."""
    parts = [
        vault_plan(sandbox).model_dump(mode="json"),
        sandbox.places.model_dump(mode="json"),
        # What GitLab's variables carry on to the pipelines.
        dict(sandbox.toolchain.environment),
        [(one.name, one.port) for one in sandbox.served],
    ]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def vault_plan(sandbox: House) -> VaultPlan:
    """Return what Vault must hold, from what this build's playbooks declare."""
    actions = (
        *(
            KvAction(kind="kv", name=f"gitlab-{one}", purpose=f"gitlab-{one}")
            for one in PURPOSES
        ),
        *(AwsAction(kind="aws", name=one) for one in sandbox.registry.aws_actions),
    )
    catalog = load(CATALOG)
    return VaultPlan(
        clients=tuple(
            Client(name=one, actions=(*actions, *_logins(found), *_users(found)))
            for one, found in ((name, catalog.client(name)) for name in CLIENTS)
        ),
        issuer=sandbox.openbao.address,
    )


def _logins(found: CatalogClient | None) -> tuple[SshAction | TlsAction, ...]:
    if found is None:
        return ()
    return (
        *(SshAction(kind="ssh", principal=one) for one in found.principals),
        *(
            TlsAction(kind="tls", principal=principal, domains=domains)
            for principal, domains in found.sites
        ),
    )


def _users(found: CatalogClient | None) -> Iterator[DatabaseAction]:
    for server in () if found is None else found.servers:
        for make in (False, True):
            yield DatabaseAction(
                kind="database", server=server.name, engine=server.engine, make=make
            )


async def introduce(admin: Admin, server: Served) -> None:
    """Tell Vault how to log into a client's database server, as its operator does."""
    roles: list[JsonValue] = [
        role_name(server.client, database_action(server.name, make=make))
        for make in (False, True)
    ]
    where: dict[str, JsonValue] = {
        "plugin_name": "mysql-database-plugin",
        "connection_url": "{{username}}:{{password}}@tcp(127.0.0.1:"
        f"{server.port})/",
    }
    if server.engine == "postgresql":
        where = {
            "plugin_name": "postgresql-database-plugin",
            "connection_url": "postgresql://{{username}}:{{password}}@127.0.0.1:"
            f"{server.port}/tandem?sslmode=disable",
            "password_authentication": "scram-sha-256",
        }
    login: dict[str, JsonValue] = {
        "username": server.user,
        "password": server.password.get_secret_value(),
        "allowed_roles": roles,
    }
    await admin.write(
        f"database-{server.client}/config/{server.name}", {**where, **login}
    )


async def _vault(sandbox: House, plan: VaultPlan) -> BootstrapReport:
    admin = Admin(address=sandbox.openbao.address, token=sandbox.openbao.admin_token())
    report = await bootstrap(admin, plan)
    if report.worker_role_id is None:
        raise RuntimeError("Vault gave the worker no role")
    for client in CLIENTS:
        for purpose in PURPOSES:
            await admin.put_gitlab_token(
                client=client,
                purpose=f"gitlab-{purpose}",
                token=SecretStr(token_of(client, purpose)),
            )
    issued = await admin.issue_secret_id("tandem-worker")
    keep_secret(sandbox.state, "vault-role-id", report.worker_role_id)
    keep_secret(sandbox.state, "vault-secret-id", issued.get_secret_value())
    return report
