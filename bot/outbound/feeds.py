"""
Calendars of who is on call, read over HTTPS: iCalendar with its recurrences.

An address is a secret (it is all that a calendar asks for), so it comes from the
settings and is in no error. What answers is bounded before it is read: time, size,
redirects, and rules that would unroll into millions of events. The unrolling is done
in a thread. Which member an event stands for is the catalog's to say.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, time
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import aiohttp
import icalendar
import recurring_ical_events

from bot.domain.errors import Broken, Refused, Unavailable
from bot.domain.timing.rota import Slot

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pydantic import SecretStr

    from bot.outbound.slack.wire import Wire

_TIMEOUT: Final = 10.0
_LARGEST: Final = 1024 * 1024
_EVENTS: Final = 2000
_REPEATING: Final = 100
_SLOTS: Final = 5000
_OLDEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
# Finer than a day, a rule of one line is millions of events.
_FREQUENCIES: Final = frozenset({"DAILY", "WEEKLY", "MONTHLY", "YEARLY"})
_FINER: Final = ("BYHOUR", "BYMINUTE", "BYSECOND")


class Feeds:
    """The calendars that the settings name, and the user groups of Slack."""

    def __init__(
        self,
        addresses: Mapping[str, SecretStr],
        *,
        wire: Wire | None = None,
        unsafe_http: bool = False,
        timeout: float = _TIMEOUT,
    ) -> None:
        for name, address in addresses.items():
            _refuse_open(name, address.get_secret_value(), unsafe_http=unsafe_http)
        self._addresses = dict(addresses)
        self._wire = wire
        self._timeout = timeout

    async def read(
        self, name: str, *, timezone: str, begins: datetime, until: datetime
    ) -> tuple[Slot, ...]:
        """
        Return every turn within these moments, in order.

        Times without a zone are the wall clock's of `timezone`. Raises Unavailable for
        whatever keeps it from being read; a calendar is whole or is not read.
        """
        address = self._addresses.get(name)
        if address is None:
            raise Unavailable(f"calendar {name}", "no address of it in TANDEM_FEEDS")
        content = await self._fetched(name, address.get_secret_value())
        try:
            async with asyncio.timeout(self._timeout):
                return await asyncio.to_thread(
                    _unrolled, content, zone=timezone, begins=begins, until=until
                )
        except TimeoutError:
            raise Unavailable(f"calendar {name}", "takes too long to read") from None
        except Exception as error:  # noqa: BLE001 - parsers of a stranger's text fail in every way
            # Not chained: what a parser says may quote the calendar, names and all.
            why = f"{type(error).__name__} while it was read"
            raise Unavailable(f"calendar {name}", why) from None

    async def group(self, group: str, *, team: str) -> tuple[str, ...]:
        """Return the user ids of a Slack user group, in its order."""
        if self._wire is None:
            raise Unavailable(f"group {group}", "this process does not speak to Slack")
        arguments = {"usergroup": group, "team_id": team}
        try:
            answer = await self._wire.read("usergroups.users.list", arguments)
        except Refused as refusal:
            # A missing scope or a deleted group: somebody has to mend it over there.
            detail = str(refusal.message.args.get("error", refusal.message.key))
            raise Unavailable(f"group {group}", detail) from None
        users = answer.get("users")
        if not isinstance(users, list):
            raise Unavailable(f"group {group}", "Slack answered without its users")
        return tuple(str(one) for one in users)

    async def _fetched(self, name: str, address: str) -> bytes:
        whole = aiohttp.ClientTimeout(total=self._timeout)
        try:
            async with (
                aiohttp.ClientSession(timeout=whole, trust_env=False) as session,
                session.get(address, allow_redirects=False) as answer,
            ):
                if answer.status != 200:  # noqa: PLR2004 - the only one with a calendar
                    raise Unavailable(f"calendar {name}", f"answers {answer.status}")
                content = await answer.content.read(_LARGEST + 1)
                while not answer.content.at_eof() and len(content) <= _LARGEST:
                    content += await answer.content.read(_LARGEST + 1 - len(content))
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            # Its text may hold the address, which is a secret.
            raise Unavailable(f"calendar {name}", type(error).__name__) from None
        if len(content) > _LARGEST:
            raise Unavailable(f"calendar {name}", "is larger than 1 MiB")
        return content


def _refuse_open(name: str, address: str, *, unsafe_http: bool) -> None:
    """Refuse an address that anybody on the way could answer for."""
    parts = urlsplit(address)
    if parts.scheme == "https" and parts.hostname:
        return
    if parts.scheme == "http" and unsafe_http and _is_loopback(parts.hostname or ""):
        return
    raise Broken(f"TANDEM_FEEDS: calendar {name} must be https://… (docs/settings.md)")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _unrolled(
    content: bytes, *, zone: str, begins: datetime, until: datetime
) -> tuple[Slot, ...]:
    calendar = icalendar.Calendar.from_ical(content)
    events = list(calendar.walk("VEVENT"))
    _refuse_endless(events)
    here = ZoneInfo(zone)
    found: list[Slot] = []
    for event in recurring_ical_events.of(calendar).between(begins, until):
        if str(event.get("STATUS", "")).upper() == "CANCELLED":
            continue
        if len(found) >= _SLOTS:
            raise ValueError("too many turns")
        starts, ends = event.start, event.end
        found.append(
            Slot(
                key=" ".join(str(event.get("SUMMARY", "")).split()),
                begins=_moment(starts, here),
                until=_moment(ends, here),
            )
        )
    return tuple(sorted(found, key=lambda one: (one.begins, one.until, one.key)))


def _refuse_endless(events: Iterable[icalendar.Component]) -> None:
    """Refuse rules that cannot be unrolled in a moment."""
    count = repeating = 0
    for event in events:
        count += 1
        rules = event.get("RRULE", [])
        for rule in rules if isinstance(rules, list) else [rules]:
            repeating += 1
            frequency = {str(one).upper() for one in rule.get("FREQ", [])}
            finer = any(len(rule.get(part, [])) > 1 for part in _FINER)
            if not frequency <= _FREQUENCIES or finer:
                raise ValueError("repeats more than once a day")
            if _moment(event.get("DTSTART").dt, ZoneInfo("UTC")) < _OLDEST:
                raise ValueError("repeats since before 2000")
    if count > _EVENTS or repeating > _REPEATING:
        raise ValueError("too many events")


def _moment(found: date | datetime, zone: ZoneInfo) -> datetime:
    """Return a moment in UTC; a day begins at midnight of the wall clock."""
    if not isinstance(found, datetime):
        found = datetime.combine(found, time())
    if found.tzinfo is None:
        found = found.replace(tzinfo=zone)
    return found.astimezone(UTC)
