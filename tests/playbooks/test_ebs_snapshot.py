"""The volume's snapshot: previewed, taken once, waited for, read back."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from bot.domain.aws_error import AwsRefusal
from bot.domain.errors import OutcomeUnknown, Refused
from bot.domain.playbook import Happened, NotVerified, Verified
from deploy.sandbox.aws.faults import Fault
from deploy.sandbox.aws.seed import REGION
from playbooks.aws.ebs_snapshot import EbsSnapshot
from playbooks.aws.ebs_volume import EbsVolume
from tests.aws_world import ACCOUNT, OPERATION, PlaybookRun, seeded_world

UPLOADS = EbsSnapshot(region=REGION, account=ACCOUNT, client="acme", name_tag="uploads")


@pytest.fixture(scope="module")
def seeded(tmp_path_factory):
    with seeded_world(tmp_path_factory.mktemp("aws")) as world:
        yield world


@pytest.fixture
def aws(seeded, tmp_path):
    with seeded.served(tmp_path) as world:
        yield world


async def looking(aws, playbook=UPLOADS) -> PlaybookRun:
    return PlaybookRun(await aws.session(playbook.preview_scope()), aws.clock)


async def seen(aws, playbook=UPLOADS):
    """The playbook as it is once it was previewed, and a run that may act."""
    preview = await playbook.preview(await looking(aws, playbook))
    fixed = playbook.model_copy(update=preview.pinned)
    run = PlaybookRun(await aws.session(fixed.scope(OPERATION)), aws.clock)
    return fixed, run


def taken(aws):
    return aws.cloud.ledger.effects("ec2:CreateSnapshot")


def volume(aws, name, client="acme"):
    filters = [
        {"Name": "tag:Name", "Values": [name]},
        {"Name": "tag:Client", "Values": [client]},
    ]
    return aws.admin("ec2").describe_volumes(Filters=filters)["Volumes"][0]


async def test_the_preview_shows_the_volume_and_the_one_call(aws):
    preview = await UPLOADS.preview(await looking(aws))

    disk = volume(aws, "uploads")["VolumeId"]
    web = aws.seeded.instances["acme", "web-1"]
    facts = {line.label.key.rpartition("-")[2]: line.value for line in preview.facts}
    assert facts["volume"] == f"{disk} (gp3)"
    assert facts["size"] == "40 GiB"
    assert facts["attached"] == f"{web} (/dev/sdf)"
    assert preview.calls == (f"ec2:CreateSnapshot {disk}",)
    assert taken(aws) == ()


async def test_a_snapshot_is_taken_once_however_often_it_is_run(aws):
    disk, run = await seen(aws)

    await disk.run(run)
    await disk.run(run)

    assert isinstance(await disk.verify(run), Verified)
    assert len(taken(aws)) == 1


async def test_the_snapshot_is_born_with_the_operation_on_it(aws):
    disk, run = await seen(aws)

    await disk.run(run)

    wanted = [{"Name": "tag:tandem:operation", "Values": [OPERATION]}]
    (found,) = aws.admin("ec2").describe_snapshots(Filters=wanted)["Snapshots"]
    assert found["VolumeId"] == disk.volume_id


async def test_the_rights_to_look_cannot_act(aws):
    disk, _ = await seen(aws)

    with pytest.raises(AwsRefusal) as refused:
        await disk.run(await looking(aws, disk))

    assert refused.value.denied
    assert taken(aws) == ()


@pytest.mark.parametrize(
    "wrong",
    [
        {"VolumeId": "other"},
        {"tags": {"tandem:client": "acme"}},
        {"tags": {"tandem:client": "acme", "tandem:operation": "x" * 20}},
        {"tags": {"tandem:client": "globex", "tandem:operation": OPERATION}},
    ],
)
async def test_the_rights_reach_one_volume_and_one_birth_certificate(aws, wrong):
    disk, run = await seen(aws)
    other = volume(aws, "shop-files", "globex")["VolumeId"]
    tags = wrong.get("tags", {"tandem:client": "acme", "tandem:operation": OPERATION})
    marks = [{"Key": key, "Value": value} for key, value in tags.items()]

    with pytest.raises(AwsRefusal) as refused:
        await run.aws.call(
            "ec2",
            "CreateSnapshot",
            {
                "VolumeId": other if "VolumeId" in wrong else disk.volume_id,
                "TagSpecifications": [{"ResourceType": "snapshot", "Tags": marks}],
            },
        )

    assert refused.value.denied
    assert taken(aws) == ()


async def test_an_answer_that_was_lost_is_unknown_and_then_found(aws):
    disk, run = await seen(aws)
    before = await disk.happened(run)
    aws.cloud.faults.add(Fault(kind="drop-after", action="ec2:CreateSnapshot"))

    with pytest.raises(OutcomeUnknown):
        await disk.run(run)

    assert before is Happened.NO
    assert await disk.happened(run) is Happened.YES
    assert len(taken(aws)) == 1


async def test_a_snapshot_that_is_not_there_is_not_verified(aws):
    disk, run = await seen(aws)

    assert isinstance(await disk.verify(run), NotVerified)


@pytest.mark.parametrize(
    "wrong", [{"name_tag": "nothing"}, {"name_tag": None, "volume_id": "vol-00000000"}]
)
async def test_no_such_volume_is_refused(aws, wrong):
    missing = UPLOADS.model_copy(update=wrong)

    with pytest.raises(Refused) as refused:
        await missing.preview(await looking(aws, missing))

    assert refused.value.message.key == "playbook.ebs-snapshot.no-volume"


async def test_the_name_of_another_client_s_volume_finds_none(aws):
    missing = UPLOADS.model_copy(update={"name_tag": "shop-files"})

    with pytest.raises(Refused):
        await missing.preview(await looking(aws, missing))


def test_a_volume_is_found_by_something():
    with pytest.raises(ValidationError):
        EbsSnapshot(region=REGION, account=ACCOUNT, client="acme")


async def test_a_volume_is_read_by_name_and_by_id(aws):
    named = EbsVolume(region=REGION, name_tag="uploads", client_tag="acme")
    disk = volume(aws, "uploads")["VolumeId"]
    run = PlaybookRun(await aws.session(named.scope()), aws.clock)

    state = await named.read(run)

    assert state == await EbsVolume(region=REGION, volume_id=disk).read(run)
    assert dict(state.items) == {
        "volume_id": disk,
        "size": "40",
        "type": "gp3",
        "state": "in-use",
        "attached_to": f"{aws.seeded.instances['acme', 'web-1']} /dev/sdf",
    }


async def test_a_volume_that_is_not_there_is_missing(aws):
    for wrong in (
        EbsVolume(region=REGION, name_tag="nothing", client_tag="acme"),
        EbsVolume(region=REGION, volume_id="vol-00000000"),
    ):
        run = PlaybookRun(await aws.session(wrong.scope()), aws.clock)

        assert (await wrong.read(run)).value("state") == "missing"
