"""What a search of the audit found: a page of operations and where the rest begins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.domain.decision import Decision
    from bot.domain.operation import Operation


@dataclass(frozen=True, slots=True)
class Hit:
    """One operation, the decisions on it, and the message that is its card."""

    operation: Operation
    decisions: tuple[Decision, ...]
    card: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Hits, newest first; `next` is the id to go on before, None at the end."""

    hits: tuple[Hit, ...]
    next: str | None
