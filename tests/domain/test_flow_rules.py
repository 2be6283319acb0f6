"""`/infra flow` as both kinds of rule that a client's Terraform may use."""

from pathlib import Path

import pytest

from bot import registry
from bot.domain.terraform.whole import whole_resource
from bot.flow.line import read_line
from bot.outbound.catalog import load

CATALOG = Path(__file__).parents[2] / "deploy/sandbox/catalog"
GROUP = b"""\
data "aws_security_group" "shop_front" {
  name = "shop-front"
}
"""
MODERN = {
    "10.1.0.0/16 shop-front 8443": """
resource "aws_vpc_security_group_ingress_rule" "shop_front_8443_tcp_from_10_1_0_0_16" {
  security_group_id = data.aws_security_group.shop_front.id
  ip_protocol       = "tcp"
  from_port         = 8443
  to_port           = 8443
  cidr_ipv4         = "10.1.0.0/16"
}
""",
    "fd00:a::/48 shop-front 8443/udp": """
resource "aws_vpc_security_group_ingress_rule" "shop_front_8443_udp_from_fd00_a___48" {
  security_group_id = data.aws_security_group.shop_front.id
  ip_protocol       = "udp"
  from_port         = 8443
  to_port           = 8443
  cidr_ipv6         = "fd00:a::/48"
}
""",
}
CLASSIC = {
    "fd00:a::/48 shop-front 8443/udp": """
resource "aws_security_group_rule" "shop_front_8443_udp_from_fd00_a___48" {
  type              = "ingress"
  security_group_id = data.aws_security_group.shop_front.id
  protocol          = "udp"
  from_port         = 8443
  to_port           = 8443
  ipv6_cidr_blocks  = ["fd00:a::/48"]
}
""",
}
EVERY = [
    *(("aws_vpc_security_group_ingress_rule", *one) for one in MODERN.items()),
    *(("aws_security_group_rule", *one) for one in CLASSIC.items()),
]


def edited(line, *, rules, files):
    """Return the client's one file after the line, with groups of this kind of rule."""
    commands = registry.load().commands
    acme = load(CATALOG, commands=commands).client("acme")
    group = acme.target("shop-front").model_copy(update={"rules": rules})
    change = read_line(line, commands=commands).change(group, acme)
    (edit,) = change.edits
    return whole_resource(files, edit).after


@pytest.mark.parametrize(("rules", "asked", "block"), EVERY)
def test_a_flow_is_one_resource_of_the_kind_that_the_client_uses(rules, asked, block):
    file = "environments/production/network.tf"

    there = edited(f"flow open {asked}", rules=rules, files={file: GROUP})
    gone = edited(f"flow close {asked}", rules=rules, files={file: there})

    assert there.decode() == GROUP.decode() + block
    assert gone == GROUP
