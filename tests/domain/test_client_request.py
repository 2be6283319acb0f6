"""What a client's own merge request bears on, and which operation it is."""

import re

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.client_request import drafted_by, operation_id, touched
from bot.domain.scope import Environment
from tests.domain.core_samples import catalog

PRODUCTION, STAGING = Environment.PRODUCTION, Environment.STAGING
TEXT = st.text(max_size=30)


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
