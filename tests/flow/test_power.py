"""Machines are stopped, started and restarted through the gate, and back by undo."""

from bot.domain.operation import State
from bot.domain.scope import Risk
from deploy.sandbox.aws.faults import Fault
from tests.flow.test_undo import undoes


def state_of(ops, name="web-2", client="acme"):
    return ops.aws.instance(name, client=client)["State"]["Name"]


async def decided(ops, words):
    """Ask, and have both companies agree."""
    card = await ops.alice.asks(words)
    await ops.bob.approves(card)
    await ops.carol.approves(card)
    await ops.works()
    return card


async def test_a_stop_in_production_needs_both_companies_and_stops(ops):
    card = await ops.alice.asks("stop web-2")
    await ops.bob.approves(card)
    alone = await ops.state(card)
    await ops.carol.approves(card)
    await ops.works()

    assert card.operation.risk is Risk.HIGH
    assert alone is State.PROPOSED
    assert await ops.state(card) is State.DONE
    assert state_of(ops) == "stopped"
    assert state_of(ops, "web-1") == "running"


async def test_the_card_of_a_stop_shows_the_machine_and_the_way_back(ops):
    card = await ops.alice.asks("stop web-2")

    web = ops.aws.instance("web-2")["InstanceId"]
    assert f"ec2:StopInstances {web}" in card
    assert "acme-web: 2 of 2 healthy" in card
    assert f"/infra undo {card.operation.short}, which is “start web-2”" in card


async def test_a_stop_in_staging_is_the_provider_s_on_call_s_alone(ops):
    card = await ops.alice.asks("stop web-staging")
    await ops.bob.approves(card)
    await ops.works()

    assert card.operation.risk is Risk.MEDIUM
    assert state_of(ops, "web-staging") == "stopped"


async def test_an_undone_stop_is_a_start(ops):
    card = await decided(ops, "stop web-2")
    back = await undoes(ops.alice, card)
    await ops.bob.approves(back)
    await ops.works()

    assert back.operation.command == "start"
    assert await ops.state(back) is State.DONE
    assert state_of(ops) == "running"


async def test_the_last_healthy_server_is_not_stopped(ops):
    await decided(ops, "stop web-2")

    card = await ops.alice.asks("stop web-1")

    assert card.operation.state is State.REFUSED
    assert card.operation.outcome.key == "playbook.ec2-power.last-healthy"
    assert state_of(ops, "web-1") == "running"


async def test_the_only_server_of_a_shop_is_not_restarted(ops):
    card = await ops.gina.asks("restart shop-1", client="globex")

    assert card.operation.outcome.key == "playbook.ec2-power.last-healthy"
    assert card.operation.outcome.args == {"pool": "globex-shop"}


async def test_a_restart_reboots_once_and_says_that_nothing_undoes_it(ops):
    card = await decided(ops, "restart web-2")

    assert await ops.state(card) is State.DONE
    assert len(ops.day.cloud.ledger.effects("ec2:RebootInstances")) == 1
    assert "A restart has no way back" in card


async def test_a_restart_whose_answer_was_lost_is_in_doubt_and_not_repeated(ops):
    card = await ops.alice.asks("restart web-2")
    await ops.bob.approves(card)
    await ops.carol.approves(card)
    fault = Fault(kind="drop-after", action="ec2:RebootInstances")
    ops.day.cloud.faults.add(fault)

    await ops.works()
    await ops.sweeps_once()

    assert await ops.state(card) is State.IN_DOUBT
    assert len(ops.day.cloud.ledger.effects("ec2:RebootInstances")) == 1


async def test_a_restart_that_aws_refused_failed_and_is_in_no_doubt(ops):
    card = await ops.alice.asks("restart web-2")
    await ops.bob.approves(card)
    await ops.carol.approves(card)
    ops.forbids("ec2:RebootInstances")

    await ops.works()

    failed = await ops.again(card)
    assert failed.operation.state is State.FAILED
    assert failed.operation.outcome.key == "failed.aws"


async def test_a_stop_whose_answer_was_lost_is_settled_by_looking(ops):
    card = await ops.alice.asks("stop web-2")
    await ops.bob.approves(card)
    await ops.carol.approves(card)
    ops.day.cloud.faults.add(Fault(kind="drop-after", action="ec2:StopInstances"))

    await ops.works()
    await ops.sweeps()

    assert await ops.state(card) is State.DONE
    assert len(ops.day.cloud.ledger.effects("ec2:StopInstances")) == 1


async def test_a_machine_that_was_stopped_meanwhile_voids_the_approval(ops):
    card = await ops.alice.asks("stop web-2")
    await ops.bob.approves(card)
    web = ops.aws.instance("web-2")["InstanceId"]
    ops.day.town.aws("ec2").stop_instances(InstanceIds=[web])
    await ops.carol.approves(card)

    await ops.works()

    assert await ops.state(card) is State.VOIDED
    assert "nothing to stop" in await ops.again(card)


async def test_a_volume_is_backed_up_by_the_same_command_as_a_database(ops):
    card = await ops.alice.asks("backup uploads")
    await ops.bob.approves(card)
    await ops.works()

    assert await ops.state(card) is State.DONE
    assert len(ops.day.cloud.ledger.effects("ec2:CreateSnapshot")) == 1
    assert ops.aws.created == ()


async def test_a_command_says_which_kinds_of_target_it_takes(ops):
    answer = await ops.alice.says("backup web-1")

    assert answer.key == "refused.other-kind"
    assert answer.args["kind"] == "database or volume"
