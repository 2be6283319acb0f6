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
VERDICTS: Final = {Verdict.APPROVE: "✅", Verdict.DENY: "🛑"}
RISKS: Final = {Risk.LOW: "🟢", Risk.MEDIUM: "🟠", Risk.HIGH: "🔴"}
DANGER: Final = "🛑"
WARNING: Final = "⚠️"
NOTE: Final = "▫️"
EMERGENCY: Final = "🚨"


def key_of(state: State) -> str:
    """Return the key of the state's word."""
    return f"state.{state.value.replace('_', '-')}"


def state_word(operation: Operation, pen: Pen) -> str:
    """Return the sign and the one bold word that say where an operation stands."""
    state = operation.state
    if operation.glass is not None and state is State.PROPOSED:
        return f"{SIGNS[state]} *{pen.words('card.glass-waits')}*"
    return f"{SIGNS[state]} *{pen.words(key_of(state))}*"


def environment(operation: Operation, pen: Pen) -> str:
    return pen.words(f"environment.{operation.environment.value}")
