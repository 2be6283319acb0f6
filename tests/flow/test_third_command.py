"""
A command that is one file more, and a playbook that must not be run twice.

`tests/flow/halt.py` is all there is of it: nothing else in the build names it.
"""

import pytest_asyncio

from bot.domain.operation import State
from bot.domain.writes import Task
from deploy.sandbox.aws.faults import Fault
from tests.flow.mortal import KilledError, Mortal


@pytest_asyncio.fixture(loop_scope="session")
async def machine(ops):
    """web-1, known to the catalog by its id."""
    found = ops.aws.instance("web-1")["InstanceId"]
    await ops.edits_catalog(
        "clients/acme/inventory.yaml",
        "aws: { name_tag: web-1 }",
        f"aws: {{ instance_id: {found} }}",
    )
    return found


def state_of(ops):
    return ops.aws.instance("web-1")["State"]["Name"]


async def approved(ops):
    card = await ops.alice.asks("halt web-1")
    await ops.bob.approves(card)
    return card


async def killed(ops, at):
    ((number, task, client, operation),) = await ops.jobs()
    assert task is Task.EXECUTE
    alive = ops.back
    ops.back = Mortal(at).around(alive)
    try:
        await ops.runs(number, task, client, operation)
    except KilledError:
        return
    finally:
        ops.back = alive
    raise AssertionError("it lived")


async def test_a_third_command_runs_like_the_others(ops, machine):
    card = await approved(ops)

    await ops.works()

    assert await ops.state(card) is State.DONE
    assert state_of(ops) == "stopped"


async def test_killed_after_it_happened_it_is_verified_and_not_run_again(ops, machine):
    card = await approved(ops)

    await killed(ops, 6)
    await ops.works()

    assert await ops.state(card) is State.DONE
    assert len(ops.day.cloud.ledger.effects("ec2:StopInstances")) == 1
    assert "action.reconciled" in await ops.events(card)


async def test_killed_before_it_happened_it_is_in_doubt_and_never_run_again(
    ops, machine
):
    card = await approved(ops)

    await killed(ops, 5)
    await ops.works()
    await ops.sweeps_once()

    assert await ops.state(card) is State.IN_DOUBT
    assert ops.day.cloud.ledger.effects("ec2:StopInstances") == ()


async def test_what_a_playbook_refuses_is_failed_with_its_words(ops, machine):
    ops.day.town.aws("ec2").stop_instances(InstanceIds=[machine])
    card = await approved(ops)

    await ops.works()

    assert await ops.state(card) is State.FAILED
    assert "It is stopped already." in await ops.again(card)


async def test_an_effect_that_is_not_there_is_failed(ops, machine):
    card = await approved(ops)
    real = ops.back.lender

    class Undone:
        """AWS, where somebody starts the machine as soon as it was stopped."""

        def __init__(self, session):
            self._session = session

        def __getattr__(self, name):
            return getattr(self._session, name)

        async def call(self, service, operation, parameters):
            answer = await self._session.call(service, operation, parameters)
            if operation == "StopInstances":
                ops.day.town.aws("ec2").start_instances(InstanceIds=[machine])
            return answer

    class Lender:
        def __getattr__(self, name):
            return getattr(real, name)

        async def aws_session(self, *args, **named):
            return Undone(await real.aws_session(*args, **named))

    ops.back = ops.with_ports(lender=Lender())
    await ops.works()

    assert await ops.state(card) is State.FAILED
    assert "effect.missing" in await ops.events(card)


async def test_a_refusal_after_it_was_announced_is_in_doubt(ops, machine):
    card = await approved(ops)
    fault = Fault(kind="drop-after", action="ec2:StopInstances")
    ops.day.cloud.faults.add(fault)
    await ops.tries()
    ops.forbids("ec2:DescribeInstances")
    await ops.sweeps_once()
    ops.day.town.aws("iam").delete_role_policy(
        RoleName="tandem-acme", PolicyName="frozen"
    )
    still = await ops.state(card)
    await ops.sweeps()

    assert still is State.IN_DOUBT
    assert await ops.state(card) is State.DONE
    assert len(ops.day.cloud.ledger.effects("ec2:StopInstances")) == 1
