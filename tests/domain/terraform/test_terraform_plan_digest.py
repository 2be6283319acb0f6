"""The digest of a plan: the same for the same meaning, another for any other."""

import json

import pytest

from bot.domain.errors import Refused
from bot.domain.terraform.plan_reading import plan_digest
from tests.domain.terraform.plan_support import STORED, entry, plan


@pytest.mark.parametrize("name", STORED)
def test_a_second_run_with_the_same_result_has_the_same_digest(plan_json, name):
    raw = json.loads(plan_json(name))
    again = {key: raw[key] for key in reversed(raw)}
    again["timestamp"] = "2030-01-01T00:00:00Z"
    again["terraform_version"] = "1.12.0"
    again["resource_changes"].reverse()
    again.pop("prior_state")
    again["configuration"] = {}

    assert plan_digest(json.dumps(again, indent=3).encode()) == plan_digest(
        plan_json(name)
    )


def leaves(value, path=()):
    """Yield the path of every plain value."""
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, inner in items:
            yield from leaves(inner, (*path, key))
    else:
        yield path


def edited(raw, path):
    """Return the plan with the value at `path` changed."""
    copy = json.loads(json.dumps(raw))
    at = copy
    for key in path[:-1]:
        at = at[key]
    old = at[path[-1]]
    at[path[-1]] = (not old) if isinstance(old, bool) else f"{old}x"
    return json.dumps(copy).encode()


@pytest.mark.parametrize("name", ["data-mixed", "aws-resize", "aws-replace"])
def test_no_value_of_what_would_happen_can_be_edited_unseen(plan_json, name):
    raw = json.loads(plan_json(name))
    digest = plan_digest(plan_json(name))
    parts = ("resource_changes", "output_changes", "resource_drift")
    busy = {
        index
        for index, each in enumerate(raw["resource_changes"])
        if each["change"]["actions"] != ["no-op"] or "previous_address" in each
    }
    paths = [path for path in leaves(raw) if path[0] in parts]
    paths = [path for path in paths if path[0] != parts[0] or path[1] in busy]
    assert len(paths) > 30

    unseen = []
    for path in paths:
        try:
            if plan_digest(edited(raw, path)) == digest:
                unseen.append(path)
        except Refused:
            continue

    assert unseen == []


@pytest.mark.parametrize(
    "more",
    [
        {"errored": True},
        {"complete": False},
        {"deferred_changes": [{}]},
        {"action_invocations": [{"address": "action.x.y"}]},
        {"checks": [{"address": {"to_display": "check.x"}, "status": "fail"}]},
        {"output_changes": {"x": {"actions": ["create"], "after": 1.5}}},
        {"resource_drift": [entry(before={"a": 1}, after={"a": 2})]},
    ],
)
def test_everything_that_is_judged_is_in_the_digest(more):
    assert plan_digest(plan(**more)) != plan_digest(plan())
