"""
The model's own judgement of a quorum, by trying every seating; no rule of ours in it.

It says who really approved what is really there, or broke the glass of it, so that a
fault in the kernel's rules is not believed by the model as well.
"""

from __future__ import annotations

from functools import cache
from itertools import permutations

from bot.domain.decision import Verdict
from tests.model.state import AUTHOR, GLASS, REQUESTER, Freeze, Said, World

_ROLES = {
    "both sides": (("bob", "dave", "erin", "alice"), ("carol",)),
    "two on call": (("bob", "dave", "erin", "alice"),) * 2,
}


def may_act(world: World, *, route: str) -> bool:
    """Tell whether acting is right in this moment, as a person would see it."""
    if world.late or world.shown != world.head or REQUESTER in world.gone:
        return False
    if route == GLASS:
        # Nobody else, and on nothing else than what is there.
        broke = world.broke
        return broke is not None and broke[::2] == (REQUESTER, world.head)
    if world.freeze is Freeze.NOW:
        return False
    return _seated(world.said, world.head, world.gone, route)


@cache
def _seated(
    said: tuple[Said, ...], head: int, gone: tuple[str, ...], route: str
) -> bool:
    if any(one.verdict is Verdict.DENY and one.head == head for one in said):
        return False
    people = {
        one.member
        for one in said
        if one.verdict is Verdict.APPROVE and one.head == head
    } - {REQUESTER, AUTHOR, *gone}
    places = _ROLES[route]
    return any(
        all(one in place for one, place in zip(seating, places, strict=True))
        for seating in permutations(sorted(people), len(places))
    )
