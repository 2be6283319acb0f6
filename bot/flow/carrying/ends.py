"""How carrying an operation out may end, for now or for good."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.domain.message import Message

if TYPE_CHECKING:
    from datetime import timedelta

    from bot.domain.audit import Event
    from bot.domain.aws_error import AwsRefusal


@dataclass(frozen=True, slots=True)
class Done:
    """The effect is there, read back from the world."""

    message: Message


@dataclass(frozen=True, slots=True)
class Failed:
    """It certainly did not come about, or not as promised; `events` tell more of it."""

    message: Message
    events: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True)
class Doubt:
    """Nobody can tell yet whether it happened."""

    message: Message


@dataclass(frozen=True, slots=True)
class Later:
    """Something outside is still at work: look again after this long."""

    after: timedelta


End = Done | Failed | Doubt | Later


def aws_refused(refusal: AwsRefusal) -> Message:
    """Return that AWS refused a call, and with which code."""
    return Message.of(
        "failed.aws", {"code": refusal.code, "operation": refusal.operation}
    )
