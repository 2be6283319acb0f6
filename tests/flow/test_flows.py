"""A way in is one rule of one security group: opened, closed, and read back."""

import pytest

from bot.domain.operation import State
from bot.domain.scope import Risk
from bot.outbound.speech import Speech

NETWORK = "environments/production/network.tf"
OPEN = "flow open 203.0.113.0/24 shop-front 8443"
CLOSE = "flow close 203.0.113.0/24 shop-front 8443"
BLOCK = """
resource "aws_security_group_rule" "shop_front_8443_tcp_from_203_0_113_0_24" {
  type              = "ingress"
  security_group_id = data.aws_security_group.shop_front.id
  protocol          = "tcp"
  from_port         = 8443
  to_port           = 8443
  cidr_blocks       = ["203.0.113.0/24"]
}
"""


async def done(ops, line, *, by=None):
    card = await (by or ops.alice).asks(line)
    await ops.bob.approves(card)
    await ops.works()
    return card


async def test_a_flow_is_opened_by_review_and_read_back(ops):
    before = await ops.git.main(NETWORK)

    card = await done(ops, OPEN)

    assert await ops.state(card) is State.DONE
    assert ops.aws.lets_in("shop-front") == {(8443, "tcp", "203.0.113.0/24")}
    assert await ops.git.main(NETWORK) == before + BLOCK
    assert "flow = open" in await ops.again(card)


async def test_what_was_opened_is_closed_and_every_byte_is_back(ops):
    before = await ops.git.main(NETWORK)
    await done(ops, OPEN)

    card = await done(ops, CLOSE)

    assert await ops.state(card) is State.DONE
    assert ops.aws.lets_in("shop-front") == set()
    assert await ops.git.main(NETWORK) == before


async def test_the_plan_of_a_flow_is_one_rule_and_no_surprise(ops):
    card = await ops.alice.asks(OPEN)
    proposal = card.operation.proposal

    address = "aws_security_group_rule.shop_front_8443_tcp_from_203_0_113_0_24"
    assert proposal.plan == (f"+ {address}",)
    assert proposal.findings == ()
    assert proposal.risk is Risk.MEDIUM
    assert proposal.way_back == CLOSE


async def test_the_way_back_of_closing_is_opening(ops):
    await done(ops, OPEN)

    card = await ops.alice.asks(CLOSE)

    assert card.operation.proposal.way_back == OPEN
    assert card.operation.proposal.findings == ()
    assert "Connections that stand may go on" in card


async def test_opening_twice_is_refused_with_the_line_it_stands_on(ops):
    await done(ops, OPEN)

    refused = await ops.alice.asks(OPEN)

    assert refused.operation.state is State.REFUSED
    assert "is there already: environments/production/network.tf line 13" in refused


async def test_closing_what_is_not_open_is_refused(ops):
    refused = await ops.alice.asks(CLOSE)

    assert refused.operation.state is State.REFUSED
    assert "is not in environments/production" in refused


async def test_a_rule_that_says_something_else_by_now_is_not_taken_out(ops):
    await done(ops, OPEN)
    changed = await ops.edits('= ["203.0.113.0/24"]', '= ["0.0.0.0/0"]', path=NETWORK)
    await ops.pushes("bob", "main", changed)

    refused = await ops.alice.asks(CLOSE)

    assert refused.operation.state is State.REFUSED
    assert "does not say what was asked about" in refused


async def test_a_group_may_be_the_source_by_its_name(ops):
    card = await done(ops, "flow open load-balancer shop-front 5432")

    assert await ops.state(card) is State.DONE
    ((port, protocol, source),) = ops.aws.lets_in("shop-front")
    assert (port, protocol) == (5432, "tcp")
    assert source.startswith("sg-")
    assert card.operation.proposal.risk is Risk.MEDIUM


@pytest.mark.parametrize(
    ("flow", "shown"),
    [
        ("open 2001:db8::/32 shop-front 443", (443, "tcp", "2001:db8::/32")),
        ("open 203.0.113.7 shop-front 53/udp", (53, "udp", "203.0.113.7/32")),
    ],
)
async def test_ipv6_one_address_and_udp_are_opened_as_they_are_said(ops, flow, shown):
    card = await done(ops, f"flow {flow}")

    assert await ops.state(card) is State.DONE
    assert ops.aws.lets_in("shop-front") == {shown}


@pytest.mark.parametrize(
    "flow",
    [
        "open 0.0.0.0/0 shop-front 443",
        "open ::/0 shop-front 443",
        "open 203.0.113.0/24 shop-front 3306",
        "open 10.0.0.0/8 shop-front 22",
        "open 203.0.113.0/24 shop-front 27017",
    ],
)
async def test_a_dangerous_way_in_is_refused_to_a_developer_by_a_named_policy(
    ops, flow
):
    refused = await ops.alice.says(f"flow {flow}")

    assert "no-dangerous-ways-in-by-developers" in Speech().say(refused, language="en")
    assert not await ops.back.store.unfinished("acme")


async def test_an_owner_may_ask_for_one_and_both_companies_decide(ops):
    card = await ops.carol.asks("flow open 203.0.113.0/24 shop-front 3306")

    assert card.operation.proposal.risk is Risk.HIGH
    assert "that of MySQL" in card
    assert {need.role for need in card.operation.route.needs} == {
        "provider.oncall",
        "client.owner",
    }


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("203.0.113.5/24", "203.0.113.0/24 is, or a single address"),
        ("web-1", "neither a network nor a security group"),
        ("nowhere", "neither a network nor a security group"),
    ],
)
async def test_a_source_that_is_none_is_refused_with_what_would_be(ops, source, why):
    refused = await ops.alice.says(f"flow open {source} shop-front 443")

    assert why in Speech().say(refused, language="en")


async def test_a_rule_written_by_hand_in_between_voids_what_was_shown(ops):
    card = await ops.alice.asks(OPEN)
    old = 'data "aws_security_group" "shop_front" {'
    changed = await ops.edits(old, f"# by hand\n{old}", path=NETWORK)
    await ops.pushes("bob", "main", changed)

    await ops.bob.approves(card)
    await ops.works()

    assert await ops.state(card) is State.VOIDED
    assert ops.aws.lets_in("shop-front") == set()
