"""
A role lent to somebody for a while: what it is worth at a moment, and to whom.

It is never worth more than its giver: it counts only while the giver holds the role by
the catalog, never for the giver's own requests or commits, and giver and taker are one
voice. What was lent cannot be lent on, because only the catalog makes a giver.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from bot.domain.frozen import Frozen

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence


class Delegation(Frozen):
    """One role of one client's, lent by one person to another, from when until when."""

    id: str
    client: str
    role: str
    giver: str
    taker: str
    begins: datetime
    until: datetime
    revoked_at: datetime | None = None

    def covers(self, at: datetime) -> bool:
        """Whether it was in force at this moment."""
        until = min(self.until, self.revoked_at or self.until)
        return self.begins <= at < until


def lent(
    delegations: Iterable[Delegation],
    *,
    role: str,
    holders: Collection[str],
    barred: Collection[str],
    at: datetime,
) -> Mapping[str, str]:
    """
    Return who held a role at a moment by having it lent, and by whom.

    `holders` hold it by the catalog; from `barred` nobody can borrow it for this.
    """
    return {
        one.taker: one.giver
        for one in delegations
        if one.role == role
        and one.covers(at)
        and one.giver in holders
        and one.giver not in barred
        and one.taker not in holders
    }


def one_voice(
    approvers: Sequence[str], *, through: Mapping[str, str]
) -> tuple[str, ...]:
    """Return the approvers without those whose voice was heard already."""
    return tuple(one for one in approvers if through.get(one) not in approvers)
