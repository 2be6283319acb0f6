"""Plans that nobody should believe."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.errors import Refused
from bot.domain.terraform.plan_reading import plan_digest, read_plan
from tests.domain.terraform.plan_support import entry, plan


def nested(depth):
    """Return a plan whose one value nests that deep."""
    value = "x"
    for _ in range(depth):
        value = [value]
    return plan(entry(before={"a": value}))


HOSTILE = {
    "nothing": (b"", "plan-unreadable"),
    "no JSON": (b"{", "plan-unreadable"),
    "not UTF-8": (b'{"a": "\xff"}', "plan-unreadable"),
    "a list": (b"[]", "plan-shape"),
    "a text": (b'"plan"', "plan-shape"),
    "an empty object": (b"{}", "plan-version"),
    "a state": (
        b'{"format_version":"1.0","terraform_version":"1.11.4","values":{}}',
        "plan-shape",
    ),
    "another format": (plan(format_version="2.0"), "plan-version"),
    "no number as format": (plan(format_version=1.2), "plan-version"),
    "a strange Terraform": (plan(terraform_version="<!here>"), "plan-shape"),
    "a key twice": (
        plan().replace(
            b'"planned_values"', b'"complete":true,"complete":true,"planned_values"'
        ),
        "plan-unreadable",
    ),
    "NaN": (plan(entry(before={"a": float("nan")})), "plan-unreadable"),
    "a number beyond all bounds": (
        plan(entry(before={"a": "N"})).replace(b'"N"', b"1e999999999"),
        "plan-unreadable",
    ),
    "a number of 5000 digits": (
        plan(entry(before={"a": "N"})).replace(b'"N"', b"9" * 5000),
        "plan-unreadable",
    ),
    "nested beyond the parser": (b"[" * 200_000, "plan-unreadable"),
    "nested beyond reason": (nested(120), "plan-shape"),
    "an unknown action": (plan(entry(actions=["explode"])), "plan-shape"),
    "no action": (plan(entry(actions=[])), "plan-shape"),
    "an unknown output action": (
        plan(output_changes={"x": {"actions": ["explode"]}}),
        "plan-shape",
    ),
    "actions as a text": (plan(entry(actions="update")), "plan-shape"),
    "an address that lies": (plan({**entry(), "address": "c.d"}), "plan-shape"),
    "an address that hides": (
        plan({**entry(), "address": 'a.b["\u202e"]'}),
        "plan-shape",
    ),
    "an output that hides": (
        plan(output_changes={"\u202e": {"actions": ["update"]}}),
        "plan-shape",
    ),
    "one resource twice": (plan(entry(), entry()), "plan-shape"),
    "an endless address": (
        plan({**entry(), "address": "a.b[" + "x" * 2000}),
        "plan-shape",
    ),
    "errored as a text": (plan(errored="no"), "plan-shape"),
    "very large": (b" " * (32 * 1024 * 1024 + 1), "plan-large"),
}


@pytest.mark.parametrize(("data", "reason"), HOSTILE.values(), ids=HOSTILE.keys())
def test_what_is_not_a_plan_is_refused(data, reason):
    with pytest.raises(Refused) as caught:
        read_plan(data)

    assert caught.value.message.key == f"refused.terraform-{reason}"


def test_a_refusal_repeats_no_value():
    with pytest.raises(Refused) as caught:
        read_plan(plan(errored="hunter2"))

    assert "hunter2" not in repr(caught.value.message)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@settings(deadline=None)
@given(json_values, json_values, json_values, json_values)
def test_any_shape_of_values_and_masks_is_read_or_refused(before, after, mask, marks):
    data = plan(
        entry(before=before, after=after, after_unknown=mask, before_sensitive=marks)
    )

    try:
        found = read_plan(data)
    except Refused:
        return

    assert found.digest == plan_digest(data)


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_refused_not_stumbled_over(data):
    with pytest.raises(Refused):
        read_plan(data)
