"""What would become of a request that was not made, in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import reduce
from typing import TYPE_CHECKING, Final

from bot.domain.message import Message
from bot.domain.people import members
from bot.domain.scope import Risk
from bot.flow.foreseen import able, courses, fresh_courses, held_then, there
from bot.flow.holding import told_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from bot.domain.route import Need, Passed, Route
    from bot.flow.foreseen import Foreseen, Present
    from bot.ports import Front

_MINUTES: Final = timedelta(minutes=90)
_HOURS: Final = timedelta(hours=36)


def joined(key: str, parts: Sequence[Message]) -> Message:
    """Return the parts as one message, two and two put together by the text `key`."""
    *before, last = parts
    return reduce(
        lambda rest, one: Message.of(key, {"one": one, "rest": rest}),
        reversed(before),
        last,
    )


def span(length: timedelta) -> Message:
    """Return a length of time in the unit that fits it."""
    if length < _MINUTES:
        return Message.of("span.minutes", {"count": round(length.total_seconds() / 60)})
    if length < _HOURS:
        hours = round(length / timedelta(hours=1))
        return Message.of("span.hours", {"count": hours})
    return Message.of("span.days", {"count": round(length / timedelta(days=1))})


@dataclass(frozen=True, slots=True)
class Foretold:
    """All that can be said of one request beforehand."""

    asked: Foreseen
    now: Present
    front: Front

    @property
    def found(self) -> tuple[Route | None, ...]:
        """Every route that it may take; several, if that depends on the plan."""
        return courses(self.asked, now=self.now, front=self.front)

    def course(self) -> Message:
        """Return where it would go; if only a plan can tell, that and the choices."""
        risk = Message.of(f"risk.{self.asked.risk.name.lower()}")
        ways = [self._way(one) for one in self.found]
        if len(ways) == 1:
            return Message.of("policy.course", {"risk": risk, "way": ways[0]})
        args: dict[str, str | int | Message] = {
            "risk": risk,
            "ways": joined("policy.or", ways),
        }
        return Message.of("policy.course-by-plan", args)

    def in_the_way(self) -> tuple[Message, ...]:
        """Return what holds it back as things stand, and will not for ever."""
        return (*self._frozen(), *self._missed())

    def expiring(self) -> tuple[Message, ...]:
        """Return when what waits for people would be over, if anything does."""
        ends = [one - self.now.at for one in self._ends()]
        if not ends:
            return ()
        args: dict[str, str | int | Message] = {"expires": span(min(ends))}
        if min(ends) == max(ends):
            return (Message.of("policy.expires", args),)
        longest = {"longest": span(max(ends))}
        return (Message.of("policy.expires-by-plan", args | longest),)

    def _way(self, route: Route | None) -> Message:
        if route is None:
            return Message.of("policy.way-nobody")
        if route.envelope is not None:
            return Message.of("policy.way-passes", _envelope(route.envelope))
        needs = joined("policy.and", [self._need(need) for need in route.needs])
        return Message.of("policy.way-waits", {"route": needs})

    def _need(self, need: Need) -> Message:
        who = able(need, self.asked, now=self.now, front=self.front)
        role = Message.of(f"role.{need.role.replace('.', '-')}")
        return Message.of(
            "policy.need", {"count": need.count, "role": role, "who": members(who)}
        )

    def _frozen(self) -> tuple[Message, ...]:
        asked = self.asked
        hold = held_then(asked, at=asked.runs_at, now=self.now, front=self.front)
        if hold is None:
            return ()
        told = told_of(hold, asked.client, key="policy.frozen", front=self.front)
        ends = self._ends()
        if ends and hold.until >= max(ends):
            return (told, Message.of("policy.frozen-past"))
        return (told,)

    def _missed(self) -> tuple[Message, ...]:
        """Return which envelope it would pass by, were it not for what, if any."""
        if any(one is not None and one.envelope for one in self.found):
            return ()
        fresh = fresh_courses(self.asked, now=self.now, front=self.front)
        missed = next((one.envelope for one in fresh if one and one.envelope), None)
        if missed is None:
            return ()
        return (Message.of(f"policy.missed-{self._why()}", _envelope(missed)),)

    def _why(self) -> str:
        asked, now, front = self.asked, self.now, self.front
        if any(
            held_then(asked, at=at, now=now, front=front)
            for at in (now.at, asked.runs_at)
        ):
            return "frozen"
        return "used" if there(asked, now=now, front=front) else "closed"

    def _ends(self) -> list[datetime]:
        """Return until when people could decide on it, on each of its routes."""
        return [
            self._end(one)
            for one in self.found
            if one is not None and one.envelope is None
        ]

    def _end(self, route: Route) -> datetime:
        at, asked = self.now.at, self.asked
        if asked.runs_at > at:
            return asked.runs_at
        quiet = self.front.catalog.current().provider.quiet
        if quiet is not None and asked.risk is Risk.LOW:
            return quiet.stretched(at, lasts=route.expires)
        return at + route.expires


def _envelope(passed: Passed) -> dict[str, str | int | Message]:
    return {
        "envelope": passed.name,
        "number": passed.number,
        "most": passed.per_day,
    }
