"""The instance observation reads one instance's type and state, and changes nothing."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from bot.domain.aws_error import AwsRefusal
from bot.domain.errors import Broken
from deploy.sandbox.aws.seed import IMAGE, REGION
from playbooks.aws.ec2_instance import InstanceType
from tests.aws_world import PlaybookRun, seeded_world

WEB = InstanceType(region=REGION, name_tag="web-2", client_tag="acme")


@pytest.fixture(scope="module")
def seeded(tmp_path_factory):
    with seeded_world(tmp_path_factory.mktemp("aws")) as world:
        yield world


@pytest.fixture
def aws(seeded, tmp_path):
    with seeded.served(tmp_path) as world:
        yield world


async def looking(aws) -> PlaybookRun:
    return PlaybookRun(await aws.session(WEB.scope()), aws.clock)


async def test_the_type_is_read_by_name_and_by_id(aws):
    web = aws.seeded.instances["acme", "web-2"]
    by_id = InstanceType(region=REGION, instance_id=web)

    named = await WEB.read(await looking(aws))
    found = await by_id.read(await looking(aws))

    assert named == found
    assert dict(named.items) == {
        "instance_id": web,
        "instance_type": "t3.medium",
        "state": "running",
    }


async def test_a_new_type_is_seen(aws):
    ec2, web = aws.admin("ec2"), aws.seeded.instances["acme", "web-2"]
    ec2.stop_instances(InstanceIds=[web])
    ec2.modify_instance_attribute(InstanceId=web, InstanceType={"Value": "m5.large"})

    state = await WEB.read(await looking(aws))

    assert state.value("instance_type") == "m5.large"
    assert state.value("state") == "stopped"


async def test_a_terminated_or_unknown_instance_is_missing(aws):
    web = aws.seeded.instances["acme", "web-2"]
    aws.admin("ec2").terminate_instances(InstanceIds=[web])
    unknown = InstanceType(region=REGION, instance_id="i-0123456789abcdef0")

    for one in (WEB, unknown):
        state = await one.read(await looking(aws))

        assert state.items == (("state", "missing"),)


async def test_two_instances_of_one_name_are_not_guessed_between(aws):
    tags = [{"Key": "Name", "Value": "web-2"}, {"Key": "Client", "Value": "acme"}]
    aws.admin("ec2").run_instances(
        ImageId=IMAGE,
        InstanceType="t3.nano",
        MinCount=1,
        MaxCount=1,
        TagSpecifications=[{"ResourceType": "instance", "Tags": tags}],
    )

    with pytest.raises(Broken):
        await WEB.read(await looking(aws))


async def test_its_rights_change_nothing(aws):
    run = await looking(aws)
    web = aws.seeded.instances["acme", "web-2"]

    with pytest.raises(AwsRefusal) as refused:
        await run.aws.call("ec2", "StopInstances", {"InstanceIds": [web]})

    assert refused.value.denied
    assert aws.cloud.ledger.effects("ec2:Stop*") == ()


async def test_a_denial_is_not_taken_for_a_missing_instance(aws):
    run = await looking(aws)
    aws.admin("iam").delete_role_policy(RoleName="tandem-acme", PolicyName="operations")

    with pytest.raises(AwsRefusal):
        await WEB.read(run)


@pytest.mark.parametrize(
    "inputs",
    [
        {},
        {"name_tag": "web-2", "instance_id": "i-0123456789abcdef0"},
        {"instance_id": "web-2"},
        {"name_tag": "web-*"},
        {"name_tag": ""},
    ],
)
def test_inputs_are_closed_and_name_one_thing(inputs):
    with pytest.raises(ValidationError):
        InstanceType(region=REGION, **inputs)
