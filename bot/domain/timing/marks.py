"""
What time leaves in the database besides operations: freezes, overrides, feeds, quotas.

Written in the same transaction as the audit that tells of it (`Writes.timing`).
"""

from __future__ import annotations

from datetime import date, datetime

from bot.domain.frozen import Frozen
from bot.domain.timing.freeze import Freeze
from bot.domain.timing.rota import Duty, Feed


class Lift(Frozen):
    """A freeze that ends early, and by whom."""

    id: str
    by: str


class Use(Frozen):
    """One operation that an envelope let pass: the `number`th of that day."""

    envelope: str
    day: date
    number: int
    operation: str


class Told(Frozen):
    """That people were told of a feed's standstill."""

    feed: str
    at: datetime


class Marks(Frozen):
    """All of it that one stage leaves behind."""

    freezes: tuple[Freeze, ...] = ()
    lifts: tuple[Lift, ...] = ()
    duties: tuple[Duty, ...] = ()
    feeds: tuple[Feed, ...] = ()
    told: tuple[Told, ...] = ()
    uses: tuple[Use, ...] = ()
