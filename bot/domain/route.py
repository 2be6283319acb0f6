"""
Who has to decide an operation, and by when; whether those who decided are enough.

The rules that choose a route live in the catalog. Here is only what a chosen route
means: a quorum of distinct people, each of whom fills one place and holds its role now.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, StringConstraints

from bot.domain.cost import Cost
from bot.domain.frozen import Frozen

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

RoleName = Annotated[
    str, StringConstraints(pattern=r"^(provider|client)\.[a-z][a-z_-]{1,30}$")
]


class Need(Frozen):
    """So many people who hold this role."""

    role: RoleName
    count: Annotated[int, Field(ge=1, le=10)] = 1


class Facts(Frozen):
    """
    What is known of a request when its route is chosen, besides kind and risk.

    `successes` is how often its command went well there in a row. An unknown cost is
    none, and not a low one.
    """

    is_open: bool = True
    destroys: int = 0
    replaces: int = 0
    addresses: int = 0
    cost: Cost | None = None
    successes: int = 0


class Grounds(Frozen):
    """
    Which rule a route comes from, counted from 1, and what that rule counts on.

    `successes` is how many there were; `relied_on` how many the choice needs to stand,
    whichever rules it compared: fewer, and others might have to decide.
    """

    rule: int
    costs_up_to: int | None = None
    after_success: int | None = None
    successes: int = 0
    relied_on: int = 0


class Passed(Frozen):
    """An envelope that a request fits: the policy approves it, up to so many a day."""

    name: str
    number: int
    per_day: int


class Route(Frozen):
    """
    Who must approve.

    No need at all means nobody may, unless an envelope is named: then the operator's
    policy is the approver.
    """

    needs: tuple[Need, ...]
    expires: timedelta
    remind_before: timedelta
    envelope: Passed | None = None
    grounds: Grounds | None = None


def missing(
    route: Route, *, approvers: Sequence[str], holders: Mapping[str, frozenset[str]]
) -> tuple[Need, ...]:
    """
    Return the places that are still empty, given who approved and who holds what now.

    One person fills one place, and among all ways to seat the approvers the one that
    fills most places counts: who holds two roles must not block the route by chance.
    """
    places = [need.role for need in route.needs for _ in range(need.count)]
    seated: dict[int, str] = {}
    for person in dict.fromkeys(approvers):
        _seat(person, places, holders=holders, seated=seated, tried=set())
    left: dict[str, int] = {}
    for place, role in enumerate(places):
        if place not in seated:
            left[role] = left.get(role, 0) + 1
    return tuple(Need(role=role, count=count) for role, count in left.items())


def _seat(
    person: str,
    places: Sequence[str],
    *,
    holders: Mapping[str, frozenset[str]],
    seated: dict[int, str],
    tried: set[int],
) -> bool:
    """
    Seat one more person, moving others where that makes room; False if none is found.

    Augmenting paths: trying every seating takes minutes for a route of ten.
    """
    for place, role in enumerate(places):
        if place in tried or person not in holders.get(role, frozenset()):
            continue
        tried.add(place)
        other = seated.get(place)
        if other is None or _seat(
            other, places, holders=holders, seated=seated, tried=tried
        ):
            seated[place] = person
            return True
    return False
