"""The sandbox's AWS keeps the states, the ledger and the world that operations need."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from datetime import timedelta

import httpx
import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
)

from deploy.sandbox.aws.faults import Fault
from deploy.sandbox.aws.seed import REGION, seed
from deploy.sandbox.aws.serve import serve
from deploy.sandbox.aws.world import WorldError
from tests.aws_world import SNAPSHOT_TAKES, AwsWorld, Clock, seeded_world


@pytest.fixture(scope="module")
def seeded(tmp_path_factory):
    with seeded_world(tmp_path_factory.mktemp("aws")) as world:
        yield world


@pytest.fixture
def aws(seeded, tmp_path):
    with seeded.served(tmp_path / "aws") as world:
        yield world


def code_of(refused) -> str:
    return refused.value.response["Error"]["Code"]


def snapshot(aws, name="s-1", database="acme-db-prod"):
    answer = aws.admin("rds").create_db_snapshot(
        DBInstanceIdentifier=database, DBSnapshotIdentifier=name
    )
    return answer["DBSnapshot"]


def read_snapshot(aws, name="s-1"):
    found = aws.admin("rds").describe_db_snapshots(DBSnapshotIdentifier=name)
    return found["DBSnapshots"][0]


def status(aws, database="acme-db-prod"):
    found = aws.admin("rds").describe_db_instances(DBInstanceIdentifier=database)
    return found["DBInstances"][0]["DBInstanceStatus"]


def test_the_seed_makes_what_the_brief_names(aws):
    ec2 = aws.admin("ec2")
    found = [
        (
            {t["Key"]: t["Value"] for t in i["Tags"]}["Name"],
            i["InstanceType"],
            i["State"]["Name"],
        )
        for r in ec2.describe_instances()["Reservations"]
        for i in r["Instances"]
    ]

    assert sorted(found) == [
        ("shop-1", "t3.large", "running"),
        ("shop-staging", "t3.small", "running"),
        ("web-1", "t3.medium", "running"),
        ("web-2", "t3.medium", "running"),
        ("web-staging", "t3.small", "running"),
    ]


def test_seeding_again_changes_nothing(aws):
    before = aws.cloud.ledger.entries()

    again = seed(aws.cloud.endpoint, issuer=aws.issuer.url)

    assert again == aws.seeded
    assert aws.cloud.ledger.entries() == before


def test_a_running_instance_keeps_its_type(aws):
    ec2 = aws.admin("ec2")
    web = aws.seeded.instances["acme", "web-2"]

    with pytest.raises(ClientError) as refused:
        ec2.modify_instance_attribute(
            InstanceId=web, InstanceType={"Value": "m5.large"}
        )

    assert code_of(refused) == "IncorrectInstanceState"


def test_a_stopped_instance_takes_another_type(aws):
    ec2 = aws.admin("ec2")
    web = aws.seeded.instances["acme", "web-2"]
    ec2.stop_instances(InstanceIds=[web])

    ec2.modify_instance_attribute(InstanceId=web, InstanceType={"Value": "m5.large"})
    ec2.start_instances(InstanceIds=[web])

    (found,) = ec2.describe_instances(InstanceIds=[web])["Reservations"]
    assert found["Instances"][0]["InstanceType"] == "m5.large"
    assert found["Instances"][0]["State"]["Name"] == "running"


def test_a_type_that_nobody_sells_is_refused(aws):
    ec2 = aws.admin("ec2")
    web = aws.seeded.instances["acme", "web-2"]
    ec2.stop_instances(InstanceIds=[web])

    with pytest.raises(ClientError) as changed:
        ec2.modify_instance_attribute(
            InstanceId=web, Attribute="instanceType", Value="m5.gigantic"
        )
    with pytest.raises(ClientError) as started:
        ec2.run_instances(
            ImageId="ami-0c0ffee0c0ffee000",
            InstanceType="m5.gigantic",
            MinCount=1,
            MaxCount=1,
        )

    assert code_of(changed) == "InvalidInstanceAttributeValue"
    assert code_of(started) == "InvalidParameterValue"


def test_a_snapshot_takes_its_time_and_keeps_its_database_busy(aws):
    aws.clock.hold()
    begun = snapshot(aws)
    aws.clock.ahead = SNAPSHOT_TAKES / 2
    under_way, busy = read_snapshot(aws), status(aws)
    aws.clock.ahead = timedelta(seconds=10)
    ready = read_snapshot(aws)

    assert (begun["Status"], begun["PercentProgress"]) == ("creating", 0)
    assert under_way["Status"] == "creating"
    assert under_way["PercentProgress"] == 50
    assert busy == "backing-up"
    assert (ready["Status"], ready["PercentProgress"]) == ("available", 100)
    assert status(aws) == "available"


def test_a_busy_database_takes_no_second_snapshot(aws):
    aws.clock.hold()
    snapshot(aws)

    with pytest.raises(ClientError) as refused:
        snapshot(aws, "s-2")

    assert code_of(refused) == "InvalidDBInstanceState"


@pytest.mark.parametrize(
    ("name", "database", "code"),
    [
        ("s-1", "acme-db-prod-2", "DBSnapshotAlreadyExists"),
        ("s-2", "acme-db-none", "DBInstanceNotFound"),
        ("no--good", "acme-db-prod-2", "InvalidParameterValue"),
    ],
)
def test_rds_refuses_as_on_aws(aws, name, database, code):
    snapshot(aws)

    with pytest.raises(ClientError) as refused:
        snapshot(aws, name, database)

    assert code_of(refused) == code


def test_a_snapshot_deleted_on_its_way_is_gone(aws):
    snapshot(aws)
    aws.admin("rds").delete_db_snapshot(DBSnapshotIdentifier="s-1")

    with pytest.raises(ClientError) as refused:
        read_snapshot(aws)

    assert code_of(refused) == "DBSnapshotNotFound"


def test_no_two_databases_share_a_resource_id(aws):
    found = aws.admin("rds").describe_db_instances()["DBInstances"]

    assert len({database["DbiResourceId"] for database in found}) == len(found)


def test_the_ledger_tells_what_was_done_failed_and_denied(aws):
    before = aws.cloud.ledger.next_seq
    snapshot(aws)
    with pytest.raises(ClientError):
        snapshot(aws)
    with pytest.raises(ClientError):
        aws.lent("iam").create_user(UserName="mallory")
    status(aws)

    told = [
        (e.action, e.outcome, e.code) for e in aws.cloud.ledger.entries(since=before)
    ]

    assert told == [
        ("rds:CreateDBSnapshot", "performed", ""),
        ("rds:CreateDBSnapshot", "failed", "DBSnapshotAlreadyExists"),
        ("sts:AssumeRoleWithWebIdentity", "performed", ""),
        ("iam:CreateUser", "denied", "AccessDenied"),
    ]


def test_passwords_stay_out_of_the_ledger(aws, tmp_path):
    aws.admin("rds").create_db_instance(
        DBInstanceIdentifier="acme-new",
        DBInstanceClass="db.t3.medium",
        Engine="postgres",
        AllocatedStorage=20,
        MasterUsername="owner",
        MasterUserPassword="canary-password",
    )

    assert "canary-password" not in (tmp_path / "aws/ledger.jsonl").read_text()


@pytest.mark.parametrize(
    ("kind", "code", "done"),
    [
        ("throttle", "Throttling", 0),
        ("error", "InternalFailure", 0),
        ("down", "ServiceUnavailable", 0),
        ("error-after", "InternalFailure", 1),
    ],
)
def test_a_fault_answers_badly_and_says_in_the_ledger_what_was_done(
    aws, kind, code, done
):
    aws.cloud.faults.add(Fault(kind=kind, action="rds:CreateDBSnapshot"))

    with pytest.raises(ClientError) as refused:
        snapshot(aws)

    assert code_of(refused) == code
    effects = [
        e for e in aws.cloud.ledger.effects("rds:CreateDBSnapshot") if e.fault == kind
    ]
    assert len(effects) == done
    assert aws.cloud.faults.remaining() == ()


@pytest.mark.parametrize(("kind", "done"), [("drop", 0), ("drop-after", 1)])
def test_a_dropped_connection_gives_no_answer(aws, kind, done):
    aws.cloud.faults.add(Fault(kind=kind, action="rds:Create*"))

    with pytest.raises(ConnectionClosedError):
        snapshot(aws)

    assert len(aws.cloud.ledger.effects("rds:CreateDBSnapshot")) == done


def test_faults_and_ledger_are_reached_over_http(aws):
    url = f"{aws.cloud.endpoint}/sandbox-api"
    with httpx.Client(base_url=url, trust_env=False) as http:
        wrong = http.post("/faults", json=[{"kind": "meteor"}])
        set_ = http.post("/faults", json=[{"kind": "delay", "times": 3}])
        seen = http.get("/faults").json()
        cleared = http.delete("/faults")
        entries = http.get("/ledger").json()["entries"]
        foreign = http.get("/ledger", headers={"Origin": "http://evil.example"})
        form = http.post("/faults", content=b"[]")
        unknown = http.get("/other")

    assert (wrong.status_code, set_.status_code) == (400, 200)
    assert seen[0]["times"] == 3
    assert cleared.status_code == 200
    assert entries[0]["action"].startswith("ec2:")
    assert (foreign.status_code, form.status_code) == (403, 403)
    assert unknown.status_code == 404


def test_a_stranger_gets_an_answer_of_aws_too(aws):
    with httpx.Client(base_url=aws.cloud.endpoint, trust_env=False) as http:
        got = http.get("/")
        empty = http.post("/")
        long = http.post("/", content=b"x" * ((1 << 20) + 1))

    assert b"InvalidAction" in got.content
    assert b"MissingAuthenticationToken" in empty.content
    assert long.status_code == 413


def test_the_world_is_the_same_after_a_restart(seeded, tmp_path):
    clock = Clock()
    with seeded.served(tmp_path, clock=clock) as first:
        lent = first.assume()
        snapshot(first)
        entries = first.cloud.ledger.entries()
    with serve(tmp_path, issuer=seeded.issuer.url, now=clock.now) as cloud:
        second = AwsWorld(cloud, seeded.issuer, seeded.seeded, clock)
        keys = lent["AccessKeyId"], lent["SecretAccessKey"], lent["SessionToken"]
        who = second.by("sts", *keys).get_caller_identity()

        assert who["Arn"].endswith("tandem-acme/" + entries[-2].session)
        assert read_snapshot(second)["DBSnapshotIdentifier"] == "s-1"
        assert cloud.ledger.entries() == entries
        assert seed(cloud.endpoint, issuer=seeded.issuer.url) == seeded.seeded


def test_an_effect_whose_ledger_line_was_lost_is_in_the_ledger_again(seeded, tmp_path):
    with seeded.served(tmp_path) as first:
        snapshot(first)
        entries = first.cloud.ledger.entries()
    file = tmp_path / "ledger.jsonl"
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(lines[:-1]) + lines[-1][:20])

    with serve(tmp_path, issuer=seeded.issuer.url) as cloud:
        again = cloud.ledger.entries()

    assert again == entries
    assert json.loads(file.read_bytes().splitlines()[-1])["seq"] == entries[-1].seq


def test_one_process_holds_one_world(aws, tmp_path):
    with (
        pytest.raises(WorldError, match="one world"),
        serve(tmp_path / "other", issuer=aws.issuer.url),
    ):
        pass


def started(folder):
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "deploy.sandbox.aws",
            "--state",
            str(folder),
            "--issuer",
            "http://127.0.0.1:1/v1/identity/oidc",
            "--snapshot-seconds",
            "0.1",
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    said = process.stdout.readline().split()
    return process, said[1]


@pytest.mark.timeout(90)
def test_two_processes_never_share_a_world(aws, tmp_path):
    second = subprocess.run(
        [
            *(sys.executable, "-m", "deploy.sandbox.aws"),
            *("--state", str(tmp_path / "aws"), "--issuer", aws.issuer.url),
        ],
        capture_output=True,
        text=True,
        check=False,
    )

    assert second.returncode == 1
    assert "another process serves the world" in second.stderr


@pytest.mark.timeout(90)
def test_the_world_survives_kill_9(tmp_path):
    issuer = "http://127.0.0.1:1/v1/identity/oidc"
    process, endpoint = started(tmp_path)
    try:
        first = seed(endpoint, issuer=issuer)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
    began = time.monotonic()
    process, endpoint = started(tmp_path)
    took = time.monotonic() - began
    try:
        second = seed(endpoint, issuer=issuer)
    finally:
        process.terminate()
        status_ = process.wait()
        process.stdout.close()

    assert second == first
    assert status_ == 0
    # Measured 2 s on two busy cores; the bound only catches a change of kind.
    assert took < 20
    assert REGION == "eu-west-3"
