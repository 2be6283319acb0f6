"""
Zones and their wall clocks: which moments show a wall time, and where clocks jump.

A wall time may be shown twice, when clocks go back, or never, when they go forward.
Nothing here picks one silently: `moments` gives all of them, and `earliest` and
`latest` say which edge they take.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Annotated, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, StringConstraints
from pydantic import WithJsonSchema as Schema
from pydantic_core import PydanticCustomError

TIMEZONE: Final = r"^[A-Z][A-Za-z0-9_+-]{0,30}(/[A-Za-z0-9_+-]{1,30}){0,2}$"
CLOCK: Final = r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"
DAY: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
WALL: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-5][0-9]$"

_STEP: Final = timedelta(hours=6)
_SECOND: Final = timedelta(seconds=1)


@lru_cache(maxsize=256)
def zone(name: str) -> ZoneInfo:
    """Return the zone of this IANA name; KeyError if there is none."""
    return ZoneInfo(name)


def _known(name: str) -> str:
    try:
        zone(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise PydanticCustomError("catalog.unknown-timezone", "no such zone") from None
    return name


def _minutes(value: object) -> object:
    if isinstance(value, str) and re.fullmatch(CLOCK[1:-1], value, re.ASCII):
        hours, minutes = value.split(":")
        return timedelta(hours=int(hours), minutes=int(minutes))
    if isinstance(value, timedelta):
        return value
    raise _unlike(CLOCK)


def _day(value: object) -> object:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str) and re.fullmatch(DAY[1:-1], value, re.ASCII):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass  # the 30th of February
    raise _unlike(DAY)


def _wall(value: object) -> object:
    if isinstance(value, datetime) and value.tzinfo is None:
        return value
    if isinstance(value, str) and re.fullmatch(WALL[1:-1], value, re.ASCII):
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            pass  # the 31st of a month of 30
    raise _unlike(WALL)


def _unlike(pattern: str) -> PydanticCustomError:
    """Return the error that pydantic itself has for a text unlike its pattern."""
    return PydanticCustomError(
        "string_pattern_mismatch", "must look like {pattern}", {"pattern": pattern}
    )


ZoneName = Annotated[
    str, StringConstraints(pattern=TIMEZONE, max_length=64), AfterValidator(_known)
]
# How long after midnight the wall clock shows it; 24:00 is the end of the day.
Clock = Annotated[
    timedelta, BeforeValidator(_minutes), Schema({"type": "string", "pattern": CLOCK})
]
# A day of the calendar, in a zone that stands beside it.
Day = Annotated[date, BeforeValidator(_day), Schema({"type": "string", "pattern": DAY})]
# Date and time of a wall clock, in a zone that stands beside it.
Wall = Annotated[
    datetime, BeforeValidator(_wall), Schema({"type": "string", "pattern": WALL})
]


def wall(at: datetime, *, of: ZoneInfo) -> datetime:
    """Return what the wall clock shows at a moment, without any zone."""
    return at.astimezone(of).replace(tzinfo=None, fold=0)


def moments(shown: datetime, *, of: ZoneInfo) -> tuple[datetime, ...]:
    """Return the moments (UTC) at which the wall clock shows this: none, one or two."""
    both = {shown.replace(tzinfo=of, fold=fold).astimezone(UTC) for fold in (0, 1)}
    return tuple(sorted(at for at in both if wall(at, of=of) == shown))


def earliest(shown: datetime, *, of: ZoneInfo) -> datetime:
    """Return the first moment (UTC) at which the wall clock has come so far."""
    found = moments(shown, of=of)
    return found[0] if found else _jump_over(shown, of=of)


def latest(shown: datetime, *, of: ZoneInfo) -> datetime:
    """Return the last moment (UTC) at which the wall clock reaches this."""
    found = moments(shown, of=of)
    return found[-1] if found else _jump_over(shown, of=of)


def jumps(begins: datetime, ends: datetime, *, of: ZoneInfo) -> tuple[datetime, ...]:
    """Return the moments (UTC) within these at which the wall clock jumps."""
    found = []
    here = begins.astimezone(UTC)
    while here < ends:
        there = here + _STEP
        if _offset(here, of) != _offset(there, of):
            found.append(_bisected(here, there, of))
        here = there
    return tuple(found)


def _jump_over(shown: datetime, *, of: ZoneInfo) -> datetime:
    """Return when the wall clock jumps over a time that it never shows."""
    around = [shown.replace(tzinfo=of, fold=fold).astimezone(UTC) for fold in (0, 1)]
    return _bisected(min(around) - _SECOND, max(around) + _SECOND, of)


def _bisected(before: datetime, after: datetime, of: ZoneInfo) -> datetime:
    """Return the first moment that has the offset of `after`, to the second."""
    old = _offset(before, of)
    low, high = 0, int((after - before).total_seconds())
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(before + middle * _SECOND, of) == old:
            low = middle
        else:
            high = middle
    # Clocks jump at a full second; what was handed in need not be one.
    return (before + high * _SECOND).replace(microsecond=0)


def _offset(at: datetime, of: ZoneInfo) -> timedelta | None:
    return at.astimezone(of).utcoffset()
