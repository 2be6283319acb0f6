"""
One authority for TLS certificates a client, and one role a host.

Owns what an authority may certify: the names that the catalog lists for one host, each
for a server, for as long as the plan says, never a wildcard and never an address. The
authority is made once and its key never leaves Vault; one that the operator put there
instead (an intermediate of their own root) is left as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import timedelta

    from pydantic import JsonValue

    from deploy.vault.admin import Admin
    from deploy.vault.ensure import Desk
    from deploy.vault.plan import TlsAction


def engine(lasts: timedelta) -> dict[str, JsonValue]:
    """Return what a client's PKI engine is mounted as."""
    return {
        "type": "pki",
        "config": {"max_lease_ttl": int(lasts.total_seconds())},
    }


async def authority(
    desk: Desk, admin: Admin | None, *, client: str, lasts: timedelta
) -> None:
    """
    Make the client's authority unless the engine has one.

    Without an `admin` the engine is not there yet: a dry run.
    """
    path = f"pki-{client}/root/generate/internal"
    have = () if admin is None else await admin.names(f"pki-{client}/issuers")
    if have:
        desk.note(path, "unchanged")
        return
    wanted: dict[str, JsonValue] = {
        "common_name": f"Tandem {client}",
        "key_type": "ec",
        "key_bits": 256,
        "ttl": f"{int(lasts.total_seconds())}s",
    }
    await desk.put(path, wanted, "created")


def role_of(
    role: str, *, client: str, action: TlsAction, seconds: int
) -> tuple[str, dict[str, JsonValue]]:
    """Return the path of a host's role, and what it must hold."""
    return f"pki-{client}/roles/{role}", {
        "allowed_domains": list(action.domains),
        "allow_bare_domains": True,
        "allow_subdomains": True,
        "allow_any_name": False,
        "allow_glob_domains": False,
        "allow_ip_sans": False,
        "allow_localhost": False,
        "allow_wildcard_certificates": False,
        "enforce_hostnames": True,
        "require_cn": True,
        "client_flag": False,
        "server_flag": True,
        "key_type": "ec",
        "key_bits": 256,
        "key_usage": ["DigitalSignature"],
        "ttl": seconds,
        "max_ttl": seconds,
        # A lease would end, and revoke the certificate, with the operation's token.
        "generate_lease": False,
        # Kept, so that the operator can find and revoke one by the audit's serial.
        "no_store": False,
    }
