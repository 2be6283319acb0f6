"""
What was lent for one operation, and how it ends.

Owns the values only: minting and revoking are Vault's (`bot/outbound/vault.py`), the
AWS session made out of a loan is the cloud adapter's, and storing the accessor before
first use is the stage's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import datetime

    from pydantic import SecretStr


@dataclass(frozen=True, slots=True)
class Minted:
    """
    A child token of Vault, made for one operation of one client.

    `accessor` can revoke the token and look it up but cannot be used as the token: it
    is what gets stored. `token` lives in memory only. By `expires_at` (UTC) Vault has
    ended the token by itself, whether anybody revoked it or not.
    """

    accessor: str
    token: SecretStr
    expires_at: datetime


# How long a wrapped secret waits to be opened.
WRAPPED: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Wrapped:
    """
    A secret that Vault keeps for whoever shows this token first, once.

    The token is as good as the secret until then, so it goes to one person and into no
    log and no audit; `accessor` can look it up and end it, and opens nothing. `address`
    is where it is opened.
    """

    token: SecretStr
    accessor: str
    expires_at: datetime
    address: str


@dataclass(frozen=True, slots=True)
class Revoked:
    """
    By `at` Vault's token was dead, and with it every lease Vault holds for it.

    `already_gone` says that nothing was left to revoke: it had expired or been revoked
    before. This tells nothing about an AWS session made from the token: see `DiesAt`.
    """

    at: datetime
    already_gone: bool = False


@dataclass(frozen=True, slots=True)
class DiesAt:
    """
    Nobody can take this credential back; it works until `at` (UTC), then never again.

    So it is with AWS STS: a session outlives the token that asked for it and has no
    revocation call. It ends at its own expiry, or earlier where its session policy
    holds a `DateLessThan` on `aws:CurrentTime`.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp.html
    """

    at: datetime


Ending = Revoked | DiesAt
