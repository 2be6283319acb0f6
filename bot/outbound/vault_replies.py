"""
What Vault answers, as far as the worker reads it.

Owns the shapes; the calls are `bot/outbound/vault.py`. A shape never quotes what did
not fit it, because that may be the secret.
"""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - pydantic reads it from the fields

from pydantic import SecretStr  # noqa: TC002 - as above

from bot.outbound.vault_wire import Reply


class Auth(Reply):
    client_token: SecretStr
    accessor: str
    lease_duration: int
    policies: tuple[str, ...]


class Login(Reply):
    auth: Auth


class Jwt(Reply):
    token: SecretStr


class JwtReply(Reply):
    data: Jwt


class Secret(Reply):
    data: Jwt


class SecretReply(Reply):
    data: Secret


class Account(Reply):
    """A user that Vault made on a database server, for as long as the token lives."""

    username: str
    password: SecretStr


class AccountReply(Reply):
    data: Account


class Wrap(Reply):
    token: SecretStr
    accessor: str
    ttl: int


class WrapReply(Reply):
    wrap_info: Wrap


class Signed(Reply):
    signed_key: str


class SignedReply(Reply):
    data: Signed


class Certified(Reply):
    """What the PKI engine issued: PEM, but for the serial and the end."""

    certificate: str
    issuing_ca: str
    ca_chain: tuple[str, ...] | None = None
    serial_number: str
    expiration: int
    private_key: SecretStr


class CertifiedReply(Reply):
    data: Certified


class Pem(Reply):
    certificate: str


class PemReply(Reply):
    data: Pem


class Signature(Reply):
    signature: str


class SignatureReply(Reply):
    data: Signature


class KeyVersion(Reply):
    public_key: str


class Keys(Reply):
    keys: Mapping[int, KeyVersion]


class KeysReply(Reply):
    data: Keys
