"""A scope names literal actions on literal resources, or it does not exist."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from bot.domain.scope import (
    BIRTH_TAG,
    AwsScope,
    DomainName,
    Scope,
    SshScope,
    Statement,
    TlsScope,
    is_ssh,
)

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


# Hosts and domains.

DOMAIN = TypeAdapter(DomainName)
LOGIN = SshScope.model_validate(
    {
        "host": "web-host",
        "address": "127.0.0.1",
        "port": 22,
        "user": "tandem",
        "principal": "web-host",
        "host_key": f"ssh-ed25519 {'A' * 68}",
        "python": "/usr/bin/python3",
        "become": False,
    }
)


@pytest.mark.parametrize(
    "domain", ["acme.example", "a.b-c.example", "xn--bcher-kva.example", "1.acme.fr"]
)
def test_a_domain_is_a_name_of_the_internet_in_its_one_spelling(domain):
    assert DOMAIN.validate_python(domain) == domain


@pytest.mark.parametrize(
    "domain",
    [
        "",
        "localhost",
        "*.acme.example",
        "Acme.example",
        "acme.example.",
        ".acme.example",
        "-a.example",
        "a-.example",
        "a..example",
        "a_b.example",
        "127.0.0.1",
        "acme.example\n",
        "acme.example;",
        "acme.example/../x",
        "b\u00fccher.example",
        "acme.ex\u202eample",
        f"{'a' * 64}.example",
        f"{'a' * 57}.example",
        "$(id).example",
        "{{x}}.example",
    ],
)
def test_whatever_else_is_typed_is_no_domain(domain):
    with pytest.raises(ValidationError):
        DOMAIN.validate_python(domain)


def test_a_right_for_a_domain_is_named_apart_from_the_login_that_only_looks():
    acts = TlsScope(login=LOGIN, domain="acme.example", https=443, issues=True)
    looks = acts.model_copy(update={"issues": False})

    assert (acts.name, looks.name, LOGIN.name) == (
        "tls-web-host",
        "ssh-web-host",
        "ssh-web-host",
    )
    assert [is_ssh(one) for one in (acts.name, looks.name, "rds-snapshot")] == [
        True,
        True,
        False,
    ]


def test_each_kind_of_scope_is_read_back_as_what_it_was():
    aws = AwsScope(name="rds-snapshot", statements=())
    tls = TlsScope(login=LOGIN, domain="acme.example", https=443, issues=True)
    read = TypeAdapter(Scope)

    for scope in (aws, LOGIN, tls):
        assert read.validate_json(scope.model_dump_json()) == scope
