"""The kernel stays small enough to be read whole, and each of its files is watched."""

from __future__ import annotations

from pathlib import Path

import pytest

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


@pytest.fixture(scope="module")
def names():
    """Every mutant's name; to make them all takes a while, so once."""
    return [mutant.name for mutant in of_kernel()]


@pytest.mark.timeout(600)  # while coverage is measured, each step of it is
def test_each_justified_survivor_is_a_mutant_that_exists_and_has_its_reason(names):
    assert set(justified()) <= set(names)
    assert all(len(why.split()) > 3 for why in justified().values())


@pytest.mark.timeout(600)  # in random order it may be this one that makes them
def test_no_two_mutants_have_one_name(names):
    assert len(set(names)) == len(names)
