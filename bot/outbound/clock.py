"""The only reader of the time and maker of ids and codes; all else is handed them."""

from __future__ import annotations

import base64
import secrets
from datetime import UTC, datetime


def now() -> datetime:
    """Return the moment it is, in UTC."""
    return datetime.now(UTC)  # noqa: TID251 - this is the place


def new_id() -> str:
    """Return a new operation id: 100 random bits as 20 letters and digits."""
    return base64.b32encode(secrets.token_bytes(13)).decode().lower()[:20]


def new_code() -> str:
    """Return a new one-time code: 100 random bits, in fours for people to read."""
    letters = new_id()
    return "+".join(letters[at : at + 4] for at in range(0, len(letters), 4))
