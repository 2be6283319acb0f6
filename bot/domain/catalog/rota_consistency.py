"""
What has to fit together in the provider's rota.

A shift that never comes, or names somebody who is not there, would leave a night to
nobody; it is refused rather than found out then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.catalog.layout import PROVIDER_FILE, Inconsistency, Steps
from bot.domain.suggest import near

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bot.domain.catalog.people import Provider
    from bot.domain.catalog.shift import Shift
    from bot.domain.message import Message


def rota_inconsistencies(provider: Provider) -> Iterator[Inconsistency]:
    """Return all that does not fit together in the rota."""
    known = [member.id for member in provider.members]
    for index, shift in enumerate(provider.on_call):
        here: Steps = ("on_call", index)
        yield from _members(shift, known, here)
        yield from _feed(provider, shift, known, here)
        if shift.begins and shift.until and shift.until <= shift.begins:
            yield Inconsistency.at(PROVIDER_FILE, (*here, "until"), "shift-ends-first")
        for number, earlier in enumerate(provider.on_call[:index]):
            if earlier.begins is None and earlier.until is None:
                yield Inconsistency.at(
                    PROVIDER_FILE, here, "shift-hidden", {"by": number + 1}
                )
                break


def _members(
    shift: Shift, known: Sequence[str], here: Steps
) -> Iterator[Inconsistency]:
    for number, member in enumerate(shift.members):
        place = (*here, "members", number)
        yield from _person(member, known, place)
        if member in shift.members[:number]:
            yield Inconsistency.at(
                PROVIDER_FILE, place, "twice-on-shift", {"got": member}
            )
    if shift.rotates is not None and shift.rotates.called > len(shift.members):
        yield Inconsistency.at(
            PROVIDER_FILE,
            (*here, "rotates", "called"),
            "more-than-there-are",
            {"got": shift.rotates.called, "limit": len(shift.members)},
        )


def _feed(
    provider: Provider, shift: Shift, known: Sequence[str], here: Steps
) -> Iterator[Inconsistency]:
    seen: set[str] = set()
    for number, one in enumerate(shift.feed.events if shift.feed else ()):
        place = (*here, "feed", "events", number)
        yield from _person(one.member, known, (*place, "member"))
        if one.event in seen:
            yield Inconsistency.at(
                PROVIDER_FILE, (*place, "event"), "event-twice", {"got": one.event}
            )
        seen.add(one.event)
    if shift.group is not None and shift.group.team not in provider.slack_teams:
        args: dict[str, str | int | Message] = {
            "got": shift.group.team,
            "known": ", ".join(provider.slack_teams),
        }
        place = (*here, "group", "team")
        yield Inconsistency.at(PROVIDER_FILE, place, "unknown-team", args)


def _person(member: str, known: Sequence[str], place: Steps) -> Iterator[Inconsistency]:
    if member not in known:
        shown = ", ".join(near(member, known) or known) or "-"
        args: dict[str, str | int | Message] = {"got": member, "known": shown}
        yield Inconsistency.at(PROVIDER_FILE, place, "unknown-member", args)
