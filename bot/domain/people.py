"""
People within a message, by their ids, until an edge knows how to call them.

A rule knows ids and no names. What it says of people is a message within its message;
`bot.flow.naming` puts names, and the chat's own handles, in its place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.domain.message import Message

if TYPE_CHECKING:
    from collections.abc import Iterable

MEMBERS: Final = "people.members"


def members(ids: Iterable[str]) -> Message:
    """Return these members, in this order, as a part of another message."""
    return Message.of(MEMBERS, {"ids": " ".join(ids)})
