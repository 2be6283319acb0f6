"""
Certificates for a domain that a client's host serves, as a playbook sees them.

Owns the closed shapes: what an authority issues, what is public about it, and what a
TLS handshake showed. Vault's PKI engine behind it is `bot/outbound/tls.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from bot.domain.frozen import Frozen

if TYPE_CHECKING:
    from pydantic import SecretStr


class Issuer(Frozen):
    """The certificate of an authority, which is public."""

    subject: str
    fingerprint: str
    until: datetime
    pem: str


@dataclass(frozen=True, slots=True)
class Issued:
    """
    A new key, and the certificate that the authority gave it.

    `serial` is in lower-case hex without separators; `chain` is PEM, the certificate
    first, without the root. The key lives in memory only until it is on its host.
    """

    domain: str
    serial: str
    until: datetime
    chain: str
    private_key: SecretStr


class Shown(StrEnum):
    """How a handshake ended."""

    TRUSTED = "trusted"
    UNTRUSTED = "untrusted"
    UNREACHED = "unreached"


class Handshake(Frozen):
    """What was shown to somebody who trusts the client's authority and nobody else."""

    shown: Shown
    serial: str = ""
    reason: str = ""


class TlsSession(Protocol):
    """One domain on one host, as far as the lent right reaches."""

    async def issuer(self) -> Issuer:
        """
        Return who would issue now; needs no right.

        Raises `Unavailable`, or `Broken` if the client has no authority in Vault.
        """

    async def issue(self) -> Issued:
        """
        Return a new key with its certificate for the domain, written into the audit.

        May be repeated: each time it is another. Raises `Unavailable` if there is none
        to be had now, `Broken` if Vault's plan does not give this right.
        """

    async def shake_hands(self) -> Handshake:
        """Return what the host shows from here, by TLS, for this domain."""
