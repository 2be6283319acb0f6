"""A difference is told from the shipped list, or is unknown."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from playbooks.aws import prices

PARIS = "eu-west-3"
known = st.sampled_from(sorted(prices._HOURLY[PARIS]))


def test_a_bigger_type_costs_so_much_more_a_month():
    found = prices.monthly(region=PARIS, before="t3.medium", after="m5.large")

    assert (str(found.before), str(found.after), found.cost.told) == (
        "34.46",
        "81.76",
        "+47.30",
    )


def test_a_type_or_a_region_that_is_not_listed_is_unknown():
    assert prices.monthly(region=PARIS, before="t3.medium", after="x9.huge") is None
    assert prices.monthly(region=PARIS, before="", after="m5.large") is None
    assert (
        prices.monthly(region="xx-none-1", before="t3.nano", after="m5.large") is None
    )


@given(known, known)
def test_going_there_and_back_costs_nothing(one, other):
    there = prices.monthly(region=PARIS, before=one, after=other)
    back = prices.monthly(region=PARIS, before=other, after=one)

    assert there.cost.cents == -back.cost.cents
    assert re.fullmatch(r"[+-][0-9]+\.[0-9]{2}", there.cost.told)


def test_every_price_is_more_than_nothing_and_the_list_is_dated():
    assert all(one > 0 for one in prices._HOURLY[PARIS].values())
    assert re.fullmatch(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}", prices.AS_OF)


def test_a_larger_disk_costs_so_much_more_a_month():
    found = prices.monthly_disk(region=PARIS, type_="gp3", before=40, after=60)

    assert (str(found.before), str(found.after), found.cost.told) == (
        "3.71",
        "5.57",
        "+1.86",
    )


def test_a_disk_of_a_type_or_region_that_is_not_listed_is_unknown():
    asked = {"before": 40, "after": 60}

    assert prices.monthly_disk(region=PARIS, type_="io9", **asked) is None
    assert prices.monthly_disk(region="xx-none-1", type_="gp3", **asked) is None
