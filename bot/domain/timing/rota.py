"""
The rota's shapes: turns that change by the wall clock, overrides, and what feeds say.

Who a key of a feed stands for is written in the catalog, never guessed; `duty` in
`bot.domain.catalog` joins these into who is on call.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import Field

from bot.domain.frozen import Frozen
from bot.domain.timing.lent import Delegation
from bot.domain.timing.zone import Clock, Day, ZoneName, earliest, wall, zone

if TYPE_CHECKING:
    from collections.abc import Sequence


class Every(StrEnum):
    """How long a turn lasts."""

    DAY = "day"
    WEEK = "week"


_LASTS: Final = {Every.DAY: timedelta(days=1), Every.WEEK: timedelta(days=7)}


class Rotation(Frozen):
    """Turns: the next member takes over every day or week, at a time on the wall."""

    timezone: Annotated[ZoneName, Field(description="IANA zone of the handover.")]
    every: Annotated[Every, Field(description="How long a turn lasts: day or week.")]
    since: Annotated[
        Day, Field(description="The day on which the first member takes over.")
    ]
    at: Annotated[Clock, Field(description='When they hand over, such as "09:00".')]
    called: Annotated[
        int,
        Field(strict=True, ge=1, le=10, description="How many are on call at once."),
    ] = 1

    def turn(self, at: datetime) -> int:
        """Return the number of the turn; the first is 0, before it they count down."""
        shown = wall(at, of=zone(self.timezone))
        number = (shown - self._begins(0)) // _LASTS[self.every]
        # Clocks that are put back show a time before the handover once more after it.
        while self.handover(number + 1) <= at:
            number += 1
        return number

    def handover(self, number: int) -> datetime:
        """Return the moment (UTC) at which this turn begins."""
        return earliest(self._begins(number), of=zone(self.timezone))

    def on_call(self, members: Sequence[str], at: datetime) -> tuple[str, ...]:
        """Return whose turn it is, first called first."""
        first = self.turn(at) % len(members)
        return (*members[first:], *members[:first])[: self.called]

    def _begins(self, number: int) -> datetime:
        midnight = datetime.combine(self.since, datetime.min.time())
        return midnight + self.at + number * _LASTS[self.every]


class Duty(Frozen):
    """An override from chat: from when until when this member is on call alone."""

    id: str
    member: str
    begins: datetime
    until: datetime
    by: str

    def covers(self, at: datetime) -> bool:
        """Whether it is in force at this moment."""
        return self.begins <= at < self.until


class Slot(Frozen):
    """One turn in a feed: the key it is under, and when; without times, always."""

    key: str
    begins: datetime | None = None
    until: datetime | None = None

    def covers(self, at: datetime) -> bool:
        """Whether the moment is in it."""
        if self.begins is not None and at < self.begins:
            return False
        return self.until is None or at < self.until


class Feed(Frozen):
    """What a calendar or a group said when it was last read."""

    name: str
    fetched_at: datetime
    slots: tuple[Slot, ...] = ()
    told_at: datetime | None = None

    def is_stale(self, at: datetime, *, after: timedelta) -> bool:
        """Whether it was too old at this moment to say who holds anything."""
        return at - self.fetched_at > after

    def keys(self, at: datetime) -> tuple[str, ...]:
        """Return the keys whose turn it is, in the feed's order."""
        return tuple(dict.fromkeys(one.key for one in self.slots if one.covers(at)))


class Standing(Frozen):
    """
    All that is not in the catalog and says who is on call, or whom a role is lent to.

    `delegations` are those of the one client that it is read for.
    """

    duties: tuple[Duty, ...] = ()
    feeds: tuple[Feed, ...] = ()
    delegations: tuple[Delegation, ...] = ()

    def override(self, at: datetime) -> Duty | None:
        """Return the override in force: the one that was made last."""
        found = [one for one in self.duties if one.covers(at)]
        return max(found, key=lambda one: (one.begins, one.id), default=None)

    def feed(self, name: str) -> Feed | None:
        """Return what this feed last said, if it was ever read."""
        return next((one for one in self.feeds if one.name == name), None)

    def edges(self) -> tuple[datetime, ...]:
        """Return every moment at which something in here begins or ends."""
        found = [edge for one in self.duties for edge in (one.begins, one.until)]
        found += [
            edge
            for feed in self.feeds
            for one in feed.slots
            for edge in (one.begins, one.until)
            if edge is not None
        ]
        return tuple(at.astimezone(UTC) for at in found)
