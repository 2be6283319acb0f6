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
        "aws_ebs_volume.data",
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


def test_what_is_counted_or_in_a_module_is_listed_with_the_reason():
    call = b'module "app" { source = "./app" }\n'
    inner = b'resource "aws_instance" "this" {}\n'

    _, unclear = resources({"p/main.tf": CODE + call, "p/app/main.tf": inner})

    reasons = {one.what: one.reason.key for one in unclear}
    assert reasons == {
        "p: aws_instance.counted": "refused.terraform-count",
        "p/app: aws_instance.this": "discover.in-module",
    }


def test_code_that_cannot_be_read_is_told_once_and_nothing_is_guessed():
    found, unclear = resources({"p/main.tf": CODE, "q/main.tf": b"\n= 1\n"})

    assert found == ()
    assert [(one.what, one.reason.key) for one in unclear] == [
        ("*.tf", "refused.terraform-syntax")
    ]
    assert unclear[0].reason.args["file"] == "q/main.tf"
    assert unclear[0].reason.args["line"] == 2


def test_a_module_from_elsewhere_hides_nothing_here():
    call = b'module "vpc" { source = "terraform-aws-modules/vpc/aws" }\n'

    found, unclear = resources({"p/main.tf": CODE + call})

    assert "aws_ebs_volume.data" in {one.address for one in found}
    assert [one.what for one in unclear] == ["p: aws_instance.counted"]


def test_code_in_json_is_found_as_code_in_hcl_is():
    code = (
        b'{"resource": {"aws_instance": {"app": {"for_each": {"app-1": {}}},'
        b'"web_2": {"tags": {"Name": "web"}}}},'
        b'"module": {"m": {"source": "./m"}}}'
    )
    inner = b'{"resource": {"aws_instance": {"this": {}}}}'

    found, unclear = resources({"p/main.tf.json": code, "p/m/main.tf.json": inner})

    assert {one.address: one.names for one in found} == {
        'aws_instance.app["app-1"]': ("app-1",),
        "aws_instance.web_2": ("web", "web_2", "web-2"),
    }
    assert [(one.what, one.reason.key) for one in unclear] == [
        ("p/m: aws_instance.this", "discover.in-module")
    ]


GROUPS = b"""
resource "aws_security_group" "front" {
  name = "acme-front"
  tags = { Name = "front" }
}
data "aws_security_group" "load_balancer" {
  tags = merge(local.tags, { Name = "lb" })
}
data "aws_vpc" "main" {}
"""
RULE = """
resource "%s" "r" {
  security_group_id = %s.id
}
"""
CLASSIC, NEW = "aws_security_group_rule", "aws_vpc_security_group_ingress_rule"


def rule(kind, of):
    return (RULE % (kind, of)).encode()


def found_groups(files):
    found, _ = resources(files)
    return {one.address: one for one in found if one.kind == "security_group"}


def test_a_group_in_json_is_not_proposed_since_no_rule_is_written_there():
    code = b'{"resource": {"aws_security_group": {"a": {"name": "x"}}}}'

    found, unclear = resources({"p/main.tf.json": code})

    assert not found
    assert [one.reason.key for one in unclear] == ["refused.terraform-json"]


def test_a_rule_in_json_is_a_rule_of_its_group():
    rules = (
        b'{"resource": {"aws_security_group_rule": {"other": {}, "r": '
        b'{"security_group_id": "${aws_security_group.front.id}"}}}}'
    )

    found = found_groups({"p/main.tf": GROUPS, "p/r.tf.json": rules, "q/r.tf": b""})

    assert found["aws_security_group.front"].rules == CLASSIC


def test_a_volume_is_found_under_its_own_name():
    found, _ = resources({"p/main.tf": CODE})

    (disk,) = [one for one in found if one.kind == "volume"]
    assert (disk.address, disk.names) == ("aws_ebs_volume.data", ("data",))


def test_security_groups_are_found_as_resources_and_as_data():
    found = found_groups({"p/main.tf": GROUPS})

    assert list(found) == [
        "aws_security_group.front",
        "data.aws_security_group.load_balancer",
    ]
    front, balancer = found.values()
    assert front.names == ("front", "acme-front")
    assert balancer.names == ("load_balancer", "load-balancer")


def test_a_name_that_is_no_text_is_no_guess():
    found = found_groups(
        {"p/m.tf": b'resource "aws_security_group" "g" {\nname = 5\n}'}
    )

    assert found["aws_security_group.g"].names == ("g",)


@pytest.mark.parametrize(
    ("files", "kind"),
    [
        ({}, ""),
        ({"p/r.tf": rule(NEW, "aws_security_group.front")}, NEW),
        # Its own rule says more than another group's beside it, or one elsewhere.
        (
            {
                "p/r.tf": rule(CLASSIC, "aws_security_group.front")
                + rule(NEW, "data.aws_security_group.load_balancer"),
                "q/r.tf": rule(NEW, "aws_security_group.x"),
            },
            CLASSIC,
        ),
        ({"p/r.tf": rule(CLASSIC, "aws_security_group.other")}, CLASSIC),
        ({"q/r.tf": rule(CLASSIC, "aws_security_group.other")}, CLASSIC),
    ],
)
def test_which_resource_a_rule_is_is_told_by_the_rules_there_are(files, kind):
    found = found_groups({"p/main.tf": GROUPS, **files})

    assert found["aws_security_group.front"].rules == kind


