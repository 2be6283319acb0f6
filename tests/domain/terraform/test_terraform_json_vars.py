"""Variable files in JSON: only the value changes; Terraform reads what was meant."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.errors import Refused
from bot.domain.terraform.address import Address
from bot.domain.terraform.edit import set_attribute
from tests.domain.terraform.json_support import changes_only_the_value
from tests.domain.terraform.test_terraform_literal import HOSTILE, texts

CODE = b'resource "a" "b" {\n  c = var.x\n}\nvariable "x" {}\n'
FILE = "terraform.tfvars.json"

values = st.one_of(
    texts, st.text(), st.integers(), st.booleans(), st.floats(allow_nan=True)
)
others = st.recursive(
    st.one_of(st.text(max_size=9), st.integers(), st.booleans(), st.none()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner)
    ),
    max_leaves=6,
)


def changed(source, value):
    return set_attribute(
        {"main.tf": CODE, FILE: source},
        root="",
        address=Address("a", "b"),
        attribute="c",
        value=value,
    )


@st.composite
def styled(draw):
    """Return the text before the value of `x`, that value, and the text after it."""
    names = st.text(max_size=6).filter(lambda name: name != "x")
    more = draw(st.dictionaries(names, others, max_size=4))
    gap = draw(st.sampled_from(["", " ", "\n  ", "\r\n\t"]))
    ascii_only = draw(st.booleans())

    def told(name, value):
        return (
            f"{gap}{json.dumps(name, ensure_ascii=ascii_only)}:{gap}"
            f"{json.dumps(value, ensure_ascii=ascii_only)}{gap}"
        )

    pairs = [told(*pair) for pair in more.items()]
    at = draw(st.integers(0, len(pairs)))
    lead = "".join(f"{one}," for one in pairs[:at])
    trail = "".join(f",{one}" for one in pairs[at:])
    old = draw(st.sampled_from(['"OLD"', "-1.5e3", "true", "null", '"\\u0041"']))
    return f'{{{lead}{gap}"x":{gap}', old, f"{gap}{trail}}}{gap}"


@given(styled(), values)
@settings(max_examples=200, deadline=None)
def test_only_the_value_changes_and_it_reads_back(parts, value):
    changes_only_the_value(changed, parts, value)


@pytest.mark.parametrize("value", ["\ud800", "e\u0301", float("inf")])
def test_what_terraform_would_alter_is_not_written(value):
    with pytest.raises(Refused) as caught:
        changed(b'{"x": 1}', value)

    assert caught.value.message.key == "refused.terraform-value"


def test_hostile_values_read_back_literally_in_terraform(terraform, tmp_path):
    names = [f"x{number}" for number in range(len(HOSTILE))]
    files = {FILE: json.dumps(dict.fromkeys(names, "OLD")).encode()}
    for name in names:
        files[f"{name}.tf"] = (
            f'resource "a" "{name}" {{\n  c = var.{name}\n}}\nvariable "{name}" {{}}\n'
        ).encode()

    for name, value in zip(names, HOSTILE, strict=True):
        found = set_attribute(
            files, root="", address=Address("a", name), attribute="c", value=value
        )
        files[FILE] = found.after

    declared = "".join(f'variable "{name}" {{}}\n' for name in names)
    (tmp_path / "v.tf").write_text(declared)
    (tmp_path / FILE).write_bytes(files[FILE])
    wanted = ", ".join(f"base64encode(var.{name})" for name in names)
    asked = f'join(" ", [{wanted}])'.encode()
    answer = terraform.run("console", stdin=asked, cwd=tmp_path)
    parts = answer.stdout.decode().strip().strip('"').split(" ")
    assert [base64.b64decode(part).decode() for part in parts] == HOSTILE, answer
