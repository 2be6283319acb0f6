"""
How often a command went well in a row, for rules that count on it.

What counts is what was carried out of this command, for this client and in this
environment, within the last 90 days. Each that was done is one more. What failed, what
was undone and what is in doubt begin the row anew: what went well before that says
nothing any more. An undo, and what went past its deciders behind a broken glass, add
nothing. What was denied, cancelled, void or never begun says nothing either way.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from bot.domain.frozen import Frozen

if TYPE_CHECKING:
    from collections.abc import Sequence

PERIOD: Final = timedelta(days=90)
# More than any rule may ask for, so that an undo of an older one is seen as well.
LOOKED_AT: Final = 100


class Past(Frozen):
    """
    How one operation ended.

    Without `ended_at` nobody knows yet. `counts` says that people or the policy let it
    pass as usual, and not to take another one back. `undone_at` is when it was undone.
    """

    ended_at: datetime | None
    done: bool
    counts: bool = True
    undone_at: datetime | None = None


def successes(past: Sequence[Past]) -> int:
    """Return how many went well since the last that did not; the order is no matter."""
    # What broke the row ended when it did, and so is itself not among what came after.
    ended = [(one, one.ended_at) for one in past if one.ended_at is not None]
    if len(ended) < len(past):
        return 0
    broken = [at for one, at in ended if not one.done]
    broken += [one.undone_at for one in past if one.undone_at is not None]
    since = max(broken, default=None)
    return sum(one.counts for one, at in ended if since is None or at > since)
