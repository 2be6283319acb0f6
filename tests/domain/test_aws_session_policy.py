"""The session policy is literal, short, dated, and the same for the same scope."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.aws_name import aws_arn
from bot.domain.aws_policy import LIMIT, session_policy
from bot.domain.errors import Broken
from bot.domain.scope import AwsScope, Statement

UNTIL = datetime(2026, 11, 23, 12, 0, 0, 999_999, tzinfo=UTC)
DB = "arn:aws:rds:eu-west-3:123456789012:db:acme-db-prod"

actions = st.from_regex(r"[a-z]{3}:(Create|Stop)[A-Za-z]{3,20}", fullmatch=True)
names = st.from_regex(r"[a-z][a-z0-9-]{0,20}", fullmatch=True)
resources = names.map(lambda n: f"arn:aws:rds:eu-west-3:123456789012:db:{n}")
statements = st.builds(
    Statement,
    actions=st.lists(actions, min_size=1, max_size=3).map(tuple),
    resources=st.lists(resources, min_size=1, max_size=3).map(tuple),
)
scopes = st.builds(
    AwsScope,
    name=st.just("some-scope"),
    statements=st.lists(statements, min_size=1, max_size=3).map(tuple),
)


def scope(*given_: Statement) -> AwsScope:
    return AwsScope(name="some-scope", statements=given_)


def one(*resources_: str, action: str = "rds:CreateDBSnapshot") -> AwsScope:
    return scope(Statement(actions=(action,), resources=resources_))


def test_a_policy_says_what_until_when_and_where():
    text = session_policy(one(DB), until=UNTIL, region="eu-west-3")

    assert json.loads(text) == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": ["rds:CreateDBSnapshot"],
                "Resource": [DB],
                "Condition": {
                    "DateLessThan": {"aws:CurrentTime": "2026-11-23T12:00:00Z"},
                    "StringEquals": {"aws:RequestedRegion": "eu-west-3"},
                },
            }
        ],
    }


@given(scopes)
def test_a_policy_grants_exactly_its_scope(given_):
    text = session_policy(given_, until=UNTIL, region="eu-west-3")

    granted = {
        (action, resource)
        for statement in json.loads(text)["Statement"]
        for action in statement["Action"]
        for resource in statement["Resource"]
    }
    assert granted == {
        (action, resource)
        for statement in given_.statements
        for action in statement.actions
        for resource in statement.resources
    }
    assert text.isascii()
    assert len(text) <= LIMIT
    assert "*" not in text


@given(scopes, st.randoms(use_true_random=False))
def test_the_order_in_which_a_scope_was_written_does_not_matter(given_, random):
    turned = []
    for statement in given_.statements:
        resources_ = [*statement.resources, statement.resources[0]]
        random.shuffle(resources_)
        turned.append(Statement(actions=statement.actions, resources=tuple(resources_)))
    random.shuffle(turned)

    first = session_policy(given_, until=UNTIL, region="eu-west-3")
    second = session_policy(scope(*turned), until=UNTIL, region="eu-west-3")

    assert first == second


@given(st.datetimes(timezones=st.just(timezone(timedelta(hours=5, minutes=45)))))
def test_the_end_is_in_utc_and_never_later_than_asked(until):
    if until.year < 1900 or until.year > 9000:
        return
    text = session_policy(one(DB), until=until, region="eu-west-3")

    (statement,) = json.loads(text)["Statement"]
    end = datetime.fromisoformat(
        statement["Condition"]["DateLessThan"]["aws:CurrentTime"]
    )
    assert timedelta() <= until - end < timedelta(seconds=1)


@pytest.mark.parametrize(
    "broken",
    [
        scope(),
        scope(Statement(actions=(), resources=(DB,))),
        scope(Statement(actions=("rds:CreateDBSnapshot",), resources=())),
        one("arn:aws:rds:eu-west-3:123456789012:db:${aws:username}"),
        one(*(f"{DB}-{n:040}" for n in range(30))),
    ],
)
def test_a_scope_that_is_empty_open_or_too_large_is_our_mistake(broken):
    with pytest.raises(Broken):
        session_policy(broken, until=UNTIL, region="eu-west-3")


@pytest.mark.parametrize("region", ["", "*", "eu-*", "eu-west-3\n", "EU-WEST-3"])
def test_a_region_is_one_region(region):
    with pytest.raises(Broken):
        session_policy(one(DB), until=UNTIL, region=region)


def test_an_end_without_zone_is_our_mistake():
    with pytest.raises(Broken):
        session_policy(one(DB), until=UNTIL.replace(tzinfo=None), region="eu-west-3")


@pytest.mark.parametrize(
    ("region", "start"),
    [
        ("eu-west-3", "arn:aws:rds:eu-west-3:"),
        ("cn-north-1", "arn:aws-cn:rds:cn-north-1:"),
        ("us-gov-west-1", "arn:aws-us-gov:rds:us-gov-west-1:"),
    ],
)
def test_an_arn_is_in_the_partition_of_its_region(region, start):
    arn = aws_arn("rds", region=region, account="123456789012", resource="db:x")

    assert arn == f"{start}123456789012:db:x"
