"""A disk grows by review, and never shrinks; what AWS has then is read back."""

import pytest

from bot.domain.operation import State

INVENTORY = "clients/acme/inventory.yaml"


async def test_a_disk_is_made_larger_by_review_and_read_back(ops):
    card = await ops.alice.asks("resize-disk uploads 60")

    await ops.bob.approves(card)
    await ops.works()

    assert await ops.state(card) is State.DONE
    assert ops.aws.volume("uploads")["Size"] == 60
    assert "  size              = 60 # GiB" in await ops.git.main()
    assert "size = 60" in await ops.again(card)


async def test_the_card_says_the_price_the_file_system_and_that_nothing_goes_back(ops):
    card = await ops.alice.asks("resize-disk uploads 60")

    assert "+1.86 USD" in card
    assert "growpart" in card
    assert "Nothing is stopped" in card
    assert "AWS makes no disk smaller (40 GiB now)" in card
    assert "undo" not in card.buttons
    assert card.operation.proposal.way_back == ""


@pytest.mark.parametrize("wanted", ["39", "1"])
async def test_less_is_refused_before_anybody_is_asked(ops, wanted):
    refused = await ops.alice.asks(f"resize-disk uploads {wanted}")

    assert refused.operation.state is State.REFUSED
    assert "It can only grow, and it is 40 already" in refused
    assert not ops.git.requests()


async def test_the_same_size_is_nothing_to_change(ops):
    refused = await ops.alice.asks("resize-disk uploads 40")

    assert refused.operation.state is State.REFUSED
    assert "Nothing to change" in refused


async def test_what_was_made_larger_by_hand_is_not_shrunk_by_the_code(ops):
    disk = ops.aws.volume("uploads")["VolumeId"]
    ops.day.town.aws("ec2").modify_volume(VolumeId=disk, Size=100)

    refused = await ops.alice.asks("resize-disk uploads 60")

    assert refused.operation.state is State.REFUSED
    assert "it is 100 already (aws.ebs_volume)" in refused
    assert ops.aws.volume("uploads")["Size"] == 100


async def test_a_second_step_goes_on_from_the_first(ops):
    for wanted in (50, 60):
        card = await ops.alice.asks(f"resize-disk uploads {wanted}")
        await ops.bob.approves(card)
        await ops.works()

        assert ops.aws.volume("uploads")["Size"] == wanted


async def test_a_protected_size_is_changed_by_no_command(ops):
    await ops.edits_catalog(
        INVENTORY,
        "    instance: web-1\n",
        "    instance: web-1\n    protected: [size]\n",
    )

    refused = await ops.alice.says("resize-disk uploads 60")

    assert refused.key == "refused.protected"
