"""
One SSH certificate authority a client, and one role a host.

Owns what an authority may sign: user certificates for one principal, for minutes, with
a terminal and nothing else (no forwarding of ports, agents or X11). A host of one
client never trusts another client's authority, whatever its principals are called.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.frozen import Frozen

if TYPE_CHECKING:
    from pydantic import JsonValue

    from deploy.vault.admin import Admin
    from deploy.vault.ensure import Desk
    from deploy.vault.plan import SshAction


class Authority(Frozen):
    """The public key that a client's hosts trust."""

    client: str
    public_key: str


async def authority(
    desk: Desk, admin: Admin | None, *, client: str
) -> Authority | None:
    """
    Make the client's key unless it has one; it never leaves Vault.

    Without an `admin` the engine is not there yet: a dry run. A key is never made anew:
    in OpenBao that would silently become the one that signs.
    """
    path = f"ssh-{client}/config/ca"
    key = None if admin is None else await admin.ssh_authority(path)
    if key is None:
        wanted: dict[str, JsonValue] = {
            "generate_signing_key": True,
            "key_type": "ed25519",
        }
        await desk.put(path, wanted, "created")
        key = None if admin is None else await admin.ssh_authority(path)
    else:
        desk.note(path, "unchanged")
    return None if key is None else Authority(client=client, public_key=key)


def role_of(
    role: str, *, client: str, action: SshAction, seconds: int
) -> tuple[str, dict[str, JsonValue]]:
    """Return the path of a principal's role, and what it must hold."""
    return f"ssh-{client}/roles/{role}", {
        "key_type": "ca",
        "allow_user_certificates": True,
        "allow_host_certificates": False,
        "allowed_users": action.principal,
        "default_user": "",
        "ttl": seconds,
        "max_ttl": seconds,
        # Clocks differ by seconds, not by minutes.
        "not_before_duration": 30,
        # A terminal is what ends a remote command when the connection ends.
        "allowed_extensions": "permit-pty",
        "default_extensions": {"permit-pty": ""},
        # The key's id is the operation: it is what sshd writes into its log.
        "allow_user_key_ids": True,
    }
