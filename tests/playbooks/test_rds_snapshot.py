"""The snapshot playbook: previewed, taken once, waited for, read back."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from bot.domain.aws_error import AwsRefusal
from bot.domain.errors import OutcomeUnknown, Refused
from bot.domain.playbook import Happened, NotVerified, Verified
from deploy.sandbox.aws.faults import Fault
from deploy.sandbox.aws.seed import REGION
from playbooks.aws.rds_snapshot import RdsSnapshot
from tests.aws_world import ACCOUNT, OPERATION, Clock, PlaybookRun, seeded_world

PLAYBOOK = RdsSnapshot(database="acme-db-prod", region=REGION, account=ACCOUNT)
SNAPSHOT = f"tandem-acme-db-prod-{OPERATION}"
TEXTS = Path(__file__).parents[2] / "bot/messages/playbooks.en.ftl"


@pytest.fixture(scope="module")
def seeded(tmp_path_factory):
    with seeded_world(tmp_path_factory.mktemp("aws")) as world:
        yield world


@pytest.fixture
def aws(seeded, tmp_path):
    with seeded.served(tmp_path) as world:
        yield world


async def lent(aws, playbook=PLAYBOOK) -> PlaybookRun:
    return PlaybookRun(await aws.session(playbook.scope(OPERATION)), aws.clock)


async def looking(aws, playbook=PLAYBOOK) -> PlaybookRun:
    return PlaybookRun(await aws.session(playbook.preview_scope()), aws.clock)


def effects(aws):
    return aws.cloud.ledger.effects("rds:CreateDBSnapshot")


def stored(aws):
    found = aws.admin("rds").describe_db_snapshots(SnapshotType="manual")
    return found["DBSnapshots"]


def known_texts() -> set[str]:
    return set(re.findall(r"^([a-z0-9-]+) =", TEXTS.read_text(), re.MULTILINE))


async def test_the_preview_shows_the_database_and_the_one_call(aws):
    preview = await PLAYBOOK.preview(await looking(aws))

    facts = {line.label.key.rpartition("-")[2]: line.value for line in preview.facts}
    assert facts["engine"] == "postgres 16.4"
    assert facts["class"] == "db.t3.medium"
    assert facts["size"] == "100 GiB"
    assert facts["status"] == "available"
    assert re.fullmatch(
        r"rds:acme-db-prod-[0-9-]+, [0-9-]+ [0-9:]+ UTC \(0 h\)", facts["last"]
    )
    assert preview.calls == (f"rds:CreateDBSnapshot acme-db-prod → {SNAPSHOT}",)
    assert preview.warnings == ()
    assert effects(aws) == ()


async def test_looking_twice_binds_to_the_same_state(aws):
    first = await PLAYBOOK.preview(await looking(aws))
    await PLAYBOOK.run(await lent(aws))
    second = await PLAYBOOK.preview(await looking(aws))

    assert first.state.fingerprint == second.state.fingerprint


async def test_a_database_made_anew_under_the_old_name_is_another_one(aws):
    first = await PLAYBOOK.preview(await looking(aws))
    rds = aws.admin("rds")
    rds.delete_db_instance(DBInstanceIdentifier="acme-db-prod", SkipFinalSnapshot=True)
    rds.create_db_instance(
        DBInstanceIdentifier="acme-db-prod",
        DBInstanceClass="db.t3.medium",
        Engine="postgres",
        EngineVersion="16.4",
        AllocatedStorage=100,
        MasterUsername="owner",
        MasterUserPassword="made-up-for-the-sandbox",
    )

    second = await PLAYBOOK.preview(await looking(aws))

    assert first.state.fingerprint != second.state.fingerprint


async def test_the_rights_to_look_cannot_act(aws):
    run = await looking(aws)

    with pytest.raises(AwsRefusal) as refused:
        await PLAYBOOK.run(run)

    assert refused.value.denied
    assert stored(aws) == []


async def test_a_snapshot_is_taken_waited_for_and_verified(aws):
    run = await lent(aws)

    await PLAYBOOK.run(run)
    verdict = await PLAYBOOK.verify(run)

    assert isinstance(verdict, Verified)
    (taken,) = stored(aws)
    assert taken["DBSnapshotIdentifier"] == SNAPSHOT
    assert taken["Status"] == "available"
    assert {t["Key"]: t["Value"] for t in taken["TagList"]} == {
        "tandem:operation": OPERATION,
        "tandem:client": "acme",
    }
    (effect,) = effects(aws)
    assert effect.session == f"tandem-{OPERATION}"


async def test_progress_is_told_in_known_words(aws):
    run = await lent(aws)

    await PLAYBOOK.run(run)

    keys = [message.key for message in run.said]
    assert keys[0] == "playbook.rds-snapshot.started"
    assert set(keys[1:]) == {"playbook.rds-snapshot.progress"}
    percents = [message.args["percent"] for message in run.said[1:]]
    assert percents == sorted(set(percents))


def test_every_text_of_the_playbook_exists():
    source = Path(__file__).parents[2] / "playbooks/aws/rds_snapshot.py"
    text = source.read_text()
    used = set(re.findall(r'"playbook\.rds-snapshot\.([a-z-]+)"', text))
    used |= set(re.findall(r'_not\(\s*"([a-z-]+)"', text))
    used |= {f"fact-{n}" for n in re.findall(r'_line\(\s*"([a-z]+)"', text)}

    assert {f"playbook-rds-snapshot-{name}" for name in used} == known_texts()


async def test_running_again_takes_no_second_snapshot(aws):
    await PLAYBOOK.run(await lent(aws))

    await PLAYBOOK.run(await lent(aws))

    assert len(effects(aws)) == len(stored(aws)) == 1
    assert PLAYBOOK.repeatable


@pytest.mark.parametrize("kind", ["drop-after", "error-after"])
async def test_a_lost_answer_is_unknown_then_found_then_finished(aws, kind):
    run = await lent(aws)
    aws.cloud.faults.add(Fault(kind=kind, action="rds:Create*"))

    with pytest.raises(OutcomeUnknown):
        await PLAYBOOK.run(run)
    found = await PLAYBOOK.happened(await looking(aws))
    await PLAYBOOK.run(run)

    assert found is Happened.YES
    assert isinstance(await PLAYBOOK.verify(run), Verified)
    assert len(effects(aws)) == 1


async def test_a_call_that_never_arrived_did_not_happen(aws):
    run = await lent(aws)
    aws.cloud.faults.add(Fault(kind="drop", action="rds:Create*"))
    with pytest.raises(OutcomeUnknown):
        await PLAYBOOK.run(run)

    assert await PLAYBOOK.happened(await looking(aws)) is Happened.NO


async def test_a_cloud_that_cannot_be_asked_leaves_it_unknown(aws):
    run = await looking(aws)
    aws.cloud.faults.add(Fault(kind="down", action="rds:*", times=None))

    assert await PLAYBOOK.happened(run) is Happened.UNKNOWN


async def test_a_stopped_database_is_left_alone_and_the_preview_says_so(aws):
    aws.admin("rds").stop_db_instance(DBInstanceIdentifier="acme-db-prod")

    preview = await PLAYBOOK.preview(await looking(aws))
    with pytest.raises(Refused) as refused:
        await PLAYBOOK.run(await lent(aws))

    (warning,) = preview.warnings
    assert warning == refused.value.message
    assert warning.key == "playbook.rds-snapshot.busy"
    assert stored(aws) == []


async def test_a_database_that_got_busy_in_between_is_a_refusal_too(aws):
    run = await lent(aws)

    class Late:
        """The same session, with somebody else's snapshot begun just before ours."""

        async def call(self, service, operation, parameters):
            if operation == "CreateDBSnapshot":
                aws.clock.hold()
                aws.admin("rds").create_db_snapshot(
                    DBInstanceIdentifier="acme-db-prod", DBSnapshotIdentifier="theirs"
                )
            return await run.aws.call(service, operation, parameters)

    with pytest.raises(Refused) as refused:
        await PLAYBOOK.run(PlaybookRun(Late(), aws.clock))

    assert refused.value.message.key == "playbook.rds-snapshot.busy"
    assert [s["DBSnapshotIdentifier"] for s in stored(aws)] == ["theirs"]


