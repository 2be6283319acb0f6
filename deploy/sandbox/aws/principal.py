"""Who calls: users with lasting keys, and sessions of roles that end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from deploy.sandbox.aws.resources import ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

# Public on purpose: they open nothing but a sandbox on loopback. They exist in every
# new world, because somebody has to make the first role and the first instance.
ADMIN: Final = "sandbox-admin"
ADMIN_KEY: Final = "AKIASANDBOXADMIN0001"
ADMIN_SECRET: Final = "sandbox-admin-secret-is-public-0000000001"
TERRAFORM: Final = "sandbox-terraform"
TERRAFORM_KEY: Final = "AKIASANDBOXTERRAF001"
TERRAFORM_SECRET: Final = "sandbox-terraform-secret-is-public-000001"


@dataclass(frozen=True, slots=True)
class Session:
    """Credentials lent by STS for a role; they end at `expires_at`, no earlier."""

    access_key_id: str
    secret: str = field(repr=False)
    token: str = field(repr=False)
    role: str
    name: str
    policy: str
    expires_at: datetime
    tags: Mapping[str, str]

    @property
    def arn(self) -> str:
        """The ARN that AWS shows for a session."""
        return f"arn:aws:sts::{ACCOUNT}:assumed-role/{self.role}/{self.name}"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who a call was proven to come from, with all policies that bound it."""

    arn: str
    session: str
    user_id: str
    secret: str = field(repr=False)
    identity_policies: tuple[Mapping[str, Any], ...]
    session_policies: tuple[Mapping[str, Any], ...] | None
    tags: Mapping[str, str]
