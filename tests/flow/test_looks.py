"""The look that follows `/infra show`, when something of it is gone or unreadable."""

import json
from dataclasses import replace

import pytest

from bot.domain.errors import Broken, Refused
from bot.domain.message import Message
from bot.flow.look import LookRun
from tests.flow.people import MAIN_TF
from tests.flow.test_client_requests import WEB_2
from tests.flow.test_corners import Instead
from tests.flow.test_questions import asks, whispers

INVENTORY = "clients/acme/inventory.yaml"


async def told(ops):
    """Let the worker look, and return the key of what it told, and what is read."""
    await ops.works()
    record = (await ops.audit())[-1]
    assert record.event == "look.done"
    (whisper,) = whispers(ops)
    assert await ops.jobs() == []
    return Message.model_validate(json.loads(record.body)["told"]), whisper.text


async def test_a_target_that_left_the_catalog_meanwhile_is_said_to_be_gone(ops):
    await asks(ops.alice, "show uploads")
    await ops.edits_catalog(INVENTORY, "- name: uploads\n", "- name: old-uploads\n")

    message, read = await told(ops)

    assert message.key == "look.gone"
    assert "uploads is no longer in the catalog" in read
    assert "credentials.lent" not in await ops.events()


async def test_what_nothing_in_the_build_reads_is_said_to_be_unread(ops):
    await asks(ops.alice, "show web-2")
    registry = replace(ops.back.registry, observations={})
    ops.back = ops.with_ports(registry=registry)

    message, read = await told(ops)

    assert message.key == "look.unread"
    assert "Nothing reads the live state of web-2" in read


async def test_a_refusal_while_looking_is_told_with_its_reason(ops):
    why = Message.of("playbook.ec2-power.no-instance")

    async def aws_session(*args, **named):
        raise Refused(why)

    lender = Instead(ops.back.lender, aws_session=aws_session)
    ops.back = ops.with_ports(lender=lender)
    await asks(ops.alice, "show web-2")

    message, read = await told(ops)

    assert message.key == "look.failed"
    assert message.args["reason"] == why
    assert "The live state of web-2 could not be read" in read
    assert await ops.back.store.open_leases("acme") == ()


async def test_code_that_cannot_be_read_does_not_hide_the_live_state(ops):
    files = await ops.edits(WEB_2, '"web-2" = { instance_type = data.nowhere.x.size }')
    await ops.pushes("carol", "main", files, message="Elsewhere [skip ci]")
    await asks(ops.alice, "show web-2")

    message, read = await told(ops)

    assert message.key == "look.live"
    assert message.args["code"].key == "look.code-unread"
    assert "instance_type t3.medium" in read
    assert "What the code says could not be read" in read
    assert "data.nowhere" in await ops.git.main(MAIN_TF)


async def test_code_that_writes_none_of_what_was_read_is_silent_and_no_drift(ops):
    machine = ops.aws.instance("web-2")["InstanceId"]
    ops.day.town.aws("ec2").terminate_instances(InstanceIds=[machine])
    await asks(ops.alice, "show web-2")

    message, read = await told(ops)

    assert message.args["state"] == "state missing"
    assert message.args["code"].key == "look.code-silent"
    assert "drift" not in read


async def test_a_look_waits_and_tells_the_time_by_the_clock_it_was_given(ops):
    run = LookRun("look", "acme", None, ops.back)

    before = run.now()
    await run.sleep(60)

    assert 59 < (run.now() - before).total_seconds() < 120
    assert run.before == ""
    assert run.handed is False


@pytest.mark.parametrize("what", ["host", "database", "tls", "repository"])
async def test_a_look_is_lent_nothing_but_a_view_of_aws(ops, what):
    run = LookRun("a-look", "acme", None, ops.back)

    with pytest.raises(Broken, match="for the look a-look"):
        getattr(run, what)
