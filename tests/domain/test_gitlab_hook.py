"""Whether a webhook is GitLab's, and what it hints at."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from bot.domain.gitlab_hook import HookHint, HookRefused, verify

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
TOKEN = SecretStr("a-plain-token")
SIGNING = SecretStr("whsec_" + base64.b64encode(b"k" * 32).decode())
BODY = json.dumps(
    {
        "project": {"id": 1, "path_with_namespace": "acme/infra"},
        "object_attributes": {"id": 70, "iid": 7},
    }
).encode()


def plain(token="a-plain-token", **more):
    return {
        "X-Gitlab-Token": token,
        "X-Gitlab-Event": "Merge Request Hook",
        "Idempotency-Key": "k-1",
        **more,
    }


def signed(body=BODY, *, at=NOW, key=b"k" * 32, identity="k-1"):
    stamp = str(int(at.timestamp()))
    mac = hmac.new(key, f"{identity}.{stamp}.".encode() + body, hashlib.sha256)
    return {
        "X-Gitlab-Event": "Merge Request Hook",
        "Idempotency-Key": "k-1",
        "webhook-id": identity,
        "webhook-timestamp": stamp,
        "webhook-signature": "v1," + base64.b64encode(mac.digest()).decode(),
    }


def test_the_right_token_gives_a_hint_and_no_more():
    found = verify(plain(), BODY, secret=TOKEN, now=NOW)

    assert found == HookHint(
        kind="merge_request",
        project="acme/infra",
        merge_request=7,
        pipeline=None,
        delivery="k-1",
    )


@pytest.mark.parametrize("token", ["", "a-plain-toke", "a-plain-token ", "é"])
def test_any_other_token_is_refused(token):
    assert isinstance(verify(plain(token), BODY, secret=TOKEN, now=NOW), HookRefused)


def test_without_a_secret_nothing_is_authentic():
    found = verify(plain(""), BODY, secret=SecretStr(""), now=NOW)

    assert isinstance(found, HookRefused)


def test_a_signature_of_the_body_is_enough_with_a_signing_token():
    assert isinstance(verify(signed(), BODY, secret=SIGNING, now=NOW), HookHint)


@pytest.mark.parametrize(
    "headers",
    [
        signed(b"{}"),
        signed(key=b"x" * 32),
        signed(at=NOW - timedelta(minutes=6)),
        signed(at=NOW + timedelta(minutes=6)),
        signed() | {"webhook-id": "k-2"},
        signed() | {"webhook-timestamp": "soon"},
        signed() | {"webhook-timestamp": "١٢"},
        signed() | {"webhook-signature": "v1,"},
        signed() | {"webhook-signature": ""},
        signed() | {"webhook-signature": "v2," + signed()["webhook-signature"][3:]},
        {k: v for k, v in signed().items() if k != "webhook-id"},
        plain(SIGNING.get_secret_value()),
    ],
)
def test_anything_else_is_refused_with_a_signing_token(headers):
    assert isinstance(verify(headers, BODY, secret=SIGNING, now=NOW), HookRefused)


@pytest.mark.parametrize(
    ("secret", "reason"),
    [
        ("whsec_not base64!", "the configured signing token is not base64"),
        ("whsec_", "no secret is configured"),
    ],
)
def test_a_signing_token_that_is_none_makes_nothing_authentic(secret, reason):
    headers = signed(key=b"")

    found = verify(headers, BODY, secret=SecretStr(secret), now=NOW)

    assert found == HookRefused(reason)


@pytest.mark.parametrize("key", ["", "a b", "é"])
def test_a_hook_without_a_delivery_id_is_refused(key):
    headers = plain(**{"Idempotency-Key": key})

    found = verify(headers, BODY, secret=TOKEN, now=NOW)

    assert found == HookRefused("no delivery id")


def test_a_signed_hook_never_falls_back_to_its_token():
    headers = plain() | signed(key=b"x" * 32)

    assert isinstance(verify(headers, BODY, secret=TOKEN, now=NOW), HookRefused)


def test_one_of_several_signatures_may_fit_while_a_key_changes():
    headers = signed()
    headers["webhook-signature"] = "v1,AAAA " + headers["webhook-signature"]

    assert isinstance(verify(headers, BODY, secret=SIGNING, now=NOW), HookHint)


def test_an_unknown_event_that_is_authentic_is_a_hint_of_another_kind():
    headers = plain(**{"X-Gitlab-Event": "Emoji Hook"})

    found = verify(headers, BODY, secret=TOKEN, now=NOW)

    assert isinstance(found, HookHint)
    assert (found.kind, found.merge_request) == ("other", None)


def test_the_pipeline_hook_names_request_and_pipeline():
    body = (
        b'{"project":{"id":1},"object_attributes":{"id":9},"merge_request":{"iid":7}}'
    )
    headers = plain(**{"X-Gitlab-Event": "Pipeline Hook"})

    found = verify(headers, body, secret=TOKEN, now=NOW)

    assert isinstance(found, HookHint)
    assert (found.merge_request, found.pipeline) == (7, 9)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b"\xff", b"[" * 100_000, b"1" * 2_000_001]
)
def test_unreadable_bodies_are_refused(body):
    assert isinstance(verify(plain(), body, secret=TOKEN, now=NOW), HookRefused)


@pytest.mark.parametrize(
    "path", [None, 1, "", "/acme/infra", "acme/infra\n", "acme/ïnfra", "a" * 502]
)
def test_a_project_that_has_no_path_of_gitlab_s_is_none(path):
    body = json.dumps({"project": {"path_with_namespace": path}}).encode()

    found = verify(plain(), body, secret=TOKEN, now=NOW)

    assert isinstance(found, HookHint)
    assert found.project is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "project",
                    "path_with_namespace",
                    "object_attributes",
                    "merge_request",
                    "id",
                    "iid",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(
    payload=JSON,
    event=st.sampled_from(
        ["Merge Request Hook", "Pipeline Hook", "Job Hook", "Note Hook", "Push Hook"]
    ),
)
def test_any_authentic_json_gives_numbers_or_nothing(payload, event):
    headers = plain(**{"X-Gitlab-Event": event})

    found = verify(headers, json.dumps(payload).encode(), secret=TOKEN, now=NOW)

    if isinstance(found, HookHint):
        for number in (found.merge_request, found.pipeline):
            assert number is None or 0 < number < 2**53


@given(
    headers=st.dictionaries(
        st.sampled_from([*plain(), *signed()]), st.text(max_size=30), max_size=8
    ),
    body=st.binary(max_size=50),
)
def test_arbitrary_senders_are_refused_without_an_error(headers, body):
    for secret in (TOKEN, SIGNING):
        assert isinstance(verify(headers, body, secret=secret, now=NOW), HookRefused)
