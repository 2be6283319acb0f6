"""
The moments that people type: a small closed grammar, and one reading of each.

`today 22:00`, `tonight 22:00`, `tomorrow 09:00`, `friday 09:00`, `2026-12-01 22:00`
and `2026-12-01T22:00:00+01:00`. What could be two moments, or none, is refused with
what to type instead; nothing is rounded and nothing guessed.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from bot.domain.errors import BadArguments
from bot.domain.message import Message
from bot.domain.timing.zone import moments, wall, zone

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from bot.domain.text import Word

_HALF_A_DAY: Final = timedelta(hours=12)
_CLOCK: Final = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])", re.ASCII)
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_EXACT: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2})?"
    r"(Z|[+-][0-9]{2}:[0-9]{2})",
    re.ASCII,
)
_WEEKDAYS: Final = (
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
)
_WORDS: Final = frozenset({"today", "tonight", "tomorrow"})
_DAY: Final = timedelta(days=1)
_TWO: Final = 2
# "tonight" begins here; "tonight 09:00" is more likely a slip than a wish.
_EVENING: Final = 17
_FARTHEST: Final = timedelta(days=90)


def read_moment(text: str, *, now: datetime, timezone: str) -> datetime:
    """
    Return the moment (UTC) that these words mean in a zone; BadArguments says why not.

    It lies after `now` and within 90 days.
    """
    said = " ".join(text.split()).lower()
    exact = said.upper()
    if _EXACT.fullmatch(exact):
        found = _exact(exact)
    else:
        found = _by_words(said, now=now, timezone=timezone)
    if found <= now:
        raise _unfit("past", text, found=found, timezone=timezone)
    if found - now > _FARTHEST:
        raise _unfit("far", text, found=found, timezone=timezone)
    return found


def take_moment(words: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """Return the words of a line that tell a moment, and the words after them."""
    alone = bool(words) and (" " in words[0] or "T" in words[0])
    many = 1 if alone else _TWO
    return " ".join(words[:many]), tuple(words[many:])


def take_at(words: Sequence[Word]) -> tuple[tuple[Word, ...], str | None]:
    """
    Return a line's words without `--at …` or `at:…`, and the moment's words if any.

    BadArguments for a second moment: which one was meant is not guessed.
    """
    kept: list[Word] = []
    moment: str | None = None
    left = list(words)
    while left:
        word = left.pop(0)
        pair = word.pair(":")
        if word.text == "--at" and not word.quoted:
            after = left
        elif pair is not None and pair[0] == "at":
            after = [pair[1], *left]
        else:
            kept.append(word)
            continue
        if moment is not None:
            raise BadArguments(Message.of("refused.when-again"))
        moment, rest = take_moment([one.text for one in after])
        left = list(after[len(after) - len(rest) :])
    return tuple(kept), moment


def shown(at: datetime, *, timezone: str) -> str:
    """Return a moment in full: local, with the zone's name, and in UTC."""
    local = at.astimezone(zone(timezone))
    utc = at.astimezone(UTC)
    return f"{local:%a %Y-%m-%d %H:%M} {timezone} ({utc:%Y-%m-%d %H:%M} UTC)"


def by_clock(at: datetime, *, now: datetime) -> str:
    """
    Return a moment to come as a time of day in UTC, with its date where that is needed.

    It is where a clock on the wall could mean an earlier one as well: within half a day
    nobody takes 05:18 for another.
    """
    day = "" if at - now < _HALF_A_DAY else f"{at.astimezone(UTC):%Y-%m-%d} "
    return f"{day}{at.astimezone(UTC):%H:%M} UTC"


def _exact(said: str) -> datetime:
    try:
        return datetime.fromisoformat(said).astimezone(UTC)
    except (ValueError, OverflowError):
        raise _unfit("unread", said) from None


def _by_words(said: str, *, now: datetime, timezone: str) -> datetime:
    here = zone(timezone)
    # A date and a time may also be joined as ISO joins them.
    word, _, rest = (
        said.replace("t", " ", 1).partition(" ")
        if _DATE.match(said)
        else said.partition(" ")
    )
    time_of = _CLOCK.fullmatch(rest)
    if time_of is None:
        raise _unfit("unread", said)
    of_day = time(int(time_of[1]), int(time_of[2]))
    day = _day(word, of_day, now=now, here=here)
    if day is None:
        raise _unfit("unread", said)
    if word == "tonight" and of_day.hour < _EVENING:
        raise _unfit("tonight", said)
    return _one(datetime.combine(day, of_day), said=said, here=here, timezone=timezone)


def _day(word: str, of_day: time, *, now: datetime, here: ZoneInfo) -> date | None:
    """Return which day of the wall calendar a word means."""
    today = wall(now, of=here)
    if word in _WORDS:
        return today.date() + (_DAY if word == "tomorrow" else timedelta())
    for number, name in enumerate(_WEEKDAYS):
        if word in (name, name[:3]):
            ahead = (number - today.weekday()) % 7
            if ahead == 0 and of_day <= today.time():
                ahead = 7
            return today.date() + ahead * _DAY
    if _DATE.fullmatch(word):
        try:
            return date.fromisoformat(word)
        except ValueError:
            return None
    return None


def _one(local: datetime, *, said: str, here: ZoneInfo, timezone: str) -> datetime:
    """Return the only moment at which the wall clock shows this."""
    found = moments(local, of=here)
    if not found:
        raise _unfit("skipped", said, timezone=timezone)
    if len(found) == _TWO:
        both = " / ".join(
            at.astimezone(here).isoformat(timespec="minutes") for at in found
        )
        raise _unfit("twice", said, timezone=timezone, both=both)
    return found[0]


def _unfit(
    rule: str,
    said: str,
    *,
    found: datetime | None = None,
    timezone: str = "",
    both: str = "",
) -> BadArguments:
    args: dict[str, str | int | Message] = {
        "got": said[:40],
        "timezone": timezone,
        "both": both,
        "found": shown(found, timezone=timezone) if found and timezone else "",
    }
    return BadArguments(Message.of(f"refused.when-{rule}", args))
