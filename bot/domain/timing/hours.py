"""
Opening hours: whether somebody is there at a moment, and when they next are.

Hours are what the wall clock shows, so a day on which clocks jump is an hour longer or
shorter in the night and opens at nine all the same.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from bot.domain.frozen import Frozen
from bot.domain.timing.holiday import Country, public_holidays
from bot.domain.timing.zone import Clock, Day, ZoneName, jumps, moments, wall, zone

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Self

_DAY: Final = timedelta(days=1)
# Whole days looked at for the next opening: mostly the first reach has it.
_REACHES: Final = (10, 60, 400)
_TURNS: Final = 64


class Weekday(StrEnum):
    """A day of the week, as the catalog spells it; Monday first."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


_DAYS: Final = tuple(Weekday)


class Opening(Frozen):
    """From when until when, on which days of the week."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_by_name=True, validate_by_alias=True
    )

    days: Annotated[
        tuple[Weekday, ...], Field(min_length=1, description="Days of the week.")
    ]
    begins: Annotated[
        Clock, Field(alias="from", description='The first minute, such as "09:00".')
    ]
    until: Annotated[
        Clock, Field(description='The minute it is over; "24:00" ends the day.')
    ]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.begins >= self.until:
            raise PydanticCustomError(
                "catalog.opening-ends-first", "wanted from before until"
            )
        return self


class Hours(Frozen):
    """When somebody is there: days and times in a zone, without public holidays."""

    timezone: Annotated[ZoneName, Field(description="IANA zone of the times below.")]
    open: Annotated[
        tuple[Opening, ...], Field(min_length=1, description="When it is open.")
    ]
    holidays: Annotated[
        Country | None,
        Field(description="Whose public holidays are closed: FR, or a part as FR-57."),
    ] = None
    closed: Annotated[
        tuple[Day, ...], Field(description="Further days on which it is closed.")
    ] = ()

    def is_open(self, at: datetime) -> bool:
        """Whether somebody is there at this moment."""
        shown = wall(at, of=zone(self.timezone))
        day = shown.date()
        since = shown - datetime.combine(day, time())
        return self._opens_on(day) and any(
            one.begins <= since < one.until
            for one in self.open
            if _DAYS[day.weekday()] in one.days
        )

    def next_opening(self, at: datetime) -> datetime | None:
        """Return the first moment (UTC) from `at` on that is open, if any is near."""
        return self._next(at, wanted=True)

    def next_closing(self, at: datetime) -> datetime | None:
        """Return the first moment (UTC) from `at` on that is closed, if any is near."""
        return self._next(at, wanted=False)

    def _opens_on(self, day: date) -> bool:
        if day in self.closed:
            return False
        if self.holidays is None:
            return True
        return day not in public_holidays(self.holidays, year=day.year)

    def _next(self, at: datetime, *, wanted: bool) -> datetime | None:
        if self.is_open(at) is wanted:
            return at.astimezone(UTC)
        # Clocks that go back over midnight show yesterday once more.
        first = wall(at, of=zone(self.timezone)).date() - _DAY
        for days in _REACHES:
            turns, sure = self._turns(first, days)
            for turn in turns:
                if turn > at and self.is_open(turn) is wanted and turn <= sure:
                    return turn
        return None

    def _turns(self, first: date, days: int) -> tuple[Sequence[datetime], datetime]:
        """
        Return, in order, every moment at which open and closed could change places.

        They are complete up to the second moment that is returned.
        """
        here = zone(self.timezone)
        times = {timedelta()}
        times.update(edge for one in self.open for edge in (one.begins, one.until))
        midnights = [datetime.combine(first + n * _DAY, time()) for n in range(days)]
        found = {
            moment
            for midnight in midnights
            for edge in times
            for moment in moments(midnight + edge, of=here)
        }
        begins = midnights[0].replace(tzinfo=UTC) - _DAY
        sure = midnights[-1].replace(tzinfo=UTC) - _DAY
        found.update(jumps(begins, sure + 3 * _DAY, of=here))
        return sorted(found), sure


def all_open(calendars: Sequence[Hours], at: datetime) -> bool:
    """Whether nobody's calendar is closed at this moment; none at all is open."""
    return all(one.is_open(at) for one in calendars)


def next_all_open(calendars: Sequence[Hours], at: datetime) -> datetime | None:
    """Return the first moment (UTC) from `at` on at which all calendars are open."""
    here = at.astimezone(UTC)
    for _ in range(_TURNS):
        later = here
        for one in calendars:
            opening = one.next_opening(later)
            if opening is None:
                return None
            later = opening
        if later == here:
            return here
        here = later
    return None
