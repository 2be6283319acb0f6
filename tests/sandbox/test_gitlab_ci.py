"""`.gitlab-ci.yml` as the stand-in reads it: a subset, and strict about it."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.sandbox.gitlab.ci import CiError, Context, expand, matches, plan

MERGE_REQUEST = {"CI_PIPELINE_SOURCE": "merge_request_event"}
MAIN = {
    "CI_PIPELINE_SOURCE": "push",
    "CI_COMMIT_BRANCH": "main",
    "CI_DEFAULT_BRANCH": "main",
}


def names(text, variables, changed=()):
    return [job.name for job in plan(text, context=Context(variables, changed)).jobs]


def test_a_job_without_rules_runs_for_branches_only():
    text = "one:\n  script: echo\n"

    assert names(text, MAIN) == ["one"]
    assert names(text, MERGE_REQUEST) == []


@pytest.mark.parametrize(
    ("condition", "variables", "runs"),
    [
        ('$CI_PIPELINE_SOURCE == "merge_request_event"', MERGE_REQUEST, True),
        ('$CI_PIPELINE_SOURCE == "merge_request_event"', MAIN, False),
        ("$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH", MAIN, True),
        (
            "$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH",
            MAIN | {"CI_COMMIT_BRANCH": "x"},
            False,
        ),
        ("$CI_COMMIT_BRANCH", MERGE_REQUEST, False),
        ('$CI_COMMIT_BRANCH != "main" || $CI_DEFAULT_BRANCH == "main"', MAIN, True),
        ("$CI_COMMIT_BRANCH && $NOPE", MAIN, False),
        ("$NOPE == null", MAIN, True),
    ],
)
def test_conditions(condition, variables, runs):
    text = f"one:\n  script: echo\n  rules:\n    - if: '{condition}'\n"

    assert names(text, variables) == (["one"] if runs else [])


def test_the_first_rule_that_matches_decides():
    text = """
one:
  script: echo
  rules:
    - if: $CI_COMMIT_BRANCH == "main"
      when: never
    - when: on_success
"""

    assert names(text, MAIN) == []
    assert names(text, MERGE_REQUEST) == ["one"]


def test_changes_decide_by_path():
    text = """
one:
  script: echo
  rules:
    - changes: ["environments/production/**/*"]
"""

    assert names(text, MAIN, ["environments/production/main.tf"]) == ["one"]
    assert names(text, MAIN, ["environments/staging/main.tf"]) == []


@pytest.mark.parametrize(
    ("path", "glob", "fits"),
    [
        ("a/b/c.tf", "a/**/*", True),
        ("a/c.tf", "a/**/*", True),
        ("a/c.tf", "a/*", True),
        ("a/b/c.tf", "a/*", False),
        ("c.tf", "*.tf", True),
        ("a/c.tf", "*.tf", False),
        ("a/c.tf", "**/*.tf", True),
    ],
)
def test_globs(path, glob, fits):
    assert matches(path, glob) is fits


def test_variables_expand_once_and_unknown_ones_are_empty():
    assert expand("$A-${B}-$C", {"A": "$B", "B": "2"}) == "$B-2-"


def test_stages_order_jobs_and_before_script_comes_first():
    text = """
stages: [plan, apply]
before_script: [echo first]
late: {stage: apply, script: [echo late]}
early: {stage: plan, script: [echo early], before_script: []}
"""

    jobs = plan(text, context=Context(MAIN, [])).jobs

    assert [(j.name, j.script) for j in jobs] == [
        ("early", ("echo early",)),
        ("late", ("echo first", "echo late")),
    ]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("include: other.yml\n", "include"),
        ("one: {script: echo, services: [x]}\n", "unknown keys"),
        ("one: {stage: nope, script: echo}\n", "does not exist"),
        ("one: {script: echo, needs: [two]}\n", "needs 'two' job"),
        ("one: {stage: test}\n", "script"),
        ("one: {script: echo, rules: [{if: '$A =~ /x/'}]}\n", "invalid expression"),
        (
            "one: {script: echo, rules: [{if: '$A == $B == $C'}]}\n",
            "invalid expression",
        ),
        ("[1, 2]\n", "Invalid configuration"),
        ("one: {script: [\n", "Invalid configuration"),
        ("one: {script: echo, timeout: never}\n", "duration"),
    ],
)
def test_what_is_not_supported_is_said(text, complaint):
    with pytest.raises(CiError, match=complaint):
        plan(text, context=Context(MAIN, []))


@given(st.text(max_size=300))
def test_any_text_gives_jobs_or_a_complaint(text):
    with contextlib.suppress(CiError):
        found = plan(text, context=Context(MAIN, []))

        assert all(job.script for job in found.jobs)


def test_a_hostile_glob_is_judged_at_all():
    # Tried way by way it would take longer than any test may.
    assert not matches("/".join("a" * 60), "/".join(["**"] * 20 + ["b"]))
