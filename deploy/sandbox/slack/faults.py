"""
How this Slack fails, on demand: the knobs that tests and the sandbox turn.

All are off at the start, and none is remembered over a restart.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

DownMode: TypeAlias = Literal["refuse", "hang"]


@dataclass(frozen=True)
class Failure:
    """How one call is failed: with an HTTP status, or with an error in a 200."""

    status: int = 500
    error: str = "internal_error"


@dataclass
class Faults:
    """What goes wrong next. Counted faults use themselves up."""

    now: Callable[[], datetime]
    down_mode: DownMode = "refuse"
    retry_after: int = 30
    drop_acks: int = 0
    """So many deliveries reach the app, and their answers are lost on the way back."""
    duplicates: int = 0
    """So many deliveries are made twice, byte for byte."""
    delay: float = 0.0
    """Seconds each delivery waits before it leaves."""
    _down_until: datetime | None = None
    _storm_until: datetime | None = None
    _failures: dict[str, list[Failure]] = field(default_factory=dict)
    _lost: dict[str, int] = field(default_factory=dict)

    def down_for(self, seconds: float, *, mode: DownMode = "refuse") -> None:
        """Answer every call 503 for so long, or ("hang") nothing at all."""
        self._down_until = self.now() + timedelta(seconds=seconds)
        self.down_mode = mode

    def storm_for(self, seconds: float, *, retry_after: int = 30) -> None:
        """Answer every call 429 for so long."""
        self._storm_until = self.now() + timedelta(seconds=seconds)
        self.retry_after = retry_after

    def fail(
        self, method: str, *, times: int = 1, failure: Failure | None = None
    ) -> None:
        """Fail the next calls of one method before they do anything."""
        self._failures.setdefault(method, []).extend([failure or Failure()] * times)

    def lose_answers(self, method: str, *, times: int = 1) -> None:
        """Do what the next calls ask, then answer 500: the app cannot know."""
        self._lost[method] = self._lost.get(method, 0) + times

    def clear(self) -> None:
        """Everything works again."""
        self._down_until = self._storm_until = None
        self._failures.clear()
        self._lost.clear()
        self.drop_acks = self.duplicates = 0
        self.delay = 0.0

    @property
    def down(self) -> bool:
        return self._down_until is not None and self.now() < self._down_until

    @property
    def storming(self) -> bool:
        return self._storm_until is not None and self.now() < self._storm_until

    def failure_of(self, method: str) -> Failure | None:
        """Take the next failure laid up for this method."""
        waiting = self._failures.get(method)
        return waiting.pop(0) if waiting else None

    def loses_answer(self, method: str) -> bool:
        if not self._lost.get(method):
            return False
        self._lost[method] -= 1
        return True

    def take_dropped_ack(self) -> bool:
        if self.drop_acks < 1:
            return False
        self.drop_acks -= 1
        return True

    def take_duplicate(self) -> bool:
        if self.duplicates < 1:
            return False
        self.duplicates -= 1
        return True
