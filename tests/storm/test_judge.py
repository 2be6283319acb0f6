"""The judge of all storms finds what it is there to find."""

from __future__ import annotations

import json

import pytest

from bot.outbound import clock
from tests.storm.ledgers import judge
from tests.storm.world import a_world

pytestmark = [pytest.mark.storm, pytest.mark.timeout(120)]


def snapshot(seq, operation):
    return {
        "seq": seq,
        "at": clock.now().isoformat(),
        "principal": "arn:aws:sts::123456789012:assumed-role/tandem-acme/x",
        "session": f"tandem-{operation}",
        "action": "rds:CreateDBSnapshot",
        "region": "eu-west-3",
        "resources": [],
        "parameters": {"DBSnapshotIdentifier": f"tandem-acme-db-prod-{operation}"},
        "outcome": "performed",
    }


async def test_the_judge_sees_what_is_lost_doubled_and_unapproved():
    async with a_world() as world:
        lost = await world.asks("backup db-prod")
        twice = await world.asks("backup db-staging")
        stranger = "a" * 20
        book = world.sandbox.state / "aws" / "ledger.jsonl"
        with book.open("a", encoding="utf-8") as file:
            for seq, one in enumerate((twice, twice, stranger), start=100):
                file.write(json.dumps(snapshot(seq, one)) + "\n")
        world.off.add(twice)

        found = await judge(world, at_rest=False)

    assert not found.clean
    assert sorted(found.lost) == sorted(f"{one}: no card" for one in (lost, twice))
    assert found.doubled == [f"rds:CreateDBSnapshot of {twice}: 2"]
    assert any("nobody asked" in one for one in found.unapproved)
    assert any("which was off" in one for one in found.unapproved)
    assert any("started 0 times" in one for one in found.unapproved)
