"""
`make mutants`: is there a mistake in the kernel that no test would notice?

    python -m tests.mutants [PART-OF-A-FILE'S-NAME …]

The kernel's files, and for each the tests that must notice, stand in pyproject.toml
under [tool.tandem.kernel]. Fails when fewer than 95 % are killed, when a survivor is
not justified in tests/mutants/survivors.toml, and when a justification is stale.
"""

from __future__ import annotations

import os
import sys
import time
import tomllib
from typing import Final

from tests.mutants.mutate import Mutant, mutants
from tests.mutants.run import ROOT, healthy, prepare, tried

ENOUGH: Final = 0.95
SURVIVORS: Final = ROOT / "tests/mutants/survivors.toml"


def kernel() -> dict[str, list[str]]:
    """Return the kernel's files, and the tests of each."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        found: dict[str, list[str]] = tomllib.load(file)["tool"]["tandem"]["kernel"]
    return found


def justified() -> dict[str, str]:
    """Return the mutants that may survive, and why."""
    with SURVIVORS.open("rb") as file:
        return {one["mutant"]: one["why"] for one in tomllib.load(file)["survivor"]}


def of_kernel(*parts: str) -> list[Mutant]:
    """Return every mutant of the files whose names hold one of these parts."""
    return [
        mutant
        for file in kernel()
        if not parts or any(part in file for part in parts)
        for mutant in mutants(file, (ROOT / file).read_text(encoding="utf-8"))
    ]


def main() -> int:
    """Run, print, and return how many faults there are."""
    prepare()
    began, parts, tests = time.monotonic(), sys.argv[1:], kernel()
    every = of_kernel(*parts)
    files = dict.fromkeys(one.file for one in every)
    for file in files:
        if not healthy(file, tests[file]):
            print(f"{file}: its tests fail on the file as it is")
            return 1
    survived = []
    for verdict in tried(every, tests=tests, at_once=os.cpu_count() or 1):
        if not verdict.killed:
            survived.append(verdict.mutant.name)
            print(f"survived: {verdict.mutant.name}", flush=True)
    known = [name for name in justified() if name.startswith(tuple(files))]
    bare = [name for name in survived if name not in known]
    stale = [name for name in known if name not in survived]
    for name in bare:
        print(f"not justified: {name}")
    for name in stale:
        print(f"stale justification: {name}")
    rate = 1 - len(survived) / max(len(every), 1)
    print(
        f"mutants: {len(every)} in {len(files)} files, {len(survived)} survived "
        f"({len(survived) - len(bare)} justified), {rate:.1%} killed, "
        f"{time.monotonic() - began:.0f} s"
    )
    return len(bare) + len(stale) + (rate < ENOUGH)


if __name__ == "__main__":
    sys.exit(min(main(), 1))
