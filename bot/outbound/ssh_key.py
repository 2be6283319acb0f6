"""
An SSH key that lives for one operation.

Owns the making of the pair. The private half is a value: it is never written by this
process, and its repr shows nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from pydantic import SecretStr


@dataclass(frozen=True, slots=True)
class SshKey:
    """A new Ed25519 pair, in OpenSSH's own formats."""

    public: str
    private: SecretStr


def new_key() -> SshKey:
    """Return a pair that nobody has seen before."""
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    return SshKey(public=public.decode(), private=SecretStr(private.decode()))
