"""
What a client's own numbers suggest: a step up, a step down, or to stay.

A suggestion is words. Nothing is ever moved by it: that takes both companies.

- Fewer than 20 changes carried out in the period say nothing.
- Down: more than one in ten failed, or more than one in five was undone.
- Up: at least 95 % of what was decided was approved, at most 2 % failed and at most
  5 % was undone.
- Everything in between stays. A suggestion is one step, never more.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import Field

from bot.domain.frozen import Frozen
from bot.domain.ladder import next_down, next_up

if TYPE_CHECKING:
    from bot.domain.ladder import TrustLevel

PERIOD: Final = timedelta(days=90)
ENOUGH: Final = 20
_ALL: Final = 100
_FAILED_DOWN: Final = 10
_UNDONE_DOWN: Final = 20
_APPROVED_UP: Final = 95
_FAILED_UP: Final = 2
_UNDONE_UP: Final = 5

_Count = Annotated[int, Field(ge=0)]


class Numbers(Frozen):
    """What became of a client's operations in one environment, in the period."""

    approved: _Count = 0
    denied: _Count = 0
    done: _Count = 0
    failed: _Count = 0
    undone: _Count = 0

    @property
    def decided(self) -> int:
        """How many were decided on."""
        return self.approved + self.denied

    @property
    def carried(self) -> int:
        """How many were carried out, well or not."""
        return self.done + self.failed

    @property
    def approval(self) -> int:
        """Approved of those decided on, in percent, rounded down."""
        return _percent(self.approved, self.decided)

    @property
    def failing(self) -> int:
        """Failed of those carried out, in percent, rounded down."""
        return _percent(self.failed, self.carried)

    @property
    def undoing(self) -> int:
        """Undone of those that were done, in percent, rounded down."""
        return _percent(self.undone, self.done)


def suggested(  # noqa: PLR0911 - one condition a line, so that coverage shows each
    level: TrustLevel, numbers: Numbers
) -> TrustLevel | None:
    """Return the level that the numbers suggest instead, or nothing."""
    if numbers.carried < ENOUGH:
        return None
    if _too_many(numbers.failed, numbers.carried, _FAILED_DOWN):
        return next_down(level)
    if _too_many(numbers.undone, numbers.done, _UNDONE_DOWN):
        return next_down(level)
    if numbers.approved * _ALL < numbers.decided * _APPROVED_UP:
        return None
    if _too_many(numbers.failed, numbers.carried, _FAILED_UP):
        return None
    if _too_many(numbers.undone, numbers.done, _UNDONE_UP):
        return None
    return next_up(level)


def _too_many(some: int, of: int, most: int) -> bool:
    """Whether more than so many percent of them; exact, without a division."""
    return some * _ALL > of * most


def _percent(some: int, of: int) -> int:
    return some * _ALL // of if of else 0
