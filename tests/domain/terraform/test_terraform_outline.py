"""The outline of a plan: what jq makes of the same file, without any value."""

import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import Refused
from bot.domain.terraform.outline import (
    Unapproved,
    departures,
    digests,
    outline,
    outline_digest,
    read_unapproved,
)
from tests.domain.terraform.by_jq import as_file, program
from tests.domain.terraform.plan_support import STORED, entry, plan

TEMPLATE = Path(__file__).parents[3] / "deploy" / "gitlab" / "terraform.gitlab-ci.yml"
ACTIONS = [
    ["no-op"], ["read"], ["create"], ["update"], ["delete"], ["forget"],
    ["delete", "create"], ["create", "delete"], ["create", "forget"],
]  # fmt: skip
# What stands in quotes in an address, as people write keys: letters of all the world.
keys = st.text(st.characters(exclude_categories=("C", "Z"))) | st.sampled_from(
    ["é", "e\u0301", "Ω", "\U0001d11e", "\uffee", "z", "Z", '\\"', "</script>"]
)
# jq 1.6 keeps a number as a double; a place in a list is never so far out.
steps = st.integers(0, 2**53) | st.text(st.characters(codec="utf-8"))
paths = st.lists(st.lists(steps, max_size=3), max_size=4)
invocations = st.lists(
    keys.map(lambda key: {"address": f'action.a.b["{key}"]'}), max_size=3
)


@st.composite
def entries(draw):
    """Resource changes of a plan, no two about the same object."""
    named = st.tuples(st.sampled_from("ab"), keys, st.none() | st.sampled_from("xyé"))
    found = []
    for name, key, deposed in draw(st.lists(named, max_size=5, unique=True)):
        one = entry(actions=draw(st.sampled_from(ACTIONS)))
        one |= {"address": f'a.{name}["{key}"]', "name": name}
        if deposed is not None:
            one["deposed"] = deposed
        if draw(st.booleans()):
            one["change"]["replace_paths"] = draw(paths)
        found.append(one)
    return found


@pytest.fixture(scope="module")
def by_jq():
    return program()


@pytest.mark.parametrize("name", STORED)
def test_of_a_real_plan_jq_makes_the_same_bytes(plan_json, by_jq, name):
    data = plan_json(name)

    assert by_jq(data) == as_file(outline(data))


@given(entries(), invocations, st.booleans())
def test_of_any_plan_jq_makes_the_same_bytes(by_jq, made, invoked, escaped):
    more = {"action_invocations": invoked} if invoked else {}
    data = plan(*made, **more)
    if not escaped:
        data = json.dumps(json.loads(data), ensure_ascii=False).encode()

    found = by_jq(data)

    assert found == as_file(outline(data))
    assert outline_digest(outline(data)) == hashlib.sha256(found).hexdigest()


def test_a_line_names_the_address_and_what_happens_to_it():
    one = entry(actions=["delete", "create"], replace_paths=[["x", 0], ["a"], [3]])
    left_over = entry(actions=["delete"]) | {"deposed": "0a1b"}

    assert outline(plan(left_over, one)) == (
        (
            '{"actions":["delete","create"],"address":"a.b","deposed":"",'
            '"replace_paths":[[3],["a"],["x",0]]}'
        ),
        '{"actions":["delete"],"address":"a.b","deposed":"0a1b","replace_paths":[]}',
    )


def test_what_nothing_happens_to_has_no_line():
    assert outline(plan(entry(actions=["no-op"]))) == ()
    assert outline(plan(entry(actions=["read"]))) == ()
    # The hash of nothing, so that an empty plan is told from one that is missing.
    assert outline_digest(()) == hashlib.sha256(b"").hexdigest()


def test_an_action_that_a_provider_would_be_asked_for_has_a_line():
    found = outline(plan(action_invocations=[{"address": "action.x.y"}]))

    assert [json.loads(one)["actions"] for one in found] == [["invoke"]]


@given(st.text(min_size=3), st.text(min_size=3))
def test_no_value_is_in_it(before, after):
    one = entry(before={"secret": before}, after={"secret": after})

    assert outline(plan(one)) == outline(plan(entry()))


@pytest.mark.parametrize("name", STORED)
def test_the_order_in_the_file_means_nothing(plan_json, name):
    raw = json.loads(plan_json(name))
    raw["resource_changes"].reverse()

    assert outline(json.dumps(raw).encode()) == outline(plan_json(name))


@pytest.mark.parametrize("data", [b"", b"{}", b"\xff", b'{"a": 1, "a": 2}'])
def test_what_is_no_plan_is_refused(data):
    with pytest.raises(Refused):
        outline(data)


def test_each_environment_has_its_own_digest():
    lines = {"production": ("x",), "staging": ()}

    assert digests(lines) == {
        "production": hashlib.sha256(b"x\n").hexdigest(),
        "staging": hashlib.sha256(b"").hexdigest(),
    }


def test_two_outlines_depart_in_what_only_one_of_them_has():
    same = entry() | {"address": "a.c", "name": "c"}
    approved = outline(plan(entry(), same))
    forced = entry(actions=["delete", "create"], replace_paths=[["ami"], ["x", 1]])
    left_over = entry(actions=["delete"]) | {"deposed": "0a1b"}

    assert departures(approved, outline(plan(forced, left_over, same))) == (
        ("more", "a.b (delete, create: ami, x.1)"),
        ("more", "a.b [0a1b] (delete)"),
        ("less", "a.b (update)"),
    )
    assert departures(approved, approved) == ()


def test_the_note_of_a_job_that_refused_is_read():
    data = json.dumps({"approved": "", "planned": "b" * 64}).encode()

    assert read_unapproved(data) == Unapproved(approved="", planned="b" * 64)


@pytest.mark.parametrize(
    "note",
    [
        b"",
        b"[]",
        json.dumps({"approved": "a" * 63, "planned": "b" * 64}).encode(),
        json.dumps({"approved": "a" * 64 + "\n", "planned": "b" * 64}).encode(),
        json.dumps({"approved": None, "planned": "b" * 64}).encode(),
        json.dumps({"approved": "", "planned": ""}).encode(),
        json.dumps({"approved": "", "planned": "b" * 64, "more": 1}).encode(),
        json.dumps({"approved": "", "planned": "b" * 64}).encode() + b" " * 1000,
    ],
)
def test_what_is_no_such_note_is_none(note):
    assert read_unapproved(note) is None
