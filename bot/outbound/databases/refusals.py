"""
What a server's answer means, whichever engine it is.

A server's own words are never quoted: they may repeat the statement, hash included.
What was not understood after something was asked for is an unknown outcome.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.domain.errors import Refused
from bot.domain.message import Message

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.domain.database import NewDatabase

# The procedures' own refusals (deploy/databases).
_OURS: Final[Mapping[str, str]] = {
    "TN001": "database.name",
    "TN002": "database.there",
    "TN003": "database.other",
}
FORBIDDEN: Final = "database.forbidden"


def refusal(code: str, wanted: NewDatabase, *, server: str) -> Refused | None:
    """Return what the procedures' code says to people; nothing for another code."""
    key = _OURS.get(code)
    return None if key is None else refused(key, wanted, server=server)


def refused(key: str, wanted: NewDatabase, *, server: str) -> Refused:
    """Return a refusal that names the server and what was asked for."""
    args: dict[str, str | int | Message] = {
        "server": server,
        "database": wanted.database,
        "user": wanted.user,
    }
    return Refused(Message.of(key, args))
