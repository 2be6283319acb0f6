"""An instance is started, stopped and restarted once, and truthfully told about."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import ValidationError

from bot.domain.aws_error import AwsRefusal
from bot.domain.errors import OutcomeUnknown, Refused
from bot.domain.playbook import Happened, NotVerified, Verified
from deploy.sandbox.aws.faults import Fault
from deploy.sandbox.aws.seed import REGION
from playbooks.aws.ec2_power import Ec2Power
from tests.aws_world import ACCOUNT, OPERATION, PlaybookRun, seeded_world


@pytest.fixture(scope="module")
def seeded(tmp_path_factory):
    with seeded_world(tmp_path_factory.mktemp("aws")) as world:
        yield world


@pytest.fixture
def aws(seeded, tmp_path):
    with seeded.served(tmp_path) as world:
        yield world


def power(what, name="web-2", client="acme", **more):
    return Ec2Power(
        power=what,
        region=REGION,
        account=ACCOUNT,
        name_tag=name,
        client_tag=client,
        **more,
    )


async def looking(aws, playbook) -> PlaybookRun:
    return PlaybookRun(await aws.session(playbook.preview_scope()), aws.clock)


async def seen(aws, playbook):
    """The playbook as it is once it was previewed, and a run that may act."""
    preview = await playbook.preview(await looking(aws, playbook))
    fixed = playbook.model_copy(update=preview.pinned)
    run = PlaybookRun(await aws.session(fixed.scope(OPERATION)), aws.clock)
    return fixed, run


def effects(aws, operation):
    return aws.cloud.ledger.effects(f"ec2:{operation}")


def state(aws, name="web-2"):
    web = aws.seeded.instances["acme", name]
    found = aws.admin("ec2").describe_instances(InstanceIds=[web])
    return found["Reservations"][0]["Instances"][0]["State"]["Name"]


def stopped(aws, *names):
    ids = [aws.seeded.instances["acme", one] for one in names]
    aws.admin("ec2").stop_instances(InstanceIds=ids)


async def test_the_preview_shows_state_call_and_who_else_carries_the_load(aws):
    stop = power("stop")

    preview = await stop.preview(await looking(aws, stop))

    web = aws.seeded.instances["acme", "web-2"]
    facts = {line.label.key.rpartition("-")[2]: line.value for line in preview.facts}
    assert facts["instance"] == f"{web} (t3.medium)"
    assert facts["state"] == "running"
    assert facts["pool"] == "acme-web: 2 of 2 healthy"
    assert preview.calls == (f"ec2:StopInstances {web}",)
    assert preview.pinned["instance_id"] == web
    assert state(aws) == "running"


async def test_the_rights_name_the_one_instance_that_was_found(aws):
    unseen = power("stop").scope(OPERATION)
    fixed, _ = await seen(aws, power("stop"))

    acting = fixed.scope(OPERATION).statements[-1]
    web = aws.seeded.instances["acme", "web-2"]
    assert acting.actions == ("ec2:StopInstances",)
    assert acting.resources == (f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/{web}",)
    assert all("Describe" in one for s in unseen.statements for one in s.actions)


async def test_the_rights_reach_no_other_machine_and_no_other_call(aws):
    _, run = await seen(aws, power("stop"))
    web_1 = aws.seeded.instances["acme", "web-1"]
    web_2 = aws.seeded.instances["acme", "web-2"]

    for operation, name in [("StopInstances", web_1), ("RebootInstances", web_2)]:
        with pytest.raises(AwsRefusal) as refused:
            await run.aws.call("ec2", operation, {"InstanceIds": [name]})
        assert refused.value.denied


async def test_the_rights_to_look_cannot_act(aws):
    fixed, _ = await seen(aws, power("stop"))

    with pytest.raises(Refused):
        await fixed.run(await looking(aws, fixed))

    assert state(aws) == "running"


async def test_a_stop_stops_once_however_often_it_is_run(aws):
    stop, run = await seen(aws, power("stop"))

    await stop.run(run)
    await stop.run(run)

    assert isinstance(await stop.verify(run), Verified)
    assert state(aws) == "stopped"
    assert len(effects(aws, "StopInstances")) == 1


async def test_a_start_starts_and_waits_for_the_checks(aws):
    stopped(aws, "web-2")
    start, run = await seen(aws, power("start"))

    await start.run(run)
    found = await start.verify(run)

    assert found.facts[0].value == "running, ok"
    assert len(effects(aws, "StartInstances")) == 1


async def test_a_restart_is_one_reboot(aws):
    restart, run = await seen(aws, power("restart"))

    await restart.run(run)

    assert isinstance(await restart.verify(run), Verified)
    assert len(effects(aws, "RebootInstances")) == 1
    assert state(aws) == "running"


@pytest.mark.parametrize("what", ["stop", "restart"])
async def test_the_last_healthy_one_behind_a_load_balancer_is_kept(aws, what):
    stopped(aws, "web-1")
    playbook = power(what)

    with pytest.raises(Refused) as refused:
        await playbook.preview(await looking(aws, playbook))

    assert refused.value.message.key == "playbook.ec2-power.last-healthy"
    assert refused.value.message.args == {"pool": "acme-web"}


async def test_what_became_the_last_healthy_one_since_is_kept_as_well(aws):
    stop, run = await seen(aws, power("stop"))
    stopped(aws, "web-1")

    with pytest.raises(Refused) as refused:
        await stop.run(run)

    assert refused.value.message.key == "playbook.ec2-power.last-healthy"
    assert state(aws) == "running"


async def test_a_machine_behind_no_load_balancer_may_be_stopped_alone(aws):
    stop, run = await seen(aws, power("stop", "web-staging"))

    await stop.run(run)

    assert state(aws, "web-staging") == "stopped"


@pytest.mark.parametrize(("what", "off"), [("start", False), ("stop", True)])
async def test_what_is_so_already_is_refused(aws, what, off):
    if off:
        stopped(aws, "web-2")
    playbook = power(what)

    with pytest.raises(Refused) as refused:
        await playbook.preview(await looking(aws, playbook))

    assert refused.value.message.key == "playbook.ec2-power.pointless"


async def test_no_such_machine_is_refused(aws):
    playbook = power("stop", "web-9")

    with pytest.raises(Refused) as refused:
        await playbook.preview(await looking(aws, playbook))

    assert refused.value.message.key == "playbook.ec2-power.no-instance"


async def test_the_name_of_another_client_s_machine_finds_none(aws):
    playbook = power("stop", "shop-1")

    with pytest.raises(Refused):
        await playbook.preview(await looking(aws, playbook))


async def test_before_the_call_nothing_happened_and_afterwards_it_did(aws):
    stop, run = await seen(aws, power("stop"))
    before = await stop.happened(run)
    await stop.run(run)

    assert before is Happened.NO
    assert await stop.happened(run) is Happened.YES


async def test_a_machine_that_was_launched_since_may_have_been_stopped(aws):
    stop, run = await seen(aws, power("stop"))
    aws.clock.ahead += timedelta(minutes=2)
    stopped(aws, "web-2")
    web = aws.seeded.instances["acme", "web-2"]
    aws.admin("ec2").start_instances(InstanceIds=[web])

    assert await stop.happened(run) is Happened.UNKNOWN


async def test_a_start_is_known_even_if_it_was_stopped_again(aws):
    stopped(aws, "web-2")
    start, run = await seen(aws, power("start"))
    before = await start.happened(run)
    aws.clock.ahead += timedelta(minutes=2)
    run = PlaybookRun(await aws.session(start.scope(OPERATION)), aws.clock)
    await start.run(run)
    stopped(aws, "web-2")

    assert before is Happened.NO
    assert await start.happened(run) is Happened.YES
    assert isinstance(await start.verify(run), NotVerified)


async def test_nobody_can_tell_whether_a_restart_happened(aws):
    restart, run = await seen(aws, power("restart"))
    before = await restart.happened(run)
    await restart.run(run)

    assert before is Happened.UNKNOWN
    assert await restart.happened(run) is Happened.UNKNOWN


async def test_an_answer_that_was_lost_is_unknown_and_then_found(aws):
    stop, run = await seen(aws, power("stop"))
    aws.cloud.faults.add(Fault(kind="drop-after", action="ec2:StopInstances"))

    with pytest.raises(OutcomeUnknown):
        await stop.run(run)

    assert await stop.happened(run) is Happened.YES


async def test_what_a_stop_would_lose_is_pointed_out(aws):
    stop = power("stop")
    run = await looking(aws, stop)
    real = run.aws.call

    async def call(service, operation, parameters):
        told = await real(service, operation, parameters)
        if operation == "DescribeInstances":
            machine = told["Reservations"][0]["Instances"][0]
            machine["NetworkInterfaces"][0]["Association"]["IpOwnerId"] = "amazon"
        if operation == "DescribeInstanceTypes":
            told["InstanceTypes"][0]["InstanceStorageSupported"] = True
        return told

    run.aws.call = call

    preview = await stop.preview(run)

    assert [one.key for one in preview.warnings] == [
        "playbook.ec2-power.address-changes",
        "playbook.ec2-power.store-lost",
    ]


def test_an_instance_is_found_by_something():
    with pytest.raises(ValidationError):
        Ec2Power(power="stop", region=REGION, account=ACCOUNT)
