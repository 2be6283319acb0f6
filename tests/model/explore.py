"""
Breadth first through every world there is, up to a depth or until there is none new.

What is found is named with the shortest way to it. A world from which no end can be
reached any more is a fault too: somebody would wait there for ever.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.domain.operation import ENDED, State
from tests.model.moves import after_all, moves
from tests.model.state import Kind, World

if TYPE_CHECKING:
    from tests.model.rules import Rules


@dataclass(frozen=True)
class Violation:
    """Something that must never be, and the moves that lead there."""

    what: str
    way: tuple[str, ...]


@dataclass
class Found:
    """What an exploration has seen."""

    depth: int = 0
    whole: bool = False
    states: int = 0
    moves: int = 0
    ends: Counter[State] = field(default_factory=Counter)
    steps: set[tuple[State, State]] = field(default_factory=set)
    violations: list[Violation] = field(default_factory=list)
    stuck: int = 0
    by_hand: int = 0

    def line(self) -> str:
        """Say it in one line."""
        how = "all there are" if self.whole else "up to this depth"
        return (
            f"{self.states} states, {self.moves} moves, depth {self.depth} ({how}), "
            f"{len(self.violations)} violations, {self.stuck} stuck, "
            f"{self.by_hand} that need a person"
        )


def explore(
    rules: Rules, *, depth: int | None = None, most: int = 5, only: str = ""
) -> Found:
    """
    Visit every world within `depth` moves; stop early after so many violations.

    With `only`, what does not say so is passed over.
    """
    start = World()
    came: dict[World, tuple[World | None, str]] = {start: (None, "")}
    back: dict[World, list[World]] = {}
    edge = [start]
    found = Found()
    while edge and (depth is None or found.depth < depth):
        following: list[World] = []
        for world in edge:
            for move in moves(world, rules):
                found.moves += 1
                after = move.world
                if world.state is not after.state and world.state is not None:
                    found.steps.add((world.state, after.state))
                if after not in came:
                    came[after] = (world, move.name)
                    following.append(after)
                    wrong = (*move.broken, *after_all(after))
                else:
                    wrong = move.broken
                back.setdefault(after, []).append(world)
                for what in wrong:
                    if only not in what:
                        continue
                    way = (*_way(came, world), move.name)
                    found.violations.append(Violation(what, way))
                if len(found.violations) >= most:
                    found.states = len(came)
                    return found
        edge = following
        found.depth += bool(following)
    found.whole = not edge
    found.states = len(came)
    found.ends = Counter(one.state for one in came if one.state in ENDED)
    if found.whole:
        _find_stuck(found, came, back, rules)
    return found


def _find_stuck(found: Found, came: dict, back: dict, rules: Rules) -> None:
    """Go backwards from every end; what is not met can reach none."""
    reaches = {one for one in came if one.state in ENDED}
    line = deque(reaches)
    while line:
        for before in back.get(line.popleft(), ()):
            if before not in reaches:
                reaches.add(before)
                line.append(before)
    for world in came:
        if world in reaches:
            continue
        # Of a call that must not be repeated and has left no trace only a person can
        # say how it ended: that is what IN_DOUBT is for, and not a fault.
        asks_a_person = (
            rules.kind is Kind.ONCE and world.announced and not world.effects
        )
        if asks_a_person:
            found.by_hand += 1
            continue
        found.stuck += 1
        if found.stuck == 1:
            found.violations.append(Violation("no way to an end", _way(came, world)))


def _way(came: dict, world: World | None) -> tuple[str, ...]:
    names: list[str] = []
    while world is not None:
        world, name = came[world]
        if name:
            names.append(name)
    return tuple(reversed(names))
