"""
Freezes: times in which nothing is decided and nothing runs, and who said so.

Some stand in the catalog, once or every week or year; others are declared in chat, and
end early when they are lifted. What holds an operation is the one that ends last.
"""

from __future__ import annotations

from calendar import isleap
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from bot.domain.frozen import Frozen
from bot.domain.scope import Environment
from bot.domain.timing.zone import Wall, ZoneName, earliest, latest, wall, zone

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Self

FREEZE_NAME: Final = r"^[a-z][a-z0-9-]{1,40}$"
REASON: Final = r"^\P{C}+$"
_WEEK: Final = timedelta(days=7)
_LEAP_DAY: Final = (2, 29)
_OVERLAPS: Final = 32


class Repeats(StrEnum):
    """How often a freeze of the catalog comes back, by the wall clock."""

    WEEKLY = "weekly"
    YEARLY = "yearly"


_LONGEST: Final = {
    Repeats.WEEKLY: _WEEK,
    Repeats.YEARLY: timedelta(days=365),
}

FreezeName = Annotated[str, StringConstraints(pattern=FREEZE_NAME)]
Reason = Annotated[str, StringConstraints(pattern=REASON, max_length=200)]


class Window(Frozen):
    """A stretch of time in UTC; its end is no longer in it."""

    begins: datetime
    until: datetime

    def covers(self, at: datetime) -> bool:
        """Whether the moment is in it."""
        return self.begins <= at < self.until


class FreezeRule(Frozen):
    """A freeze that the catalog declares."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_by_name=True, validate_by_alias=True
    )

    name: Annotated[FreezeName, Field(description="A short name for it.")]
    reason: Annotated[Reason, Field(description="Why; people who are held read it.")]
    timezone: Annotated[ZoneName, Field(description="IANA zone of the times below.")]
    begins: Annotated[
        Wall, Field(alias="from", description="When it begins: 2026-12-18T18:00.")
    ]
    until: Annotated[Wall, Field(description="When it is over: 2027-01-04T09:00.")]
    repeats: Annotated[
        Repeats | None, Field(description="Comes back weekly or yearly; else once.")
    ] = None
    environment: Annotated[
        Environment | None, Field(description="Only there; everywhere if not given.")
    ] = None
    commands: Annotated[
        tuple[FreezeName, ...],
        Field(description="Only these commands; all if none is given."),
    ] = ()

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.begins >= self.until:
            raise PydanticCustomError(
                "catalog.freeze-ends-first", "wanted from before until"
            )
        if self.repeats and self.until - self.begins > _LONGEST[self.repeats]:
            raise PydanticCustomError(
                "catalog.freeze-overlaps", "lasts until it comes back"
            )
        return self

    def holds(self, *, environment: Environment, command: str) -> bool:
        """Whether it is about such a request."""
        if self.environment not in (None, environment):
            return False
        return not self.commands or command in self.commands

    def window(self, at: datetime) -> Window | None:
        """Return the stretch of this freeze that the moment is in, if any."""
        shown = wall(at, of=zone(self.timezone))
        for begins, until in self._around(shown):
            found = self._window(begins, until)
            if found.covers(at):
                return found
        return None

    def _around(self, shown: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Yield the occurrences, on the wall clock, that could cover what it shows."""
        lasts = self.until - self.begins
        if self.repeats is None:
            yield self.begins, self.until
        elif self.repeats is Repeats.WEEKLY:
            weeks = (shown - self.begins) // _WEEK
            for week in range(max(0, weeks - 1), weeks + 2):
                begins = self.begins + week * _WEEK
                yield begins, begins + lasts
        else:
            for year in (shown.year - 1, shown.year, shown.year + 1):
                if year >= self.begins.year:
                    later = self.until.year - self.begins.year
                    yield _in(self.begins, year), _in(self.until, year + later)

    def _window(self, begins: datetime, until: datetime) -> Window:
        # As wide as the words allow, where clocks jump: a freeze errs towards no.
        here = zone(self.timezone)
        return Window(begins=earliest(begins, of=here), until=latest(until, of=here))


def _in(shown: datetime, year: int) -> datetime:
    """Return the same day and time of another year; 29 February is 28 where none is."""
    if (shown.month, shown.day) == _LEAP_DAY and not isleap(year):
        return shown.replace(year=year, day=28)
    return shown.replace(year=year)


class Freeze(Frozen):
    """A freeze that somebody declared in chat, for one client."""

    id: str
    client: str
    environment: Environment | None
    begins: datetime
    until: datetime
    reason: str
    by: str
    organisation: str
    lifted_at: datetime | None = None

    def covers(self, at: datetime) -> bool:
        """Whether it holds at this moment: lifted, it holds no more."""
        if self.lifted_at is not None and at >= self.lifted_at:
            return False
        return self.begins <= at < self.until


class Hold(Frozen):
    """What holds an operation back: until when, why, and who said so."""

    until: datetime
    reason: str
    by: str
    declared: bool


def hold(
    rules: Sequence[FreezeRule],
    freezes: Sequence[Freeze],
    *,
    environment: Environment,
    command: str,
    at: datetime,
) -> Hold | None:
    """
    Return what holds such a request at this moment, or nothing.

    Of several the one that ends last is named, and freezes that follow one another
    without a gap count as one: `until` is when it may really go on.
    """
    about = [
        one for one in rules if one.holds(environment=environment, command=command)
    ]
    told = [one for one in freezes if one.environment in (None, environment)]
    found: Hold | None = None
    here = at.astimezone(UTC)
    for _ in range(_OVERLAPS):
        longer = max(_holding(about, told, here), key=_until, default=None)
        if longer is None:
            return found
        found, here = longer, longer.until
    return found


def _holding(
    rules: Sequence[FreezeRule], freezes: Sequence[Freeze], at: datetime
) -> Iterator[Hold]:
    for rule in rules:
        window = rule.window(at)
        if window is not None:
            yield Hold(
                until=window.until, reason=rule.reason, by=rule.name, declared=False
            )
    for one in freezes:
        if one.covers(at):
            yield Hold(
                until=one.until.astimezone(UTC),
                reason=one.reason,
                by=one.by,
                declared=True,
            )


def _until(held: Hold) -> datetime:
    return held.until
