"""The maker of mutants makes what it says, and each is one change."""

from __future__ import annotations

import ast

import pytest

from tests.mutants.mutate import mutants


def changes(source):
    return {
        mutant.change: ast.unparse(mutant.tree) for mutant in mutants("x.py", source)
    }


@pytest.mark.parametrize(
    ("source", "change", "after"),
    [
        ("x = a == b", "`a == b` as `a != b`", "x = a != b"),
        ("x = a < b", "`a < b` as `a <= b`", "x = a <= b"),
        ("x = a is b", "`a is b` as `a is not b`", "x = a is not b"),
        ("x = a in b", "`a in b` as `a not in b`", "x = a not in b"),
        ("x = a and b", "`a and b` as `a or b`", "x = a or b"),
        ("x = not a", "`not a` as `a`", "x = a"),
        ("x = a + b", "`a + b` as `a - b`", "x = a - b"),
        ("x = 7", "`7` as `8`", "x = 8"),
        ("x = True", "`True` as `False`", "x = False"),
        ("x = 'a'", "`'a'` as `'Xa'`", "x = 'Xa'"),
        ("x = b'a'", "`b'a'` as `b'Xa'`", "x = b'Xa'"),
        ("x = any(a)", "`any` as `all`", "x = all(a)"),
        ("f(a)", "without `f(a)`", "pass"),
        ("raise a", "without `raise a`", "pass"),
        ("if a:\n    b", "`if a` negated", "if not a:\n    b"),
        (
            "x = [a for a in b if a.c]",
            "`for a in b if a.c` without its condition",
            "x = [a for a in b]",
        ),
        (
            "def f():\n    return a",
            "`return a` returns None",
            "def f():\n    return None",
        ),
    ],
)
def test_one_change_is_made_and_told(source, change, after):
    assert changes(source)[change] == after


@pytest.mark.parametrize(
    "source",
    [
        '"""Words."""',
        "import a",
        "if TYPE_CHECKING:\n    import a",
        "def f(x: Literal['a']) -> Literal['b']:\n    pass",
        "@dataclass(frozen=True)\nclass A(B, total=False):\n    pass",
        "return None",
    ],
)
def test_what_nothing_depends_on_is_left_alone(source):
    assert changes(source) == {}


def test_a_second_change_of_the_same_words_has_its_number():
    found = [one.name for one in mutants("x.py", "def f():\n    g(1, 1)")]

    assert found == [
        "x.py::f: without `g(1, 1)`",
        "x.py::f: `1` as `2`",
        "x.py::f: `1` as `2` (2)",
    ]
