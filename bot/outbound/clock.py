"""The only reader of the time and maker of ids and codes; all else is handed them."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Final

# Which letter a byte stands for: 256 is a multiple of 32, so each is as likely.
_LETTERS: Final = b"abcdefghijklmnopqrstuvwxyz234567" * 8


def now() -> datetime:
    """Return the moment it is, in UTC."""
    return datetime.now(UTC)  # noqa: TID251 - this is the place


def new_id() -> str:
    """Return a new operation id: 100 random bits as 20 letters and digits."""
    return secrets.token_bytes(20).translate(_LETTERS).decode()


def new_code() -> str:
    """Return a new one-time code: 100 random bits, in fours for people to read."""
    letters = new_id()
    return "+".join(letters[at : at + 4] for at in range(0, len(letters), 4))
