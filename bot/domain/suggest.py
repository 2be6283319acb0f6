"""
Names that a person may have meant, and names that may be mistaken for another.

Only for showing: what runs is always an exact name (threats B9). The caller hands in
the names that this person may know of, the client's own inventory, so that a suggestion
can never tell of another client.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

if TYPE_CHECKING:
    from collections.abc import Iterable

_MOST: Final = 3
# Of 100. Below this a suggestion is a guess: `web2` and `wbe-2` still find `web-2`.
_NEAR_ENOUGH: Final = 70.0
_LONGEST: Final = 64
_SEPARATORS: Final = re.compile(r"[._-]+")
# Drawn alike in many fonts.
_DRAWN_ALIKE: Final = str.maketrans("0159", "olsg")


def near(got: str, names: Iterable[str], *, limit: int = _MOST) -> tuple[str, ...]:
    """Return at most `limit` of `names` that `got` may have meant, nearest first."""
    sought = got[:_LONGEST].casefold()
    found = process.extract(
        sought,
        sorted(set(names)),
        scorer=fuzz.WRatio,
        processor=str.casefold,
        score_cutoff=_NEAR_ENOUGH,
        limit=limit,
    )
    return tuple(name for name, _, _ in found)


def look_alikes(
    name: str, names: Iterable[str], *, limit: int = _MOST
) -> tuple[str, ...]:
    """
    Return at most `limit` of `names` that are easily mistaken for `name`.

    One name that only goes on after another (`db-prod`, `db-prod-2`), one that is drawn
    alike (`db-l`, `db-1`), or one that is a single slip away (`web-1`, `web-2`).
    """
    return _look_alikes(name, tuple(names))[:limit]


# Asked of the same few inventories again and again, while somebody waits.
@lru_cache(maxsize=4096)
def _look_alikes(name: str, names: tuple[str, ...]) -> tuple[str, ...]:
    bare = _SEPARATORS.sub("-", name)
    alike = (
        other
        for other in set(names)
        if other != name
        and (_is_a_slip(name, other) or _is_alike(bare, _SEPARATORS.sub("-", other)))
    )
    return tuple(sorted(alike))


def _is_alike(name: str, other: str) -> bool:
    """Whether they are alike with every kind and number of separators read as one."""
    short, long = sorted((name, other), key=len)
    if long.startswith(f"{short}-"):
        return True
    if short.translate(_DRAWN_ALIKE) == long.translate(_DRAWN_ALIKE):
        return True
    return _is_a_slip(short, long)


def _is_a_slip(name: str, other: str) -> bool:
    # Lengths first: this is asked of every target of a client while somebody waits.
    if abs(len(name) - len(other)) > 1:
        return False
    return OSA.distance(name, other, score_cutoff=1) <= 1