@pytest.mark.parametrize(
    ("inner", "more", "key"),
    [
        ("count = 2", b"", "discover.several-groups"),
        ("for_each = local.x", b"", "discover.several-groups"),
        ("ingress {\n}", b"", "discover.rules-inside"),
        ('dynamic "ingress" {\n}', b"", "discover.rules-inside"),
        ("ingress = []", b"", "discover.rules-inside"),
        ("", rule(NEW, "x.y") + rule(CLASSIC, "x.y"), "discover.two-kinds"),
    ],
)
def test_a_group_beside_which_no_rule_could_be_written_is_told(inner, more, key):
    block = f'resource "aws_security_group" "g" {{\n{inner}\n}}\n'.encode()

    found, unclear = resources({"p/main.tf": block + more})

    assert found == ()
    assert {one.what: one.reason.key for one in unclear} == {
        "p: aws_security_group.g": key
    }


def test_data_in_a_module_is_told_by_its_whole_address():
    call = b'module "m" { source = "./m" }\n'

    _, unclear = resources({"p/main.tf": call, "p/m/main.tf": GROUPS})

    assert "p/m: data.aws_security_group.load_balancer" in {one.what for one in unclear}


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


@pytest.mark.parametrize("kind", ["volume", "security_group"])
def test_what_hangs_on_something_and_has_no_name_is_no_target(kind):
    found = propose(ACME, things=[thing("", kind=kind, part_of="i-9")], resources=[])

    assert found.proposed == ()
    assert not [one for one in found.unclear if one.what == f"{kind} i-"]


@pytest.mark.parametrize("kind", ["volume", "security_group"])
def test_volumes_and_groups_are_known_by_their_name_tag(kind):
    name = {"volume": "uploads", "security_group": "shop-front"}[kind]

    found = propose(ACME, things=[thing(name, kind=kind)], resources=[])

    assert found.proposed == ()


@pytest.mark.parametrize(
    ("instance", "target"), [("web-1", "web-1"), ("app-1", "app-1"), ("", "")]
)
def test_a_disk_says_which_target_it_hangs_on_known_or_new(instance, target):
    things = [thing("data", kind="volume", id="vol-1", part_of=f"i-{instance}")]
    things += [thing(instance)] if instance else []

    found = propose(ACME, things=things, resources=[])

    (disk,) = [one for one in found.proposed if one.kind == "volume"]
    assert (disk.identity, disk.instance) == ("data", target)


def test_a_thing_of_another_client_is_never_proposed():
    found = propose(ACME, things=[thing("shop-9", client="globex")], resources=[])

    assert found.proposed == ()


def test_a_target_that_aws_no_longer_has_is_told_and_stays():
    found = propose(ACME, things=[thing("web-1", id="i-1")], resources=[])

    gone = {one.what for one in found.unclear if one.reason.key == "discover.gone"}
    assert gone == {"web-2", "web-staging"}


TEXT = "# kept\ntargets:\n  - name: web-1  # as is\n    kind: instance\n# end\n"


def test_a_text_whose_last_line_is_not_ended_is_ended_first():
    one = Proposed("app-1", "instance", Environment.STAGING, "app-1", None)

    after = with_targets(TEXT.rstrip(), [one], end=4, indent=2)

    assert after.startswith(f"{TEXT}\n  - name: app-1\n")
    names = [each["name"] for each in yaml.safe_load(after)["targets"]]
    assert names == ["web-1", "app-1"]


@given(st.text(min_size=1, max_size=40))
def test_whatever_a_value_is_it_reads_back_and_all_other_bytes_stay(value):
    one = Proposed("x", "instance", Environment.STAGING, value, None)
    lines = TEXT.splitlines(keepends=True)

    after = with_targets(TEXT, [one], end=3, indent=2)

    assert after.startswith("".join(lines[:4]))
    assert after.endswith("".join(lines[4:]))
    read = yaml.load(after, Loader=yaml.BaseLoader)["targets"]  # noqa: S506 - texts only
    assert read[1]["aws"]["name_tag"] == value


def written(one):
    after = with_targets(TEXT, [one], end=3, indent=2)
    return yaml.safe_load(after)["targets"][1]


def test_a_volume_is_written_with_its_instance_and_a_group_with_its_rules():
    group = Resource("security_group", "p", "data.aws_security_group.g", (), CLASSIC)
    environment = Environment.STAGING

    disk = written(Proposed("d", "volume", environment, "d", None, "web-1"))
    rules = written(Proposed("g", "security_group", environment, "g", group))

    assert (disk["instance"], disk["aws"]) == ("web-1", {"name_tag": "d"})
    assert (rules["rules"], rules["aws"]) == (CLASSIC, {"name_tag": "g"})
    assert rules["terraform"]["address"] == "data.aws_security_group.g"
