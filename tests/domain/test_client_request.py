"""What a client's own merge request bears on, and which operation it is."""

import re
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.client_request import drafted_by, operation_id, touched
from bot.domain.scope import Environment

PRODUCTION, STAGING = Environment.PRODUCTION, Environment.STAGING
TEXT = st.text(max_size=30)
FOLDERS = {"environments/production": PRODUCTION, "environments/staging": STAGING}
ACME = SimpleNamespace(
    targets=[
        SimpleNamespace(terraform=SimpleNamespace(directory=folder), environment=where)
        for folder, where in FOLDERS.items()
    ]
    + [SimpleNamespace(terraform=None, environment=PRODUCTION)]
)


@given(TEXT, TEXT, st.integers(1, 10**6), TEXT)
def test_one_commit_of_one_request_is_one_operation(client, project, iid, sha):
    first = operation_id(client=client, project=project, iid=iid, head_sha=sha)
    again = operation_id(client=client, project=project, iid=iid, head_sha=sha)

    assert first == again
    assert re.fullmatch(r"[a-z2-7]{20}", first)


@given(st.integers(1, 99), st.integers(1, 99))
def test_another_request_is_another_operation(one, other):
    ids = {
        operation_id(client="acme", project="acme/infra", iid=iid, head_sha="a" * 40)
        for iid in (one, other)
    }

    assert len(ids) == len({one, other})


def test_only_a_branch_named_like_ours_may_be_ours():
    assert drafted_by("tandem/abc") == "abc"
    assert drafted_by("feature/tandem/abc") is None


@pytest.mark.parametrize(
    ("paths", "planned", "whole"),
    [
        (["environments/staging/main.tf"], (STAGING,), STAGING),
        (["environments/production/main.tf"], (PRODUCTION,), PRODUCTION),
        (
            ["environments/staging/a.tf", "environments/production/a.tf"],
            (PRODUCTION, STAGING),
            PRODUCTION,
        ),
        (["environments/staging/a.tf", "modules/web/a.tf"], (STAGING,), PRODUCTION),
        ([".gitlab-ci.yml"], (), PRODUCTION),
        (["environments/staging-old/a.tf"], (), PRODUCTION),
    ],
)
def test_what_is_in_no_environment_s_folder_may_bear_on_production(
    paths, planned, whole
):
    found = touched(ACME, paths)

    assert (found.planned, found.whole) == (planned, whole)