async def test_a_database_that_is_not_there_is_refused_with_its_name(aws):
    missing = PLAYBOOK.model_copy(update={"database": "acme-db-none"})

    with pytest.raises(Refused) as refused:
        await missing.preview(await looking(aws, missing))

    assert refused.value.message.args == {"database": "acme-db-none"}


async def test_nothing_taken_is_not_verified(aws):
    verdict = await PLAYBOOK.verify(await lent(aws))

    assert isinstance(verdict, NotVerified)
    assert verdict.reason.key == "playbook.rds-snapshot.missing"


async def test_losing_sight_of_the_snapshot_is_unknown(aws):
    run = await lent(aws)
    await PLAYBOOK.run(run)

    class Blind:
        """The same session after the network went away."""

        asked = 0

        async def call(self, service, operation, parameters):
            self.asked += 1
            if self.asked == 1:
                return await run.aws.call(service, operation, parameters)
            aws.cloud.faults.clear()
            aws.cloud.faults.add(Fault(kind="error", action="rds:*", times=3))
            return await run.aws.call(service, operation, parameters)

    blind = PlaybookRun(Blind(), aws.clock)

    with pytest.raises(OutcomeUnknown):
        await PLAYBOOK.run(blind)


class Scripted:
    """An AWS whose snapshot is in one state for ever."""

    def __init__(self, **snapshot) -> None:
        self.snapshot = {
            "DBSnapshotIdentifier": SNAPSHOT,
            "DBInstanceIdentifier": "acme-db-prod",
            "DbiResourceId": "db-ONE",
            "AllocatedStorage": 100,
            "Status": "available",
            "SnapshotCreateTime": datetime(2026, 11, 23, tzinfo=UTC),
            **snapshot,
        }

    async def call(self, service, operation, parameters):
        if operation == "DescribeDBSnapshots":
            return {"DBSnapshots": [self.snapshot]}
        return {"DBInstances": [{"DbiResourceId": "db-ONE", "AllocatedStorage": 100}]}


