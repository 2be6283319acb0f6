"""
Certificates for one domain of one host: Vault's PKI engine, and a look by TLS.

Owns what Vault's answer means (serial, chain, end) and the handshake. The handshake is
made from here, by whoever runs the worker, to the address by which the host is reached
by SSH: it trusts the client's authority and nobody else, and checks the name.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from bot.domain.certificate import Handshake, Issued, Issuer, Shown
from bot.domain.errors import Broken

if TYPE_CHECKING:
    from bot.domain.lease import Minted
    from bot.domain.scope import TlsScope
    from bot.outbound.vault import Vault
    from bot.outbound.vault_replies import Certified

_PATIENCE: Final = 10.0


@dataclass(frozen=True, slots=True)
class Tls:
    """The one domain of a scope; see `bot.domain.certificate.TlsSession`."""

    vault: Vault
    minted: Minted
    client: str
    scope: TlsScope

    async def issuer(self) -> Issuer:
        """Return who would issue now."""
        found = _read(await self.vault.authority(self.client))
        return Issuer(
            subject=found.subject.rfc4514_string(),
            fingerprint=found.fingerprint(SHA256()).hex(),
            until=found.not_valid_after_utc,
            pem=_pem(found),
        )

    async def issue(self) -> Issued:
        """Return a new key with its certificate."""
        if not self.scope.issues:
            raise Broken(f"no right to certify {self.scope.domain} was lent")
        certified = await self.vault.certify(
            self.minted,
            client=self.client,
            principal=self.scope.login.principal,
            domain=self.scope.domain,
        )
        found = _read(certified.certificate)
        _must_be_for(self.scope.domain, found)
        return Issued(
            domain=self.scope.domain,
            serial=_serial(found),
            until=found.not_valid_after_utc,
            chain=_chain(found, certified),
            private_key=certified.private_key,
        )

    async def shake_hands(self) -> Handshake:
        """Return what the host shows for the domain, within ten seconds."""
        trusted = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        # The authority may itself be certified by one that nobody told us of.
        trusted.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        trusted.load_verify_locations(cadata=(await self.issuer()).pem)
        try:
            async with asyncio.timeout(_PATIENCE):
                shown = await self._shown(trusted)
        except ssl.SSLError as error:
            # OpenSSL's own words for what it found, not the other side's.
            words = getattr(error, "verify_message", "") or error.reason or "no TLS"
            return Handshake(shown=Shown.UNTRUSTED, reason=str(words)[:200])
        except OSError as error:  # a time-out is one as well
            return Handshake(shown=Shown.UNREACHED, reason=type(error).__name__)
        serial = _serial(x509.load_der_x509_certificate(shown))
        return Handshake(shown=Shown.TRUSTED, serial=serial)

    async def _shown(self, trusted: ssl.SSLContext) -> bytes:
        """Return the certificate that was shown and found good, DER."""
        _, writer = await asyncio.open_connection(
            self.scope.login.address,
            self.scope.https,
            ssl=trusted,
            server_hostname=self.scope.domain,
        )
        try:
            found = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        finally:
            # No farewell: a host that gives none would be waited for.
            writer.transport.abort()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
        if not isinstance(found, bytes):
            raise ConnectionResetError
        return found


def _read(pem: str) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(pem.encode())
    except ValueError:
        # Not chained: a library's error may quote what it was given.
        raise Broken("vault's PKI engine answered with no certificate") from None


def _must_be_for(domain: str, found: x509.Certificate) -> None:
    """Hold Vault to what was asked: this name and no other."""
    try:
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        raise Broken("vault certified no name at all") from None
    if [str(one.value) for one in names.value] != [domain]:
        raise Broken(f"vault certified other names than {domain}")


def _chain(found: x509.Certificate, certified: Certified) -> str:
    """Return the certificate and those between it and the root, which nobody needs."""
    above = certified.ca_chain or (certified.issuing_ca,)
    between = [one for one in map(_read, above) if one.subject != one.issuer]
    return "".join(_pem(one) for one in (found, *between))


def _pem(found: x509.Certificate) -> str:
    return found.public_bytes(Encoding.PEM).decode()


def _serial(found: x509.Certificate) -> str:
    return f"{found.serial_number:x}"
