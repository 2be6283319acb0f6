"""A scope names literal actions on literal resources, or it does not exist."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.domain.scope import BIRTH_TAG, AwsScope, Statement

ARN = "arn:aws:rds:eu-west-3:123456789012:db:acme-db-prod"


@given(st.text(max_size=30), st.sampled_from("*?"), st.text(max_size=30))
def test_a_resource_has_no_wildcard(before, wild, after):
    resource = f"{before}{wild}{after}"

    if resource == "*":
        return
    with pytest.raises(ValidationError, match="literally"):
        Statement(actions=("rds:DescribeDBInstances",), resources=(ARN, resource))


@pytest.mark.parametrize("verb", ["Describe", "List", "Get"])
def test_only_what_reads_may_be_on_everything(verb):
    statement = Statement(actions=(f"rds:{verb}Things",), resources=("*",))

    assert statement.resources == ("*",)


@pytest.mark.parametrize(
    "action",
    [
        "rds:DeleteDBInstance",
        "rds:CreateDBSnapshot",
        "sts:AssumeRole",
        "iam:PassRole",
        "rds:describeDBInstances",
        "ec2:StopGetInstances",
    ],
)
def test_what_changes_must_name_its_resource(action):
    with pytest.raises(ValidationError, match="must name its resources"):
        Statement(actions=("rds:DescribeDBInstances", action), resources=(ARN, "*"))


@pytest.mark.parametrize(
    "action",
    ["*", "rds:*", "rds:Create*", "rds:", ":Create", "RDS:Create", "rds:Créer",
     "rds:Create\n", "rds", "rds:a b"],
)  # fmt: skip
def test_an_action_is_one_literal_name(action):
    with pytest.raises(ValidationError):
        Statement(actions=(action,), resources=(ARN,))


@pytest.mark.parametrize(
    "name", ["", "a", "Rds", "1rds", "rds_backup", "rds-backup\n", "../x", "r" * 42]
)
def test_a_scope_has_a_name_that_can_only_be_a_name(name):
    with pytest.raises(ValidationError):
        AwsScope(name=name, statements=())


def test_a_literal_statement_is_taken_as_it_is():
    statement = Statement(actions=("rds:CreateDBSnapshot",), resources=(ARN,))

    scope = AwsScope(name="rds-backup", statements=(statement,))

    assert scope.statements[0].resources == (ARN,)


def test_what_has_no_name_yet_is_allowed_only_with_the_operation_s_tag():
    born = "arn:aws:ec2:eu-west-3::snapshot/*"
    tag = ((BIRTH_TAG, "abcdefghij234567abcd"),)

    Statement(actions=("ec2:CreateSnapshot",), resources=(born,), when=tag)

    for actions, resource, when in [
        (("ec2:CreateSnapshot",), born, ()),
        (("ec2:DeleteSnapshot",), born, tag),
        (("ec2:CreateSnapshot",), "arn:aws:ec2:eu-west-3:123456789012:volume/*", tag),
        (("ec2:CreateSnapshot",), born, ((BIRTH_TAG, "*"),)),
        (("ec2:CreateSnapshot",), born, ((BIRTH_TAG, "${aws:username}"),)),
    ]:
        with pytest.raises(ValidationError):
            Statement(actions=actions, resources=(resource,), when=when)