@pytest.mark.parametrize(
    ("snapshot", "reason"),
    [
        ({"Status": "failed"}, "not-available"),
        ({"Status": "creating"}, "not-available"),
        ({"DbiResourceId": "db-TWO"}, "other-database"),
        ({"AllocatedStorage": 101}, "other-size"),
    ],
)
async def test_a_snapshot_that_is_not_as_promised_is_not_verified(snapshot, reason):
    run = PlaybookRun(Scripted(**snapshot), Clock())

    verdict = await PLAYBOOK.verify(run)

    assert isinstance(verdict, NotVerified)
    assert verdict.reason.key == f"playbook.rds-snapshot.{reason}"


async def test_a_failed_snapshot_ends_the_waiting():
    run = PlaybookRun(Scripted(Status="failed"), Clock())

    await PLAYBOOK.run(run)

    assert run.said == []


async def test_a_snapshot_that_never_gets_ready_is_unknown():
    clock = Clock()

    class Slow(PlaybookRun):
        async def sleep(self, seconds: float) -> None:
            clock.ahead += timedelta(minutes=10)

    with pytest.raises(OutcomeUnknown):
        await PLAYBOOK.run(Slow(Scripted(Status="creating"), clock))


@pytest.mark.parametrize(
    "inputs",
    [
        {"database": "Acme"},
        {"database": "acme-db-prod*"},
        {"database": "acme db"},
        {"database": "acme-db-prod\n"},
        {"database": ""},
        {"region": "eu-*"},
        {"account": "1"},
        {"else": "x"},
    ],
)
def test_inputs_are_closed(inputs):
    given = {"database": "acme-db-prod", "region": REGION, "account": ACCOUNT}

    with pytest.raises(ValidationError):
        RdsSnapshot(**{**given, **inputs})


def test_the_longest_name_is_still_a_name_of_rds():
    longest = PLAYBOOK.model_copy(update={"database": "a" * 63})

    assert len(longest.snapshot(OPERATION)) <= 255
    assert re.fullmatch(r"[a-z](-?[a-z0-9])*", PLAYBOOK.snapshot(OPERATION))
