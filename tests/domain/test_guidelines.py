"""What the guidelines see in a client's own merge request, and what they let be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.guidelines import ChangedFile, Guide, review

GUIDE = Guide(folders=("environments/production", "modules"), tags=("Owner",))
GOOD = """\
terraform {
  required_providers {
    aws = { source = "hashicorp/aws", version = "~> 5.0" }
  }
}

resource "aws_instance" "web_2" {
  instance_type = "t3.medium"
  tags          = { Owner = "shop" }
}
"""
PATH = "environments/production/main.tf"


def looked_at(after, *, before=None, path=PATH, guide=GUIDE):
    old = None if before is None else before.encode()
    new = None if after is None else after.encode()
    return review([ChangedFile(path, old, new)], guide=guide)


def rules(found):
    return [(one.rule, one.line) for one in found]


def test_what_follows_the_guidelines_is_left_in_peace():
    assert looked_at(GOOD) == ()


@pytest.mark.parametrize(
    ("old", "new", "rule", "line"),
    [
        ('"web_2"', '"web-2"', "naming", 7),
        ("Owner =", "owner =", "tags", 7),
        ('"t3.medium"\n', '"t3.medium"  \n', "formatting", 8),
        ("  instance_type", "\tinstance_type", "formatting", 8),
        ('"~> 5.0"', '">= 5.0"', "pinned", 3),
        (', version = "~> 5.0"', "", "pinned", 3),
    ],
)
def test_what_does_not_is_told_with_its_line(old, new, rule, line):
    found = looked_at(GOOD.replace(old, new))

    assert rules(found) == [(rule, line)]


@pytest.mark.parametrize(
    ("version", "found"),
    [
        ('"~> 5.0"', []),
        ('"5.1.0"', []),
        ('">= 5.0"', [("pinned", 3)]),
        ("var.version", [("pinned", 3)]),
    ],
)
def test_a_provider_written_the_old_way_is_pinned_too(version, found):
    old = 'aws = { source = "hashicorp/aws", version = "~> 5.0" }'

    assert rules(looked_at(GOOD.replace(old, f"aws = {version}"))) == found


@pytest.mark.parametrize("tags", ["local.tags", "merge(local.tags, { a = 1 })"])
def test_tags_that_come_from_elsewhere_are_not_judged(tags):
    assert looked_at(GOOD.replace('{ Owner = "shop" }', tags)) == ()


def test_what_else_terraform_is_told_names_no_provider():
    backend = '  backend "s3" {\n    encrypt = true\n  }\n\n  required_providers {'

    assert looked_at(GOOD.replace("  required_providers {", backend)) == ()


# Put together here, so that nobody who scans this repository for secrets finds any.
SECRETS = {
    "aws-key": "AKIA" + "Q3ABCDEFGHIJKLM7",
    "private-key": "-----BEGIN RSA PRIVATE" + " KEY-----",
    "gitlab-token": "glpat" + "-aB3dE6gH9jK2mN5pQ8sT",
    "slack-token": "xoxb" + "-1234567890-abcdef",
}


@pytest.mark.parametrize("kind", SECRETS)
def test_a_secret_is_serious_and_is_never_repeated(kind):
    (found,) = looked_at(f'a = "{SECRETS[kind]}"\n', path="modules/a.txt")

    assert (found.rule, found.serious) == ("secret", True)
    assert found.message.args == {"kind": kind}


def test_a_value_given_to_a_password_is_a_secret():
    (found,) = looked_at('db_password = "Tr0ub4dor&3"\n', path="modules/a.txt")

    assert found.message.args == {"kind": "password"}


@pytest.mark.parametrize(
    "text",
    [
        'db_password = "${var.password}"',
        "db_password = var.password",
        'db_password = "{{ vault_password }}"',
        'db_password = "changeme-in-vault"',
    ],
)
def test_a_reference_to_a_secret_is_no_secret(text):
    assert looked_at(f"{text}\n", path="modules/a.tfvars") == ()


def test_what_stood_there_before_is_not_the_fault_of_today():
    before = GOOD.replace('"web_2"', '"web-2"')

    found = looked_at(f"# a new line on top\n{before}", before=before)

    assert found == ()


def test_a_second_fault_of_the_same_kind_is_told_although_one_was_there():
    before = GOOD.replace('"web_2"', '"web-2"')
    again = 'resource "aws_eip" "web-2" {\n}\n'

    found = looked_at(before + again, before=before)

    assert rules(found) == [("naming", 11)]


def test_a_changed_pipeline_is_serious_and_comes_first():
    files = [
        ChangedFile(PATH, None, b'resource "aws_eip" "a-b" {\n}\n'),
        ChangedFile(".gitlab-ci.yml", b"a: 1\n", b"a: 2\n"),
    ]

    found = review(files, guide=GUIDE)

    assert [(one.rule, one.serious) for one in found] == [
        ("pipeline", True),
        ("naming", False),
    ]


def test_a_new_file_elsewhere_is_told_where_it_belongs():
    (found,) = looked_at("a = 1\n", path="stuff/a.tfvars")

    assert found.rule == "layout"
    assert found.message.args == {"folders": "environments/production, modules"}


def test_a_file_that_was_there_may_stay_where_it_is():
    assert looked_at("a = 2\n", before="a = 1\n", path="stuff/a.tfvars") == ()


def test_terraform_that_does_not_parse_is_serious():
    (found,) = looked_at('resource "a" {\n')

    assert (found.rule, found.serious) == ("syntax", True)


def test_a_removed_file_has_no_faults():
    assert looked_at(None, before=GOOD.replace('"web_2"', '"web-2"')) == ()


@given(st.binary(max_size=300), st.sampled_from([PATH, "a.tfvars", "x.yml"]))
def test_whatever_is_in_a_file_it_is_read_without_a_fault_of_ours(content, path):
    found = review([ChangedFile(path, None, content)], guide=GUIDE)

    assert all(one.line >= 1 for one in found)


@given(st.text(max_size=200))
def test_a_file_that_did_not_change_gives_no_advice(text):
    assert looked_at(text, before=text) == ()
