"""A security group's rules, and one flow among them, as AWS has them."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from bot.domain.aws_error import AwsRefusal
from bot.domain.errors import Broken
from deploy.sandbox.aws.seed import REGION
from playbooks.aws.ebs_volume import EbsVolume
from playbooks.aws.security_group import SecurityGroupRules
from tests.aws_world import PlaybookRun, seeded_world

FRONT = {"region": REGION, "name_tag": "shop-front", "client_tag": "acme"}
OFFICE = {"port": 8443, "source_network": "203.0.113.0/24"}


@pytest.fixture(scope="module")
def seeded(tmp_path_factory):
    with seeded_world(tmp_path_factory.mktemp("aws")) as world:
        yield world


@pytest.fixture
def aws(seeded, tmp_path):
    with seeded.served(tmp_path) as world:
        yield world


async def read(aws, **more):
    asked = SecurityGroupRules(**{**FRONT, **more})
    run = PlaybookRun(await aws.session(asked.scope()), aws.clock)
    return await asked.read(run)


def group(aws, name="shop-front"):
    filters = [{"Name": "tag:Name", "Values": [name]}]
    found = aws.admin("ec2").describe_security_groups(Filters=filters)
    return found["SecurityGroups"][0]["GroupId"]


def opens(aws, port=8443, protocol="tcp", last=None, **source):
    permission = {"IpProtocol": protocol, "FromPort": port, "ToPort": last or port}
    aws.admin("ec2").authorize_security_group_ingress(
        GroupId=group(aws), IpPermissions=[{**permission, **source}]
    )


async def test_a_flow_is_closed_until_a_rule_says_exactly_that(aws):
    before = await read(aws, **OFFICE)
    opens(aws, IpRanges=[{"CidrIp": "203.0.113.0/24"}])

    after = await read(aws, **OFFICE)

    assert (before.value("flow"), after.value("flow")) == ("closed", "open")
    assert after.value("group_id") == group(aws)


@pytest.mark.parametrize(
    "other",
    [
        {"port": 443, "IpRanges": [{"CidrIp": "203.0.113.0/24"}]},
        {"protocol": "udp", "IpRanges": [{"CidrIp": "203.0.113.0/24"}]},
        {"last": 9000, "IpRanges": [{"CidrIp": "203.0.113.0/24"}]},
        {"IpRanges": [{"CidrIp": "203.0.0.0/16"}]},
    ],
)
async def test_a_rule_that_says_something_else_does_not_count(aws, other):
    opens(aws, **other)

    assert (await read(aws, **OFFICE)).value("flow") == "closed"


async def test_a_flow_may_come_from_a_group_by_name_or_id(aws):
    opens(aws, UserIdGroupPairs=[{"GroupId": group(aws, "load-balancer")}])

    named = await read(aws, port=8443, source_tag="load-balancer")
    known = await read(aws, port=8443, source_id=group(aws, "load-balancer"))
    other = await read(aws, port=8443, source_tag="nothing")

    found = [one.value("flow") for one in (named, known, other)]
    assert found == ["open", "open", "closed"]


async def test_all_rules_are_told_in_a_few_words(aws):
    opens(aws, IpRanges=[{"CidrIp": "203.0.113.0/24"}])
    opens(aws, port=1000, last=2000, Ipv6Ranges=[{"CidrIpv6": "2001:db8::/32"}])
    opens(aws, port=-1, protocol="-1", IpRanges=[{"CidrIp": "10.0.0.0/8"}])

    state = await read(aws)

    assert state.value("rules") == (
        "1000-2000/tcp from 2001:db8::/32, 8443/tcp from 203.0.113.0/24, "
        "everything from 10.0.0.0/8"
    )


async def test_a_group_that_is_not_there_is_missing(aws):
    named = await read(aws, name_tag="nothing")
    known = await read(aws, name_tag=None, group_id="sg-00000000")

    assert named.value("state") == known.value("state") == "missing"


async def test_what_aws_refuses_is_not_taken_for_nothing(aws):
    asked = SecurityGroupRules(**FRONT)
    other = EbsVolume(region=REGION, name_tag="uploads").scope()
    run = PlaybookRun(await aws.session(other), aws.clock)

    with pytest.raises(AwsRefusal):
        await asked.read(run)


async def test_two_groups_of_one_name_are_no_answer(aws):
    aws.admin("ec2").create_security_group(
        GroupName="twin",
        Description="twin",
        TagSpecifications=[
            {
                "ResourceType": "security-group",
                "Tags": [
                    {"Key": "Name", "Value": "shop-front"},
                    {"Key": "Client", "Value": "acme"},
                ],
            }
        ],
    )

    with pytest.raises(Broken, match="2 security groups"):
        await read(aws)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name_tag": None},
        {"group_id": "sg-00000000"},
        {"port": 443},
        {"source_network": "10.0.0.0/8"},
        {"port": 443, "source_network": "10.0.0.0/8", "source_tag": "a"},
        {"port": 443, "source_network": "everywhere"},
        {"port": 0, "source_network": "10.0.0.0/8"},
    ],
)
def test_a_question_that_makes_no_sense_cannot_be_put(wrong):
    with pytest.raises(ValidationError):
        SecurityGroupRules(**{**FRONT, **wrong})
