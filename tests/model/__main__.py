"""
`make model`: every interleaving there is, to its very end, and what was found.

    python -m tests.model [DEPTH]

Three kinds of change, two kinds of quorum and an emergency that waits for none; all of
these again while somebody may freeze everything. Each line says how many worlds were
visited and how deep the deepest lies. Without a depth nothing is left out.
"""

from __future__ import annotations

import sys
import time

from bot.domain.operation import STEPS
from tests.model.explore import Found, explore
from tests.model.rules import Rules
from tests.model.state import GLASS, Kind

LEAVE = {
    "both sides": ("bob", "carol"),
    "two on call": ("alice", "bob"),
    GLASS: ("alice", "bob"),
}


def every() -> tuple[Rules, ...]:
    """Return what is explored."""
    return tuple(
        one
        for kind in Kind
        for one in (
            *(Rules(kind=kind, route=name, leave=who) for name, who in LEAVE.items()),
            # Freezes treble the worlds: with them, nobody leaves.
            *(Rules(kind=kind, route=name, leave=(), freezes=True) for name in LEAVE),
        )
    )


def untaken(founds: list[Found]) -> set[tuple[str, str]]:
    """Return the steps of the table that no exploration took."""
    table = {(before, step.to) for before in STEPS for step in STEPS[before]}
    return {
        (before.value, after.value)
        for before, after in table.difference(*(one.steps for one in founds))
    }


def main() -> int:
    """Explore, print, and return how many faults there are."""
    depth = int(sys.argv[1]) if len(sys.argv) > 1 else None
    founds, began = [], time.monotonic()
    for rules in every():
        found = explore(rules, depth=depth)
        founds.append(found)
        frozen = ", with a freeze" if rules.freezes else ""
        about = f"{rules.kind.name.lower()}, {rules.route}{frozen}"
        print(f"{about}: {found.line()}", flush=True)
        for one in found.violations:
            print(f"  {one.what}:", *one.way, sep="\n    ")
    left = untaken(founds)
    if left and depth is None:
        print("steps that were never taken:", sorted(left))
    print(
        f"model: {sum(one.states for one in founds)} states, depth "
        f"{max(one.depth for one in founds)}, "
        f"{sum(len(one.violations) for one in founds)} violations, "
        f"{time.monotonic() - began:.0f} s"
    )
    return sum(len(one.violations) for one in founds) + (len(left) if not depth else 0)


if __name__ == "__main__":
    sys.exit(min(main(), 1))
