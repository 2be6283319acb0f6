"""What a client has is proposed for its inventory, from the code and from AWS."""

from __future__ import annotations

import re

import pytest

from bot.domain.errors import Refused
from bot.flow.discover import discover
from bot.outbound.catalog import load
from bot.outbound.catalog_adding import added
from tests.flow.world import CATALOG

INVENTORY = "clients/acme/inventory.yaml"


async def without(ops, name):
    """Take one target out of the catalog and return the folder."""
    text = (CATALOG / INVENTORY).read_text(encoding="utf-8")
    found = re.search(rf"  - name: {name}\n(?:    .*\n)+\n", text)
    await ops.edits_catalog(INVENTORY, found[0], "")
    return ops.folder / "catalog"


async def without_web_2(ops):
    return await without(ops, "web-2")


def put_together(ops, folder, found):
    return added(
        folder,
        client="acme",
        proposed=found.findings.proposed,
        commands=ops.back.registry.commands,
    )


async def test_what_was_taken_out_of_the_inventory_is_proposed_back(ops):
    before = ops.back.catalog.current().client("acme").target("web-2")
    folder = await without_web_2(ops)
    assert ops.back.catalog.current().client("acme").target("web-2") is None

    found = await discover("acme", back=ops.back)
    addition = put_together(ops, folder, found)
    addition.write(folder)

    again = load(folder, commands=ops.back.registry.commands).client("acme")
    about = "found by discover; please say what it is"
    assert again.target("web-2") == before.model_copy(update={"description": about})
    assert [line for line in addition.diff.splitlines() if line[:1] == "-"] == [
        f"--- a/{INVENTORY}"
    ]
    assert addition.after.startswith(addition.before)


async def test_a_volume_is_proposed_back_with_its_place_and_its_instance(ops):
    before = ops.back.catalog.current().client("acme").target("uploads")
    folder = await without(ops, "uploads")

    found = await discover("acme", back=ops.back)
    put_together(ops, folder, found).write(folder)

    again = load(folder, commands=ops.back.registry.commands).client("acme")
    about = "found by discover; please say what it is"
    assert again.target("uploads") == before.model_copy(update={"description": about})


async def test_a_security_group_is_proposed_back_with_the_data_it_is_in_the_code(ops):
    before = ops.back.catalog.current().client("acme").target("shop-front")
    folder = await without(ops, "shop-front")

    found = await discover("acme", back=ops.back)
    put_together(ops, folder, found).write(folder)

    (proposed,) = found.findings.proposed
    again = load(folder, commands=ops.back.registry.commands).client("acme")
    assert again.target("shop-front").aws == before.aws
    assert again.target("shop-front").terraform == before.terraform
    assert proposed.resource.rules == ""


async def test_disks_and_groups_that_nobody_named_are_not_told_of(ops):
    ec2 = ops.day.town.aws("ec2")
    groups = ec2.describe_security_groups()["SecurityGroups"]
    unnamed = [one["GroupId"] for one in groups if one["GroupName"] == "default"]
    unnamed += [one["VolumeId"] for one in ec2.describe_volumes()["Volumes"]]

    found = await discover("acme", back=ops.back)

    told = " ".join(one.what for one in found.findings.unclear)
    assert len(unnamed) > 1
    assert not [one for one in unnamed if one in told]


async def test_an_inventory_that_has_everything_is_left_alone(ops):
    found = await discover("acme", back=ops.back)

    assert found.findings.proposed == ()


async def test_what_aws_would_not_list_is_said(ops):
    found = await discover("acme", back=ops.back)

    (told,) = [one for one in found.findings.unclear if one.what.startswith("rds:")]
    assert told.reason.key == "discover.refused"


async def test_two_of_one_name_are_listed_and_not_proposed(ops):
    folder = await without_web_2(ops)
    ec2 = ops.day.town.aws("ec2")
    twin = ops.aws.instance("web-2")
    tags = [{"Key": "Name", "Value": "web-2"}, {"Key": "Client", "Value": "acme"}]
    ec2.run_instances(
        ImageId=twin["ImageId"],
        InstanceType="t3.micro",
        MinCount=1,
        MaxCount=1,
        TagSpecifications=[{"ResourceType": "instance", "Tags": tags}],
    )

    found = await discover("acme", back=ops.back)

    assert put_together(ops, folder, found).diff == ""
    keys = [one.reason.key for one in found.findings.unclear]
    assert keys.count("discover.twins") == 2


async def test_the_things_of_the_client_next_door_are_not_proposed(ops):
    await without_web_2(ops)

    found = await discover("acme", back=ops.back)

    assert [one.name for one in found.findings.proposed] == ["web-2"]
    assert not any("shop" in one.what for one in found.findings.unclear)


async def test_discovering_is_audited_and_gives_its_credentials_back(ops):
    await discover("acme", back=ops.back)

    events = await ops.events()
    assert events[0] == "inventory.read"
    assert events.count("credentials.lent") == events.count("credentials.ended") == 2
    assert await ops.back.store.open_leases("acme") == ()


async def test_a_client_that_nobody_knows_is_refused(ops):
    with pytest.raises(Refused) as caught:
        await discover("acem", back=ops.back)

    assert caught.value.message.key == "refused.discover-client"
