"""
Make Vault hold what a plan says, as often as one likes.

Owns the order and the content of the writes: engines, the audit key, the OIDC key, one
policy, entity, token role (and OIDC role) for each client and action, and the two
AppRoles. It removes nothing: what is there and not in the plan is reported. The audit
device is the operator's (OpenBao takes it from its configuration file only).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from pydantic import JsonValue, TypeAdapter

from bot.domain.errors import Broken
from bot.domain.frozen import Frozen
from deploy.vault.database import engine_role
from deploy.vault.ensure import Desk, Item, holds
from deploy.vault.pki import authority as tls_authority
from deploy.vault.pki import engine as tls_engine
from deploy.vault.pki import role_of as tls_role_of
from deploy.vault.plan import (
    Action,
    AppRole,
    AwsAction,
    DatabaseAction,
    SshAction,
    TlsAction,
    VaultPlan,
    role_name,
)
from deploy.vault.policy import action_policy, claims, front_policy, worker_policy
from deploy.vault.ssh import Authority, authority, role_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deploy.vault.admin import Admin
    from deploy.vault.plan import Action

AUDIENCE: Final = "sts.amazonaws.com"
AUDIT_KEY: Final = "tandem-audit"
WORKER: Final = "tandem-worker"
FRONT: Final = "tandem-front"
_OIDC_KEY: Final = "tandem-aws"
_DAY: Final = 24 * 3600


class BootstrapError(RuntimeError):
    """Vault holds something that the plan cannot be built on; nothing was removed."""


class Entity(Frozen):
    """
    Who one pair of client and action is: the `sub` of its identity tokens.

    The trust policy of the client's AWS role must name the subject: AWS gives a trust
    policy no other claim of ours to tell one client from the next.
    """

    client: str
    action: str
    subject: str


class BootstrapReport(Frozen):
    """
    What the bootstrap found and did.

    Role ids name the AppRoles (they are no secret), `unplanned` are token roles that no
    plan entry explains. A host of a client must trust its authority's public key
    (`TrustedUserCAKeys`). `audited` says whether Vault has an audit device at all; None
    when that cannot be seen, as from within a namespace. After a dry run on an empty
    Vault ids and entities are missing: nothing made them.
    """

    items: tuple[Item, ...]
    entities: tuple[Entity, ...]
    authorities: tuple[Authority, ...]
    worker_role_id: str | None
    front_role_id: str | None
    unplanned: tuple[str, ...]
    audited: bool | None


async def bootstrap(
    admin: Admin, plan: VaultPlan, *, dry_run: bool = False
) -> BootstrapReport:
    """
    Write what the plan says and Vault does not hold yet; may be repeated at any time.

    Raises `BootstrapError` when an engine or a key is there and of the wrong kind, and
    what `Admin` raises. With `dry_run` nothing is written.
    """
    site = _Site(
        admin=admin,
        plan=plan,
        desk=Desk(admin, dry_run=dry_run),
        dry_run=dry_run,
    )
    await site.engines()
    await site.audit_key()
    await site.oidc()
    authorities = await site.authorities()
    await site.databases()
    await site.tls_authorities()
    entities: list[Entity] = []
    for client in plan.clients:
        for action in client.actions:
            subject = await site.action(client.name, action)
            if subject is not None:
                entities.append(
                    Entity(client=client.name, action=action.name, subject=subject)
                )
    worker = await site.approle(WORKER, plan.worker, policy=worker_policy(plan))
    front = await site.approle(FRONT, plan.front, policy=front_policy())
    return BootstrapReport(
        items=site.desk.items,
        entities=tuple(entities),
        authorities=authorities,
        worker_role_id=worker,
        front_role_id=front,
        unplanned=await site.unplanned(),
        audited=await _audited(admin),
    )


@dataclass
class _Site:
    admin: Admin
    plan: VaultPlan
    desk: Desk
    dry_run: bool
    mounts: dict[str, str] = field(default_factory=dict)

    async def engines(self) -> None:
        """Mount what is used: KV 2, transit, AppRole."""
        await self._mount(
            "sys/mounts", "kv", {"type": "kv", "options": {"version": "2"}}
        )
        await self._mount("sys/mounts", "transit", {"type": "transit"})
        await self._mount("sys/auth", "approle", {"type": "approle"})

    async def audit_key(self) -> None:
        """Make the key that signs the audit: it can be neither exported nor deleted."""
        path = f"transit/keys/{AUDIT_KEY}"
        wanted: dict[str, JsonValue] = {
            "type": "ed25519",
            "exportable": False,
            "allow_plaintext_backup": False,
        }
        have = None if "transit" not in self.mounts else await self.admin.read(path)
        if have is not None and not holds(have, wanted):
            raise BootstrapError(f"{path} exists and is no unexportable ed25519 key")
        await self.desk.ensure_over(path, wanted, have=have)
        if have is not None and have.get("deletion_allowed"):
            await self.desk.put(
                f"{path}/config", {"deletion_allowed": False}, "changed"
            )

    async def oidc(self) -> None:
        """Set the issuer and the key of identity tokens."""
        await self.desk.ensure("identity/oidc/config", {"issuer": self.plan.issuer})
        await self.desk.ensure(
            f"identity/oidc/key/{_OIDC_KEY}",
            {
                "algorithm": "RS256",
                "rotation_period": _DAY,
                "verification_ttl": _DAY,
                "allowed_client_ids": [AUDIENCE],
            },
        )

    async def authorities(self) -> tuple[Authority, ...]:
        """Mount one SSH authority for each client that has a host."""
        found = []
        for client in self.plan.clients:
            if not any(isinstance(one, SshAction) for one in client.actions):
                continue
            mount = f"ssh-{client.name}"
            await self._mount("sys/mounts", mount, {"type": "ssh"})
            there = mount in self.mounts
            made = await authority(
                self.desk, self.admin if there else None, client=client.name
            )
            if made is not None:
                found.append(made)
        return tuple(found)

    async def databases(self) -> None:
        """Mount one database engine for each client that has a server."""
        for client in self.plan.clients:
            if any(isinstance(one, DatabaseAction) for one in client.actions):
                wanted: dict[str, JsonValue] = {"type": "database"}
                await self._mount("sys/mounts", f"database-{client.name}", wanted)

    async def tls_authorities(self) -> None:
        """Mount one PKI engine with an authority for each client that has a site."""
        lasts = self.plan.tls_authority
        for client in self.plan.clients:
            if not any(isinstance(one, TlsAction) for one in client.actions):
                continue
            mount = f"pki-{client.name}"
            await self._mount("sys/mounts", mount, tls_engine(lasts))
            admin = self.admin if mount in self.mounts else None
            await tls_authority(self.desk, admin, client=client.name, lasts=lasts)

    async def action(self, client: str, action: Action) -> str | None:
        """Write all of one pair; returns its entity's id, if it has one by now."""
        role = role_name(client, action.name)
        await self._policy(role, action_policy(client, action))
        subject = await self._entity(role, client=client, action=action.name)
        await self.desk.ensure(
            f"auth/token/roles/{role}",
            {
                "allowed_policies": [role],
                "allowed_entity_aliases": [role],
                "orphan": True,
                "renewable": False,
                "token_explicit_max_ttl": int(self.plan.loan.total_seconds()),
                "token_no_default_policy": True,
                "token_type": "service",
            },
        )
        if isinstance(action, AwsAction):
            await self.desk.ensure(
                f"identity/oidc/role/{role}",
                {
                    "key": _OIDC_KEY,
                    "client_id": AUDIENCE,
                    "ttl": int(self.plan.identity_token.total_seconds()),
                    "template": claims(
                        client, action.name, tags=self.plan.session_tags
                    ),
                },
            )
        if isinstance(action, SshAction):
            lasts = int(self.plan.certificate.total_seconds())
            path, wanted = role_of(role, client=client, action=action, seconds=lasts)
            await self._ensure_in(f"ssh-{client}", path, wanted)
        if isinstance(action, TlsAction):
            lasts = int(self.plan.tls_certificate.total_seconds())
            path, wanted = tls_role_of(
                role, client=client, action=action, seconds=lasts
            )
            await self._ensure_in(f"pki-{client}", path, wanted)
        if isinstance(action, DatabaseAction):
            lasts = int(self.plan.loan.total_seconds())
            path, wanted = engine_role(
                role, client=client, action=action, seconds=lasts
            )
            await self._ensure_in(f"database-{client}", path, wanted)
        return subject

    async def _ensure_in(
        self, mount: str, path: str, wanted: dict[str, JsonValue]
    ) -> None:
        """Do as the desk does, also where a dry run has no such mount yet."""
        have = await self.admin.read(path) if mount in self.mounts else None
        await self.desk.ensure_over(path, wanted, have=have)

    async def approle(self, name: str, role: AppRole, *, policy: str) -> str | None:
        """Write an AppRole and its policy; returns its role id, once it has one."""
        await self._policy(name, policy)
        cidrs: list[JsonValue] = [str(network) for network in role.bound_cidrs]
        token_ttl = int(role.token_ttl.total_seconds())
        path = f"auth/approle/role/{name}"
        wanted: dict[str, JsonValue] = {
            "token_policies": [name],
            "token_no_default_policy": True,
            "token_type": "service",
            "token_ttl": token_ttl,
            "token_max_ttl": token_ttl,
            "token_bound_cidrs": cidrs,
            "bind_secret_id": True,
            "secret_id_ttl": int(role.secret_id_ttl.total_seconds()),
            "secret_id_num_uses": role.secret_id_num_uses,
            "secret_id_bound_cidrs": cidrs,
        }
        if "approle" not in self.mounts:  # a dry run on an empty Vault
            await self.desk.ensure_over(path, wanted, have=None)
            return None
        await self.desk.ensure(path, wanted)
        found = await self.admin.read(f"{path}/role-id")
        return None if found is None else str(found["role_id"])

    async def unplanned(self) -> tuple[str, ...]:
        """Return the token roles named like ours that the plan does not know."""
        planned = {
            role_name(client.name, action.name)
            for client in self.plan.clients
            for action in client.actions
        }
        names = await self.admin.names("auth/token/roles")
        return tuple(n for n in names if n.startswith("act-") and n not in planned)

    async def _entity(self, role: str, *, client: str, action: str) -> str | None:
        path = f"identity/entity/name/{role}"
        # No policy of its own: a child token has its role's policy and no other.
        wanted: dict[str, JsonValue] = {
            "metadata": {"client": client, "action": action},
            "policies": [],
        }
        await self.desk.ensure(path, wanted)
        entity = await self.admin.read(path)
        accessor = (await self._mounted("sys/auth"))["token"]
        aliases = [] if entity is None else _aliases(entity)
        alias_path = f"identity/entity-alias/{role}"
        if _Alias(name=role, mount_accessor=accessor) in aliases:
            self.desk.note(alias_path, "unchanged")
        else:
            new: dict[str, JsonValue] = {
                "name": role,
                "mount_accessor": accessor,
                "canonical_id": "" if entity is None else entity["id"],
            }
            await self.desk.put(
                "identity/entity-alias", new, "created", said=alias_path
            )
        return None if entity is None else str(entity["id"])

    async def _policy(self, name: str, text: str) -> None:
        await self.desk.ensure(f"sys/policies/acl/{name}", {"policy": text})

    async def _mount(self, table: str, name: str, wanted: dict[str, JsonValue]) -> None:
        have = (await self.admin.read(table) or {}).get(f"{name}/")
        if isinstance(have, dict) and not holds(have, wanted):
            raise BootstrapError(f"{table}/{name} exists and is not {wanted}")
        there = have if isinstance(have, dict) else None
        await self.desk.ensure_over(f"{table}/{name}", wanted, have=there)
        if there is not None or not self.dry_run:
            self.mounts[name] = table

    async def _mounted(self, table: str) -> Mapping[str, str]:
        """Return the accessor of each mount."""
        found = await self.admin.read(table) or {}
        return {
            name.rstrip("/"): str(mount["accessor"])
            for name, mount in found.items()
            if isinstance(mount, dict) and "accessor" in mount
        }


async def _audited(admin: Admin) -> bool | None:
    try:
        return bool(await admin.read("sys/audit"))
    except Broken:  # refused: devices are the root namespace's, and need sudo to see
        return None


class _Alias(Frozen):
    name: str
    mount_accessor: str


def _aliases(entity: Mapping[str, JsonValue]) -> list[_Alias]:
    rows = TypeAdapter(list[dict[str, JsonValue]]).validate_python(
        entity.get("aliases") or []
    )
    return [
        _Alias(name=str(row["name"]), mount_accessor=str(row["mount_accessor"]))
        for row in rows
    ]
