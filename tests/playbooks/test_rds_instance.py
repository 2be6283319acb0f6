"""The database observation reads one database, in Terraform's words, and no other."""

from __future__ import annotations

import pytest

from bot.domain.aws_error import AwsRefusal
from bot.outbound.catalog import load
from deploy.sandbox.aws.seed import REGION
from playbooks.aws.rds_instance import RdsInstance
from tests.aws_world import PlaybookRun, seeded_world
from tests.contract.test_every_command import CATALOG

ACME = load(CATALOG).client("acme")
DATABASE = RdsInstance.of(ACME.target("db-prod"), ACME)


@pytest.fixture(scope="module")
def seeded(tmp_path_factory):
    with seeded_world(tmp_path_factory.mktemp("aws")) as world:
        yield world


@pytest.fixture
def aws(seeded, tmp_path):
    with seeded.served(tmp_path) as world:
        yield world


async def looking(aws, scope) -> PlaybookRun:
    return PlaybookRun(await aws.session(scope), aws.clock)


async def test_a_database_is_read_in_the_words_of_terraform(aws):
    wanted = {"DBInstanceIdentifier": "acme-db-prod"}
    (said,) = aws.admin("rds").describe_db_instances(**wanted)["DBInstances"]

    state = await DATABASE.read(await looking(aws, DATABASE.scope()))

    assert state.value("instance_class") == said["DBInstanceClass"]
    assert state.value("allocated_storage") == str(said["AllocatedStorage"])
    assert state.value("status") == "available"


async def test_the_rights_to_read_one_database_reach_no_other(aws):
    other = DATABASE.model_copy(update={"database": "acme-db-staging"})

    with pytest.raises(AwsRefusal):
        await other.read(await looking(aws, DATABASE.scope()))


async def test_a_database_that_is_not_there_is_missing(aws):
    gone = DATABASE.model_copy(update={"database": "acme-db-gone"})

    state = await gone.read(await looking(aws, gone.scope()))

    assert state.items == (("status", "missing"),)


def test_an_instance_is_not_for_this_observation():
    assert RdsInstance.of(ACME.target("web-2"), ACME) is None
    assert DATABASE.region == REGION
