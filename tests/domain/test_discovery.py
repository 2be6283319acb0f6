"""Code read into resources, laid beside AWS, and written into an inventory's text."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.discovery.code import Resource, resources
from bot.domain.discovery.inventory_text import with_targets
from bot.domain.discovery.proposing import Proposed, Thing, propose
from bot.domain.scope import Environment
from bot.outbound.catalog import load
from tests.contract.test_every_command import CATALOG

ACME = load(CATALOG).client("acme")
CODE = b"""
locals {
  servers = { "app-1" = { size = 1 }, "app-2" = { size = 2 } }
}
resource "aws_instance" "app" {
  for_each = local.servers
  ami      = "ami-1"
}
resource "aws_instance" "bastion_host" {
  tags = { Name = "bastion" }
}
resource "aws_db_instance" "orders" {
  identifier = "acme-orders"
}
resource "aws_ebs_volume" "data" {
  size = 10
}
resource "aws_instance" "counted" {
  count = 3
}
"""


def test_every_instance_of_a_for_each_has_its_address():
    found, _ = resources({"environments/production/main.tf": CODE})

    assert [one.address for one in found] == [
        'aws_instance.app["app-1"]',
        'aws_instance.app["app-2"]',
        "aws_instance.bastion_host",
        "aws_db_instance.orders",
    ]
    assert {one.directory for one in found} == {"environments/production"}


def test_names_are_guessed_from_tag_key_identifier_and_own_name():
    found, _ = resources({"environments/production/main.tf": CODE})

    names = {one.address: one.names for one in found}
    assert names['aws_instance.app["app-1"]'] == ("app-1",)
    assert names["aws_instance.bastion_host"] == (
        "bastion",
        "bastion_host",
        "bastion-host",
    )
    assert names["aws_db_instance.orders"][0] == "acme-orders"


def test_what_is_counted_of_no_kind_or_in_a_module_is_listed_with_the_reason():
    call = b'module "app" { source = "./app" }\n'
    inner = b'resource "aws_instance" "this" {}\n'

    _, unclear = resources({"p/main.tf": CODE + call, "p/app/main.tf": inner})

    reasons = {one.what: one.reason.key for one in unclear}
    assert reasons == {
        "p: aws_ebs_volume.data": "discover.no-kind",
        "p: aws_instance.counted": "refused.terraform-count",
        "p/app: aws_instance.this": "discover.in-module",
    }


def thing(name, kind="instance", **more):
    known = {"id": f"i-{name}", "client": "acme", "environment": "production"}
    return Thing(kind=kind, name=name, **{**known, **more})


def place(name, directory="environments/production", address="aws_instance.x"):
    return Resource("instance", directory, address, (name,))


def test_a_new_thing_is_proposed_with_the_one_place_that_could_be_it():
    found = propose(ACME, things=[thing("app-1")], resources=[place("app-1")])

    assert found.proposed == (
        Proposed("app-1", "instance", Environment.PRODUCTION, "app-1", place("app-1")),
    )


def test_a_thing_that_no_code_names_is_proposed_without_a_place():
    found = propose(ACME, things=[thing("app-1")], resources=[])

    assert found.proposed[0].resource is None


@pytest.mark.parametrize(
    ("given_things", "given_places", "key"),
    [
        ([thing("")], [], "discover.no-name"),
        ([thing("Has Space")], [], "discover.bad-name"),
        ([thing("x"), thing("x", id="i-2")], [], "discover.twins"),
        ([thing("app-1", environment="")], [], "discover.no-environment"),
        (
            [thing("app-1")],
            [place("app-1"), place("app-1", address="aws_instance.y")],
            "discover.many-places",
        ),
        ([thing("web-1", kind="database", id="web-1")], [], "discover.name-taken"),
        ([thing("app-1")], [place("other")], "discover.not-in-aws"),
    ],
)
def test_what_is_ambiguous_is_told_with_the_reason(given_things, given_places, key):
    found = propose(ACME, things=given_things, resources=given_places)

    assert key in {one.reason.key for one in found.unclear}


def test_the_folder_says_where_it_serves_when_no_tag_does():
    found = propose(
        ACME,
        things=[thing("app-1", environment="")],
        resources=[place("app-1", directory="environments/staging")],
    )

    assert found.proposed[0].environment is Environment.STAGING


def test_a_thing_of_another_client_is_never_proposed():
    found = propose(ACME, things=[thing("shop-9", client="globex")], resources=[])

    assert found.proposed == ()


def test_a_target_that_aws_no_longer_has_is_told_and_stays():
    found = propose(ACME, things=[thing("web-1", id="i-1")], resources=[])

    gone = {one.what for one in found.unclear if one.reason.key == "discover.gone"}
    assert gone == {"web-2", "web-staging"}


TEXT = "# kept\ntargets:\n  - name: web-1  # as is\n    kind: instance\n# end\n"


@given(st.text(min_size=1, max_size=40))
def test_whatever_a_value_is_it_reads_back_and_all_other_bytes_stay(value):
    one = Proposed("x", "instance", Environment.STAGING, value, None)
    lines = TEXT.splitlines(keepends=True)

    after = with_targets(TEXT, [one], end=3, indent=2)

    assert after.startswith("".join(lines[:4]))
    assert after.endswith("".join(lines[4:]))
    read = yaml.load(after, Loader=yaml.BaseLoader)["targets"]  # noqa: S506 - texts only
    assert read[1]["aws"]["name_tag"] == value
