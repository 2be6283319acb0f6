"""The signs and the short words that cards and answers share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.domain.decision import Verdict
from bot.domain.operation import State
from bot.domain.scope import Risk

if TYPE_CHECKING:
    from bot.domain.operation import Operation
    from bot.outbound.slack.pen import Pen

SIGNS: Final = {
    State.ASKED: "⏳",
    State.PROPOSED: "✋",
    State.APPROVED: "👍",
    State.RUNNING: "⚙️",
    State.IN_DOUBT: "🚨",
    State.DONE: "✅",
    State.FAILED: "❌",
    State.REFUSED: "⛔",
    State.DENIED: "🛑",
    State.CANCELLED: "↩️",
    State.EXPIRED: "⏰",
    State.VOIDED: "⚠️",
}
_IN_EMERGENCY: Final = {
    State.PROPOSED: "card.glass-waits",
    State.APPROVED: "card.glass-ready",
}
VERDICTS: Final = {Verdict.APPROVE: "✅", Verdict.DENY: "🛑"}
RISKS: Final = {Risk.LOW: "🟢", Risk.MEDIUM: "🟠", Risk.HIGH: "🔴"}
DANGER: Final = "🛑"
WARNING: Final = "⚠️"
NOTE: Final = "▫️"
EMERGENCY: Final = "🚨"
# What nobody may read past, by the key of its text.
LOUD: Final = {"glass.announced": EMERGENCY, "review.reminded": WARNING}


def key_of(state: State) -> str:
    """Return the key of the state's word."""
    return f"state.{state.value.replace('_', '-')}"


def stands(operation: Operation) -> str:
    """Return the key of the word for where it stands; no emergency is “approved”."""
    if operation.glass is not None:
        return _IN_EMERGENCY.get(operation.state) or key_of(operation.state)
    return key_of(operation.state)


def state_word(operation: Operation, pen: Pen) -> str:
    """Return the sign and the one bold word that say where an operation stands."""
    return f"{SIGNS[operation.state]} *{pen.words(stands(operation))}*"


def environment(operation: Operation, pen: Pen) -> str:
    return pen.words(f"environment.{operation.environment.value}")
