"""
The trust ladder: its levels, which one is in force, and who has to agree to a move.

The catalog says where a client begins in each environment. What both companies agreed
on in chat counts instead, until the catalog says another thing than it said then. What
GitLab's protection of the branch has to be follows from the levels.
docs/adr/0008-trust-ladder.md.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from bot.domain.frozen import Frozen
from bot.domain.route import Need
from bot.domain.scope import Environment

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

# What is typed, and what routes and policies call it.
COMMAND: Final = "trust"
# What moves are about; no target may be called so.
_TARGET: Final = "trust."
# Who agrees for a company where no rule of the catalog says more.
_SPEAKERS: Final = {"client": "client.owner", "provider": "provider.manager"}


class TrustLevel(StrEnum):
    """How far a client has come on the ladder, from asking to merging by itself."""

    PROPOSE = "propose"
    REVIEW = "review"
    SELF_SERVE = "self-serve"
    COMMITTER = "committer"

    @property
    def rung(self) -> int:
        """How high it is, from 0."""
        return _LEVELS.index(self)


_LEVELS: Final = tuple(TrustLevel)


class Agreed(Frozen):
    """
    What both companies agreed on for one environment, by which operation.

    `declared` is what the catalog said at that moment. `lapsed_at` is when the catalog
    was seen to say something else: what lapsed never comes back by itself.
    """

    operation: str
    environment: Environment
    level: TrustLevel
    declared: TrustLevel
    at: datetime
    lapsed_at: datetime | None = None


class Protection(Frozen):
    """What GitLab lets a project's developers do with a branch."""

    is_protected: bool
    developers_push: bool
    developers_merge: bool


class Seen(Frozen):
    """
    A branch's protection as it was found, as it is to be, and since when.

    `tried_at` is when it was last to be set right by a timer.
    """

    found: Protection
    wanted: Protection
    since: datetime
    tried_at: datetime | None = None

    @property
    def has_drifted(self) -> bool:
        """Whether GitLab says something else than the agreement."""
        return self.found != self.wanted


def next_up(level: TrustLevel) -> TrustLevel | None:
    """Return the level above this one."""
    return _LEVELS[level.rung + 1] if level.rung + 1 < len(_LEVELS) else None


def next_down(level: TrustLevel) -> TrustLevel | None:
    """Return the level below this one."""
    return _LEVELS[level.rung - 1] if level.rung else None


def between(low: TrustLevel, high: TrustLevel) -> tuple[TrustLevel, ...]:
    """Return the levels above the lower one, up to and with the higher one."""
    return _LEVELS[low.rung + 1 : high.rung + 1]


def target_of(environment: Environment) -> str:
    """Return what an operation that moves the level there is about."""
    return f"{_TARGET}{environment.value}"


RESERVED: Final = frozenset(target_of(one) for one in Environment)


def in_force(declared: TrustLevel, agreed: Agreed | None) -> TrustLevel:
    """Return the level that counts, given the catalog's and the latest agreement."""
    if agreed is None:
        return declared
    if agreed.lapsed_at is not None:
        return declared
    if agreed.declared is not declared:
        return declared
    return agreed.level


def sides(needs: Iterable[Need]) -> frozenset[str]:
    """Return which of the two companies these places ask for."""
    return frozenset(need.role.partition(".")[0] for need in needs)


def is_two_sided(needs: Iterable[Need]) -> bool:
    """Tell whether nothing can be agreed by one company alone."""
    return sides(needs) >= frozenset(_SPEAKERS)


def two_sided(needs: Sequence[Need]) -> tuple[Need, ...]:
    """Return the places of a route, with a place for each company that has none."""
    there = sides(needs)
    added = (Need(role=role) for side, role in _SPEAKERS.items() if side not in there)
    return (*needs, *added)


def wanted_protection(levels: Collection[TrustLevel]) -> Protection:
    """
    Return what the default branch's protection has to be at these levels.

    One branch serves every environment, so it is opened only to who is a committer in
    all of them; and nobody pushes past a merge request at any level.
    """
    is_open = bool(levels) and set(levels) == {TrustLevel.COMMITTER}
    return Protection(
        is_protected=True, developers_push=False, developers_merge=is_open
    )


def moved_to(
    levels: Mapping[Environment, TrustLevel],
    environment: Environment,
    level: TrustLevel,
) -> Mapping[Environment, TrustLevel]:
    """Return the levels as they would be with one of them moved."""
    return {**levels, environment: level}
