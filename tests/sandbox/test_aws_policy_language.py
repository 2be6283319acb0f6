"""The guard's reading of IAM policies: what it does not know is against the caller."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.sandbox.aws.answer import Rejected
from deploy.sandbox.aws.call import parse
from deploy.sandbox.aws.policy import Request, Verdict, allowed, decide, matches
from deploy.sandbox.aws.resources import needs

DB = "arn:aws:rds:eu-west-3:123456789012:db:acme-db-prod"
REQUEST = Request(
    "rds:CreateDBSnapshot",
    DB,
    {
        "aws:requestedregion": ("eu-west-3",),
        "aws:currenttime": ("2026-11-23T12:00:00+00:00",),
    },
)


def document(effect="Allow", **parts):
    whole = {"Effect": effect, "Action": "rds:CreateDBSnapshot", "Resource": DB}
    return {"Statement": [{**whole, **parts}]}


def verdict(*documents):
    return decide(documents, REQUEST)


def test_silence_is_no_permission():
    assert verdict() is Verdict.SILENT
    assert not allowed([], None, REQUEST)


def test_the_literal_grant_allows():
    assert verdict(document()) is Verdict.ALLOW


@pytest.mark.parametrize(
    "parts",
    [
        {"Action": "rds:CreateDBSnapshots"},
        {"Action": "rds:"},
        {"Action": "ec2:*"},
        {"Resource": DB + "-2"},
        {"Resource": DB[:-1]},
        {"Resource": DB.upper()},
        {"Resource": "arn:aws:rds:eu-west-3:123456789012:db:globex-*"},
        {"Condition": {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}},
        {"Condition": {"StringEquals": {"aws:Absent": "x"}}},
        {"Condition": {"StringNotEquals": {"aws:RequestedRegion": "eu-west-3"}}},
        {"Condition": {"DateLessThan": {"aws:CurrentTime": "2026-11-23T12:00:00Z"}}},
        {"Condition": {"DateLessThan": {"aws:CurrentTime": "soon"}}},
        {"Condition": {"StringLikely": {"aws:RequestedRegion": "eu-west-3"}}},
        {"Condition": {"ForAnyValue:StringEquals": {"aws:RequestedRegion": "*"}}},
        {"Resource": "arn:aws:rds:eu-west-3:123456789012:db:${aws:username}*"},
    ],
)
def test_a_grant_that_does_not_fit_allows_nothing(parts):
    assert verdict(document(**parts)) is Verdict.SILENT


@pytest.mark.parametrize(
    "parts",
    [
        {"Action": ["ec2:*", "RDS:createdbsnapshot"]},
        {"Action": "rds:Create*"},
        {"Resource": "*"},
        {"Resource": ["x", DB[:-4] + "????"]},
        {"Condition": {"StringLike": {"aws:RequestedRegion": "eu-*"}}},
        {"Condition": {"StringEqualsIfExists": {"aws:Absent": "x"}}},
        {"Condition": {"StringNotEquals": {"aws:Absent": "x"}}},
        {"Condition": {"DateLessThan": {"aws:CurrentTime": "2026-11-23T12:00:01Z"}}},
        {"Condition": {"DateGreaterThan": {"aws:CurrentTime": "2026-11-23"}}},
    ],
)
def test_a_grant_that_fits_allows(parts):
    assert verdict(document(**parts)) is Verdict.ALLOW


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"Condition": {"StringLikely": {"aws:RequestedRegion": "elsewhere"}}},
        {"Resource": "arn:aws:rds:*:*:db:${aws:username}"},
        {"Action": "*", "Resource": "*"},
    ],
)
def test_a_deny_wins_even_one_that_is_not_understood(parts):
    assert verdict(document(), document("Deny", **parts)) is Verdict.DENY


def test_not_action_and_not_resource_are_the_rest():
    others = {"Effect": "Allow", "NotAction": "iam:*", "NotResource": DB + "-2"}

    assert verdict({"Statement": others}) is Verdict.ALLOW


def test_role_and_session_policy_must_both_allow():
    wide, narrow = document(Action="*", Resource="*"), document(Resource=DB + "-2")

    assert allowed([wide], [wide], REQUEST)
    assert not allowed([wide], [narrow], REQUEST)
    assert not allowed([narrow], [wide], REQUEST)
    assert not allowed([wide], [], REQUEST)


@given(st.text(max_size=40), st.text(max_size=40))
def test_a_pattern_without_signs_matches_itself_alone(pattern, text):
    plain = pattern.replace("*", "").replace("?", "").replace("$", "")

    assert matches(plain, plain)
    assert matches(plain, text) == (plain == text)


def call(body: bytes):
    credential = "Credential=AKIA0000/20261123/eu-west-3/rds/aws4_request"
    return parse({"authorization": f"AWS4-HMAC-SHA256 {credential}"}, body)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"Action=",
        b"Action=Describe%20DBInstances",
        b"Action=StopDBInstance&Action=DescribeDBInstances",
        b"Action=CreateDBSnapshot&DBInstanceIdentifier=a&DBInstanceIdentifier=b",
        b"\xff=1",
    ],
)
def test_what_has_two_readings_or_none_is_no_call(body):
    with pytest.raises(Rejected):
        call(body)


def test_an_unmapped_call_asks_for_everything():
    (need,) = needs(call(b"Action=DeleteDBCluster&DBClusterIdentifier=x"))

    assert need.resource == "*"


def test_names_of_databases_are_compared_as_rds_folds_them():
    (need,) = needs(call(b"Action=DeleteDBInstance&DBInstanceIdentifier=GLOBEX-shop"))

    assert need.resource.endswith(":db:globex-shop")
