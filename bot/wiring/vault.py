"""The worker's way into Vault."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.errors import Broken
from bot.outbound import clock
from bot.outbound.vault import Vault

if TYPE_CHECKING:
    from bot.settings import Settings


def vault(settings: Settings) -> Vault:
    """Return the worker's way into Vault; nothing is asked of it yet."""
    if settings.vault is None:
        raise Broken("this needs TANDEM_VAULT__… (docs/settings.md)")
    return Vault(
        address=settings.vault.address,
        role_id=settings.vault.role_id,
        secret_id=settings.vault.secret_id,
        namespace=settings.vault.namespace,
        now=clock.now,
    )
