"""
Who is on call: the catalog's rota, what feeds last said, and overrides from chat.

An override comes first, then the first shift that covers the moment. A feed that was
never read, or is too old, puts nobody on call, and nothing below it takes its place: a
rota that guesses would give somebody rights that nobody gave them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.catalog.shift import CalendarFeed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from bot.domain.catalog.people import Person, Provider
    from bot.domain.catalog.shift import GroupFeed
    from bot.domain.timing.rota import Standing


def on_call(
    provider: Provider,
    *,
    standing: Standing,
    accounts: Mapping[tuple[str, str], Person],
    at: datetime,
) -> tuple[str, ...]:
    """Return the ids of who is on call, first called first; maybe nobody."""
    override = standing.override(at)
    if override is not None:
        return (override.member,)
    shift = next((one for one in provider.on_call if one.covers(at)), None)
    if shift is None:
        return ()
    if shift.source is not None:
        return _by_feed(shift.source, standing=standing, accounts=accounts, at=at)
    if shift.rotates is not None:
        return shift.rotates.on_call(shift.members, at)
    return shift.members


def pool(provider: Provider) -> frozenset[str]:
    """Return who may be on call at all: engineers, and whom the rota names."""
    named = {member for shift in provider.on_call for member in shift.members}
    named |= {
        one.member
        for shift in provider.on_call
        for one in (shift.feed.events if shift.feed else ())
    }
    engineers = {one.id for one in provider.members if "engineer" in one.roles}
    return frozenset(named | engineers)


def sources(provider: Provider) -> tuple[CalendarFeed | GroupFeed, ...]:
    """Return every feed of the rota, each once."""
    found = {
        shift.source.name: shift.source
        for shift in provider.on_call
        if shift.source is not None
    }
    return tuple(found.values())


def next_change(
    provider: Provider, *, standing: Standing, at: datetime
) -> datetime | None:
    """Return the next moment at which somebody else may be on call, if one is known."""
    edges = [*standing.edges()]
    for shift in provider.on_call:
        edges += [edge for edge in (shift.begins, shift.until) if edge is not None]
        if shift.rotates is not None:
            edges.append(shift.rotates.handover(shift.rotates.turn(at) + 1))
    return min((edge for edge in edges if edge > at), default=None)


def _by_feed(
    source: CalendarFeed | GroupFeed,
    *,
    standing: Standing,
    accounts: Mapping[tuple[str, str], Person],
    at: datetime,
) -> tuple[str, ...]:
    feed = standing.feed(source.name)
    if feed is None or feed.is_stale(at, after=source.stale_after):
        return ()
    keys = feed.keys(at)
    if isinstance(source, CalendarFeed):
        named = {one.event: one.member for one in source.events}
        return tuple(dict.fromkeys(named[key] for key in keys if key in named))
    people = [accounts.get((source.team, key)) for key in keys]
    return tuple(dict.fromkeys(one.id for one in people if one is not None))
