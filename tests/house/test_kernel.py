"""The kernel stays small enough to be read whole, and each of its files is watched."""

from __future__ import annotations

from pathlib import Path

from tests.mutants.__main__ import justified, kernel, of_kernel

ROOT = Path(__file__).parents[2]
MOST = 3_000


def test_the_kernel_stays_under_three_thousand_lines():
    lines = {
        file: len((ROOT / file).read_text(encoding="utf-8").splitlines())
        for file in kernel()
    }

    assert sum(lines.values()) < MOST, lines


def test_each_file_of_the_kernel_has_tests_that_are_there():
    lost = [
        name
        for file, tests in kernel().items()
        for name in (file, *tests)
        if not (ROOT / name).is_file()
    ]

    assert lost == []
    assert all(kernel().values())


def test_each_justified_survivor_is_a_mutant_that_exists_and_has_its_reason():
    names = {mutant.name for mutant in of_kernel()}

    assert set(justified()) <= names
    assert all(len(why.split()) > 3 for why in justified().values())


def test_no_two_mutants_have_one_name():
    names = [mutant.name for mutant in of_kernel()]

    assert len(set(names)) == len(names)
