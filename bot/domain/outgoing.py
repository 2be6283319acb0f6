"""
What is to be said to people, written down together with the state that caused it.

A card carries no text: it is drawn from the operation as it stands when it is sent, so
a card that waited through an outage never shows a past that is over.
"""

from __future__ import annotations

from enum import StrEnum

from bot.domain.frozen import Frozen
from bot.domain.message import Message


class Way(StrEnum):
    """How something is said."""

    CARD = "card"
    THREAD = "thread"
    WHISPER = "whisper"
    DIRECT = "direct"
    ANNOUNCE = "announce"


class Outgoing(Frozen):
    """One thing to say; `place` is the channel it goes to, or the user for DIRECT."""

    way: Way
    place: str
    operation: str | None = None
    message: Message | None = None
    user: str | None = None


class Waiting(Frozen):
    """An outgoing thing as the outbox holds it."""

    id: int
    outgoing: Outgoing
    attempts: int
    tried: bool
    due: bool = True


class Unread(Frozen):
    """A row of the outbox that this build cannot read, and what is wrong with it."""

    id: int
    operation: str | None
    problem: str
