"""STS lends a role against a verified token that the role trusts, and only so."""

from __future__ import annotations

import json
from datetime import timedelta

import jwt
import pytest
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives.asymmetric import ec

from deploy.sandbox.aws.sts import TAGS_CLAIM
from deploy.sandbox.clock import now
from tests.aws_world import ROLE, OidcIssuer, seeded_world


@pytest.fixture(scope="module")
def seeded(tmp_path_factory):
    with seeded_world(tmp_path_factory.mktemp("aws")) as world:
        yield world


@pytest.fixture
def aws(seeded, tmp_path):
    with seeded.served(tmp_path) as world:
        yield world


def refusal(aws, **asked) -> str:
    with pytest.raises(ClientError) as refused:
        aws.assume(**asked)
    return refused.value.response["Error"]["Code"]


def test_a_token_of_the_client_opens_the_clients_role(aws):
    lent = aws.assume(DurationSeconds=900)

    assert lent["AccessKeyId"].startswith("ASIA")
    assert timedelta(seconds=890) < lent["Expiration"] - now() <= timedelta(seconds=900)
    (effect,) = aws.cloud.ledger.effects("sts:*")
    assert effect.principal.endswith(f"assumed-role/tandem-acme/{effect.session}")


@pytest.mark.parametrize("client", ["globex", "ACME", "acme-2", "", "*", "acm?"])
def test_a_token_of_another_client_is_refused_by_the_roles_trust(aws, client):
    code = refusal(aws, WebIdentityToken=aws.issuer.token(client))

    assert code == "AccessDenied"
    assert aws.cloud.ledger.denials("sts:AssumeRoleWithWebIdentity")


def test_a_role_that_does_not_exist_looks_like_one_that_does_not_trust(aws):
    assert refusal(aws, RoleArn=ROLE + "-2") == "AccessDenied"
    assert refusal(aws, RoleArn="arn:aws:iam::123456789012:user/x") == "AccessDenied"


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"aud": "elsewhere"}, "InvalidIdentityToken"),
        ({"iss": "http://127.0.0.1:1/v1/identity/oidc"}, "InvalidIdentityToken"),
        ({"exp": 1}, "ExpiredTokenException"),
        ({"nbf": 33333333333}, "InvalidIdentityToken"),
        ({"exp": None}, "InvalidIdentityToken"),
        ({"sub": None}, "InvalidIdentityToken"),
    ],
)
def test_a_token_with_wrong_claims_is_refused(aws, claims, code):
    kept = {k: v for k, v in claims.items() if v is not None}
    token = aws.issuer.token(**kept)
    if None in claims.values():
        whole = jwt.decode(token, options={"verify_signature": False})
        whole = {k: v for k, v in whole.items() if k not in claims}
        token = jwt.encode(
            whole, aws.issuer.key, algorithm="ES256", headers={"kid": "k1"}
        )

    assert refusal(aws, WebIdentityToken=token) == code


def test_a_token_signed_by_another_key_is_refused(aws):
    forger = OidcIssuer(aws.issuer.url, ec.generate_private_key(ec.SECP256R1()))

    code = refusal(aws, WebIdentityToken=forger.token())

    assert code == "InvalidIdentityToken"


def test_a_token_under_an_unknown_key_is_refused(aws):
    stranger = OidcIssuer(aws.issuer.url, aws.issuer.key, kid="k9")

    assert refusal(aws, WebIdentityToken=stranger.token()) == "InvalidIdentityToken"


def test_a_changed_token_is_refused(aws):
    head, body, signature = aws.issuer.token("globex").split(".")
    _, other, _ = aws.issuer.token("acme").split(".")

    assert refusal(aws, WebIdentityToken=f"{head}.{other}.{signature}") == (
        "InvalidIdentityToken"
    )
    assert body != other


def test_an_unsigned_token_is_refused(aws):
    claims = jwt.decode(aws.issuer.token(), options={"verify_signature": False})
    token = jwt.encode(claims, None, algorithm="none", headers={"kid": "k1"})

    assert refusal(aws, WebIdentityToken=token) == "InvalidIdentityToken"


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "ä", "." * 100])
def test_what_is_no_token_is_refused(aws, token):
    assert refusal(aws, WebIdentityToken=token) == "InvalidIdentityToken"


def test_tags_in_a_token_need_a_trust_that_lets_it_tag(aws):
    token = aws.issuer.token(**{TAGS_CLAIM: {"principal_tags": {"client": ["acme"]}}})

    assert refusal(aws, WebIdentityToken=token) == "AccessDenied"


def test_tags_in_a_token_are_session_tags_where_the_trust_allows(aws):
    iam = aws.admin("iam")
    role = iam.get_role(RoleName="tandem-acme")["Role"]
    trust = role["AssumeRolePolicyDocument"]
    (statement,) = trust["Statement"]
    statement["Action"] = ["sts:AssumeRoleWithWebIdentity", "sts:TagSession"]
    statement["Condition"] = {"StringEquals": {"aws:RequestTag/client": "acme"}}
    iam.update_assume_role_policy(
        RoleName="tandem-acme", PolicyDocument=json.dumps(trust)
    )
    tags = {TAGS_CLAIM: {"principal_tags": {"client": ["acme"]}}}
    other = {TAGS_CLAIM: {"principal_tags": {"client": ["globex"]}}}

    lent = aws.assume(WebIdentityToken=aws.issuer.token("nobody", **tags))

    assert lent["AccessKeyId"]
    assert refusal(aws, WebIdentityToken=aws.issuer.token(**other)) == "AccessDenied"


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"DurationSeconds": 899}, "ValidationError"),
        ({"DurationSeconds": 3601}, "ValidationError"),
        ({"DurationSeconds": "x"}, "ValidationError"),
        ({"RoleSessionName": "x"}, "ValidationError"),
        ({"RoleSessionName": "a b"}, "ValidationError"),
        ({"RoleSessionName": "x" * 65}, "ValidationError"),
        ({"Policy": "x" * 2049}, "PackedPolicyTooLarge"),
        ({"Policy": "{"}, "MalformedPolicyDocument"),
        ({"Policy": '{"Statement":[{"Effect":"Allow"}]}'}, "MalformedPolicyDocument"),
        ({"PolicyArns": [{"arn": "arn:aws:iam::aws:policy/x"}]}, "ValidationError"),
    ],
)
def test_sts_refuses_what_it_refuses_on_aws(aws, asked, code):
    assert refusal(aws, **asked) == code


def test_an_issuer_that_is_not_registered_is_refused(aws):
    provider = aws.issuer.url.partition("://")[2]
    aws.admin("iam").delete_open_id_connect_provider(
        OpenIDConnectProviderArn=f"arn:aws:iam::123456789012:oidc-provider/{provider}"
    )

    assert refusal(aws) == "InvalidIdentityToken"


def test_neither_token_nor_credentials_reach_the_ledger(aws, tmp_path):
    token = aws.issuer.token()

    lent = aws.assume(WebIdentityToken=token)

    written = (tmp_path / "ledger.jsonl").read_text()
    for secret in (token, lent["SecretAccessKey"], lent["SessionToken"]):
        assert secret not in written
