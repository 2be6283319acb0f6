"""
What a person asks of the audit: `who:… what:… on:… since:… state:…`.

Words in, one frozen `AuditFilter` out, or a refusal that says what would fit. Nothing
here is a pattern: values are closed texts to be compared, so that no wildcard and no
expression of a person's making ever reaches the database (threats E11). Whose audit is
searched is not part of the filter: the caller takes the client from the channel.
"""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import Field, StringConstraints

from bot.domain.decode import unfit, visible
from bot.domain.frozen import Frozen
from bot.domain.operation import State
from bot.domain.suggest import near

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import tzinfo

    from bot.domain.errors import BadArguments
    from bot.domain.text import Word

KEYS: Final = ("who", "what", "on", "since", "state")

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
_AGO: Final = re.compile(r"([1-9][0-9]{0,3})([mhdw])")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_UNITS: Final = {
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
_DAYS_BACK: Final = {"today": 0, "yesterday": 1}
_LONGEST_AGO: Final = timedelta(days=3_660)

FilterName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$")]


class Who(Frozen):
    """A person: a Slack user id, or a member's id as the catalog has it."""

    kind: Literal["slack", "member"]
    id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$")]


class Since(Frozen):
    """A moment in the past: so long ago, so many days back, or a day."""

    ago: timedelta | None = None
    days_back: Annotated[int, Field(ge=0, le=1)] | None = None
    day: date | None = None

    def moment(self, now: datetime, *, zone: tzinfo) -> datetime:
        """Return the moment in UTC; days begin at midnight in `zone`."""
        if self.ago is not None:
            return (now - self.ago).astimezone(UTC)
        back = timedelta(days=self.days_back or 0)
        day = self.day or (now.astimezone(zone).date() - back)
        return datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC)


class AuditFilter(Frozen):
    """What to look for; a field that is not given does not narrow the search."""

    who: Who | None = None
    what: FilterName | None = None
    on: FilterName | None = None
    since: Since | None = None
    state: State | None = None


def read_filter(words: Sequence[Word]) -> AuditFilter:
    """
    Return the filter that the words after `audit` ask for; no word asks for all.

    One bare word is a target: `audit web-2` is `audit on:web-2`. Raises `BadArguments`.
    """
    found: dict[str, Word] = {}
    for word in words:
        key, value = word.pair(":") or ("on", word)
        if key not in KEYS:
            known = ", ".join(near(key, KEYS) or KEYS)
            raise unfit(
                "unknown-filter", {"name": key, "column": word.column, "known": known}
            )
        if key in found:
            raise unfit("repeated-filter", {"name": key, "column": word.column})
        if value.mention is not None and (key != "who" or value.text):
            raise unfit("no-mention-wanted", {"name": key, "column": value.column})
        found[key] = value
    return AuditFilter(
        who=_who(found["who"]) if "who" in found else None,
        what=_name("what", found["what"]) if "what" in found else None,
        on=_name("on", found["on"]) if "on" in found else None,
        since=_since(found["since"]) if "since" in found else None,
        state=_state(found["state"]) if "state" in found else None,
    )


def _who(word: Word) -> Who:
    if word.mention is None:
        return Who(kind="member", id=_name("who", word))
    if word.mention.kind != "member":
        raise _wrong("who", word)
    return Who(kind="slack", id=word.mention.id)


def _name(key: str, word: Word) -> str:
    if _NAME.fullmatch(word.text) is None:
        raise _wrong(key, word)
    return word.text


def _since(word: Word) -> Since:
    text = word.text
    if text in _DAYS_BACK:
        return Since(days_back=_DAYS_BACK[text])
    ago = _AGO.fullmatch(text)
    if ago is not None:
        length = int(ago[1]) * _UNITS[ago[2]]
        if length <= _LONGEST_AGO:
            return Since(ago=length)
    if _DAY.fullmatch(text) is not None:
        with suppress(ValueError):
            return Since(day=date.fromisoformat(text))
    raise _wrong("since", word)


def _state(word: Word) -> State:
    if word.text not in set(State):
        known = near(word.text, State) or tuple(State)
        raise unfit(
            "unknown-state",
            {
                "got": visible(word.text),
                "column": word.column,
                "known": ", ".join(known),
            },
        )
    return State(word.text)


def _wrong(key: str, word: Word) -> BadArguments:
    """Return the refusal that says what would fit: the text `grammar.wrong-<key>`."""
    got = visible(word.text)
    return unfit(f"wrong-{key}", {"got": got, "column": word.column})
