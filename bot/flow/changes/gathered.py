"""What looking at a change came to: not yet, or ready to be decided on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.domain.operation import Operation
    from bot.domain.proposal import Proposal


@dataclass(frozen=True, slots=True)
class NotYet:
    """Something outside is still at work; the operation as it stands meanwhile."""

    operation: Operation


@dataclass(frozen=True, slots=True)
class Ready:
    """Everything is known; the operation and what is to be decided."""

    operation: Operation
    proposal: Proposal
