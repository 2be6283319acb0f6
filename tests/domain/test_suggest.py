"""Names that may have been meant, and names that may be mistaken."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.suggest import look_alikes, near

ACME = ("web-1", "web-2", "web-staging", "db-prod", "db-prod-2", "db-staging")


@pytest.mark.parametrize(
    ("got", "first"),
    [
        ("web2", "web-2"),
        ("wbe-2", "web-2"),
        ("Web-2", "web-2"),
        ("dbprod", "db-prod"),
        ("db-prd", "db-prod"),
        ("db_prod_2", "db-prod-2"),
    ],
)
def test_a_slip_finds_the_name_that_was_meant(got, first):
    assert near(got, ACME)[0] == first


def test_what_is_like_nothing_suggests_nothing():
    assert near("kubernetes", ACME) == ()
    assert near("", ACME) == ()
    assert near("web-2", ()) == ()


def test_only_names_that_were_handed_in_are_ever_suggested():
    assert set(near("shop", ACME)) <= set(ACME)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("db-prod", ("db-prod-2",)),
        ("db-prod-2", ("db-prod",)),
        ("web-1", ("web-2",)),
        ("web-staging", ()),
        ("db-staging", ()),
    ],
)
def test_look_alikes_are_told(name, expected):
    assert look_alikes(name, ACME) == expected


def test_names_that_are_drawn_alike_are_told():
    assert look_alikes("db-01", ("db-ol", "db_01", "db-77")) == ("db-ol", "db_01")


def test_at_most_three_are_named():
    names = [f"web-{number}" for number in range(9)]

    assert len(near("web", names)) == 3
    assert len(look_alikes("web-0", names)) == 3


@settings(deadline=None)
@given(st.text(max_size=80), st.lists(st.text(max_size=20), max_size=20))
def test_suggestions_come_from_the_names_whatever_was_typed(got, names):
    assert set(near(got, names)) <= set(names)
    assert got not in look_alikes(got, names)


def test_ten_thousand_names_are_searched_at_once():
    names = [f"target-{number}" for number in range(10_000)]
    began = time.thread_time()

    near("x" * 3_000, names)

    assert time.thread_time() - began < 1


NAMES = st.from_regex(r"[a-z]{2,6}(-[a-z0-9]{1,6}){0,3}", fullmatch=True)


@given(NAMES, st.lists(NAMES, max_size=12))
def test_whoever_is_mistaken_for_another_is_mistaken_by_it_too(name, names):
    for other in look_alikes(name, names, limit=99):
        assert name in look_alikes(other, [name])


@given(NAMES, NAMES, st.lists(NAMES, max_size=12))
def test_a_name_that_goes_on_after_another_is_always_told(name, more, names):
    assert f"{name}-{more}" in look_alikes(name, [*names, f"{name}-{more}"], limit=99)


@given(NAMES, st.data(), st.lists(NAMES, max_size=12))
def test_one_slip_of_the_finger_is_always_told(name, data, names):
    place = data.draw(st.integers(0, len(name) - 1))
    slip = data.draw(st.sampled_from(["left out", "twice", "another"]))
    with_it = {"left out": "", "twice": name[place] * 2, "another": "z"}[slip]
    other = name[:place] + with_it + name[place + 1 :]

    alike = look_alikes(name, [*names, other], limit=99)

    assert (other in alike) == (other != name)


@given(NAMES, st.lists(NAMES, max_size=12))
def test_look_alikes_are_the_same_in_whatever_order_the_names_come(name, names):
    assert look_alikes(name, names) == look_alikes(name, names[::-1])
