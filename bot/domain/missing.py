"""
What the audit tells of commands that are missing: tickets, and words that are none.

Pure: records in, values out. Which records are read, and how far back, is for the flow.
What people typed is data here and stays so.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from bot.domain.audit import EventName
from bot.domain.message import Message

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.domain.audit import Record
    from bot.domain.catalog import Client

NO_COMMAND: Final = "refused.no-command"
# So long before a ticket, what was refused is taken to be about the same thing.
WITHIN: Final = timedelta(hours=1)
_MOST_TRIED: Final = 5
_MOST_NAMED: Final = 10
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]*")


@dataclass(frozen=True, slots=True)
class Tried:
    """A line that was refused, when, and what was said to it."""

    at: datetime
    line: str
    why: Message


@dataclass(frozen=True, slots=True)
class Asked:
    """A ticket: when, and in which words."""

    at: datetime
    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Missing:
    """What one client's people asked for and no command does; the most wanted first."""

    tickets: tuple[Asked, ...]
    unknown: tuple[tuple[str, int], ...]

    @property
    def lines(self) -> int:
        """How many lines named a command that there is not."""
        return sum(count for _, count in self.unknown)


def tried_before(asked: Record, records: Iterable[Record]) -> tuple[Tried, ...]:
    """Return the last lines of this person, in this channel, that were refused."""
    channel = json.loads(asked.body).get("channel")
    found = [
        Tried(one.at, str(body.get("line", "")), Message.model_validate(body["reason"]))
        for one in records
        if one.event is EventName.REQUEST_REFUSED
        and one.actor == asked.actor
        and one.seq < asked.seq
        and one.at >= asked.at - WITHIN
        and (body := json.loads(one.body)).get("channel") == channel
    ]
    return tuple(found[-_MOST_TRIED:])


def named(client: Client, texts: Iterable[str]) -> tuple[str, ...]:
    """Return the targets that the texts name, each with what it is, in their order."""
    words = (
        word.rstrip(".-_") for text in texts for word in _NAME.findall(text.casefold())
    )
    found = (client.target(word) for word in dict.fromkeys(words))
    told = [
        f"{one.name} ({one.kind}, {one.environment.value})"
        for one in found
        if one is not None
    ]
    return tuple(told[:_MOST_NAMED])


def missing(records: Sequence[Record]) -> Missing:
    """Return what these records tell of missing commands."""
    tickets = tuple(
        Asked(one.at, str(one.operation), str(json.loads(one.body)["text"]))
        for one in records
        if one.event is EventName.TICKET_ASKED
    )
    words = Counter(
        str(reason["args"].get("got", ""))
        for one in records
        if one.event is EventName.REQUEST_REFUSED
        and (reason := json.loads(one.body).get("reason", {})).get("key") == NO_COMMAND
    )
    unknown = sorted(words.items(), key=lambda pair: (-pair[1], pair[0]))
    return Missing(tickets, tuple(unknown))
