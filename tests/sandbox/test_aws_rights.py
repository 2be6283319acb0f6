"""The sandbox's AWS allows what IAM would allow, and nothing else."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from bot.domain.aws_policy import session_policy
from deploy.sandbox.aws.principal import (
    ADMIN_KEY,
    ADMIN_SECRET,
    TERRAFORM_KEY,
    TERRAFORM_SECRET,
)
from deploy.sandbox.aws.seed import REGION
from playbooks.aws.rds_snapshot import RdsSnapshot
from tests.aws_world import ACCOUNT, OPERATION, ROLE, seeded_world

PLAYBOOK = RdsSnapshot(database="acme-db-prod", region=REGION, account=ACCOUNT)
SNAPSHOT = PLAYBOOK.snapshot(OPERATION)


@pytest.fixture(scope="module")
def seeded(tmp_path_factory):
    with seeded_world(tmp_path_factory.mktemp("aws")) as world:
        yield world


@pytest.fixture
def aws(seeded, tmp_path):
    with seeded.served(tmp_path) as world:
        yield world


def policy(aws, *, minutes: float = 5) -> str:
    until = aws.clock.now() + timedelta(minutes=minutes)
    return session_policy(PLAYBOOK.scope(OPERATION), until=until, region=REGION)


def code_of(refused) -> str:
    return refused.value.response["Error"]["Code"]


def take(rds, database="acme-db-prod", snapshot=SNAPSHOT):
    return rds.create_db_snapshot(
        DBInstanceIdentifier=database,
        DBSnapshotIdentifier=snapshot,
        Tags=[{"Key": "tandem:operation", "Value": OPERATION}],
    )


def test_lent_credentials_take_the_one_snapshot_they_are_for(aws):
    rds = aws.lent("rds", Policy=policy(aws))

    take(rds)

    (effect,) = aws.cloud.ledger.effects("rds:CreateDBSnapshot")[-1:]
    assert effect.session == f"tandem-{OPERATION}"
    assert effect.parameters["DBSnapshotIdentifier"] == SNAPSHOT


@pytest.mark.parametrize(
    ("database", "snapshot"),
    [
        ("acme-db-prod-2", SNAPSHOT),
        ("acme-db-staging", SNAPSHOT),
        ("globex-shop-db", SNAPSHOT),
        ("acme-db-prod", f"{SNAPSHOT}-2"),
        ("acme-db-prod", "tandem-acme-db-prod-other"),
        ("acme-db-prod", "rds:acme-db-prod"),
        ("acme-db-missing", SNAPSHOT),
    ],
)
def test_lent_credentials_are_refused_for_any_other_database_or_snapshot(
    aws, database, snapshot
):
    rds = aws.lent("rds", Policy=policy(aws))

    with pytest.raises(ClientError) as refused:
        take(rds, database, snapshot)

    assert code_of(refused) == "AccessDenied"
    (denial,) = aws.cloud.ledger.denials("rds:CreateDBSnapshot")
    assert denial.principal.endswith(f"assumed-role/tandem-acme/{denial.session}")
    assert aws.cloud.ledger.effects("rds:CreateDBSnapshot") == ()


OTHER_RDS_ACTIONS = {
    "delete_db_instance": {
        "DBInstanceIdentifier": "acme-db-prod",
        "SkipFinalSnapshot": True,
    },
    "modify_db_instance": {
        "DBInstanceIdentifier": "acme-db-prod",
        "AllocatedStorage": 200,
    },
    "reboot_db_instance": {"DBInstanceIdentifier": "acme-db-prod"},
    "stop_db_instance": {"DBInstanceIdentifier": "acme-db-prod"},
    "delete_db_snapshot": {"DBSnapshotIdentifier": SNAPSHOT},
    "restore_db_instance_from_db_snapshot": {
        "DBInstanceIdentifier": "acme-db-prod",
        "DBSnapshotIdentifier": SNAPSHOT,
    },
    "copy_db_snapshot": {
        "SourceDBSnapshotIdentifier": SNAPSHOT,
        "TargetDBSnapshotIdentifier": "elsewhere",
    },
    "modify_db_snapshot_attribute": {
        "DBSnapshotIdentifier": SNAPSHOT,
        "AttributeName": "restore",
        "ValuesToAdd": ["all"],
    },
    "describe_db_clusters": {},
    "describe_db_instances": {},
}


@pytest.mark.parametrize("operation", OTHER_RDS_ACTIONS)
def test_lent_credentials_are_refused_for_any_other_action(aws, operation):
    rds = aws.lent("rds", Policy=policy(aws))
    take(rds)

    with pytest.raises(ClientError) as refused:
        getattr(rds, operation)(**OTHER_RDS_ACTIONS[operation])

    assert code_of(refused) == "AccessDenied"


def test_lent_credentials_are_refused_for_other_services(aws):
    ec2 = aws.lent("ec2", Policy=policy(aws))
    web = aws.seeded.instances["acme", "web-2"]

    with pytest.raises(ClientError) as refused:
        ec2.stop_instances(InstanceIds=[web])
    with pytest.raises(ClientError) as unread:
        ec2.describe_instances()

    assert code_of(refused) == code_of(unread) == "UnauthorizedOperation"


def test_lent_credentials_are_refused_in_another_region(aws):
    rds = aws.lent("rds", region="eu-west-1", Policy=policy(aws))

    with pytest.raises(ClientError) as refused:
        take(rds)

    assert code_of(refused) == "AccessDenied"


def test_tags_at_creation_need_the_right_to_tag(aws):
    document = json.loads(policy(aws))
    document["Statement"] = [
        s for s in document["Statement"] if s["Action"] != ["rds:AddTagsToResource"]
    ]
    rds = aws.lent("rds", Policy=json.dumps(document))

    with pytest.raises(ClientError) as refused:
        take(rds)

    assert code_of(refused) == "AccessDenied"


def test_the_grant_ends_with_the_operation_long_before_the_session(aws):
    rds = aws.lent("rds", Policy=policy(aws, minutes=2))
    aws.clock.ahead = timedelta(minutes=2, seconds=1)

    with pytest.raises(ClientError) as refused:
        take(rds)

    assert code_of(refused) == "AccessDenied"


@pytest.mark.parametrize(
    ("service", "operation", "code"),
    [
        ("rds", "describe_db_instances", "ExpiredToken"),
        ("sts", "get_caller_identity", "ExpiredToken"),
        ("ec2", "describe_instances", "RequestExpired"),
    ],
)
def test_an_ended_session_opens_nothing(aws, service, operation, code):
    client = aws.lent(service, DurationSeconds=900)
    aws.clock.ahead = timedelta(seconds=901)

    with pytest.raises(ClientError) as refused:
        getattr(client, operation)()

    assert code_of(refused) == code


def test_a_session_policy_cannot_widen_the_role(aws):
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    rds = aws.lent("rds", Policy=json.dumps({"Statement": [everything]}))

    with pytest.raises(ClientError) as refused:
        take(rds, "globex-shop-db", "tandem-globex-shop-db-1")

    assert code_of(refused) == "AccessDenied"


def test_one_foreign_instance_in_a_list_refuses_the_whole_call(aws):
    ours = aws.seeded.instances["acme", "web-2"]
    theirs = aws.seeded.instances["globex", "shop-1"]
    ec2 = aws.lent("ec2")

    with pytest.raises(ClientError) as refused:
        ec2.stop_instances(InstanceIds=[ours, theirs])
    ec2.stop_instances(InstanceIds=[ours])

    assert code_of(refused) == "UnauthorizedOperation"
    (effect,) = aws.cloud.ledger.effects("ec2:StopInstances")
    assert effect.resources == (f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/{ours}",)


def test_a_role_sees_databases_of_its_own_client_alone(aws):
    rds = aws.lent("rds")

    seen = rds.describe_db_instances(DBInstanceIdentifier="acme-db-prod-2")
    with pytest.raises(ClientError) as foreign:
        rds.describe_db_instances(DBInstanceIdentifier="globex-shop-db")
    with pytest.raises(ClientError) as everybody:
        rds.describe_db_snapshots()

    assert len(seen["DBInstances"]) == 1
    assert code_of(foreign) == code_of(everybody) == "AccessDenied"


def test_a_role_changed_after_lending_binds_at_once(aws):
    rds = aws.lent("rds", Policy=policy(aws))
    aws.admin("iam").delete_role_policy(RoleName="tandem-acme", PolicyName="operations")

    with pytest.raises(ClientError) as refused:
        take(rds)

    assert code_of(refused) == "AccessDenied"


def test_terraform_changes_instances_and_nothing_else(aws):
    ec2 = aws.by("ec2", TERRAFORM_KEY, TERRAFORM_SECRET)
    rds = aws.by("rds", TERRAFORM_KEY, TERRAFORM_SECRET)
    iam = aws.by("iam", TERRAFORM_KEY, TERRAFORM_SECRET)

    ec2.stop_instances(InstanceIds=[aws.seeded.instances["acme", "web-2"]])
    with pytest.raises(ClientError) as no_rds:
        take(rds)
    with pytest.raises(ClientError) as no_iam:
        iam.create_user(UserName="mallory")

    assert code_of(no_rds) == code_of(no_iam) == "AccessDenied"


@pytest.mark.parametrize(
    ("service", "key", "secret", "code"),
    [
        ("rds", ADMIN_KEY, "wrong", "SignatureDoesNotMatch"),
        ("ec2", ADMIN_KEY, "wrong", "AuthFailure"),
        ("rds", "AKIAUNKNOWN000000001", ADMIN_SECRET, "InvalidClientTokenId"),
        ("ec2", "AKIAUNKNOWN000000001", ADMIN_SECRET, "AuthFailure"),
    ],
)
def test_a_wrong_key_opens_nothing(aws, service, key, secret, code):
    client = aws.by(service, key, secret)
    name = "describe_db_instances" if service == "rds" else "describe_instances"

    with pytest.raises(ClientError) as refused:
        getattr(client, name)()

    assert code_of(refused) == code


def test_a_session_key_without_its_token_opens_nothing(aws):
    lent = aws.assume()
    for token in (None, "made-up"):
        rds = aws.by("rds", lent["AccessKeyId"], lent["SecretAccessKey"], token)

        with pytest.raises(ClientError) as refused:
            rds.describe_db_instances(DBInstanceIdentifier="acme-db-prod")

        assert code_of(refused) == "InvalidClientTokenId"


def test_an_old_signature_is_refused(aws):
    rds = aws.admin("rds")
    aws.clock.ahead = timedelta(minutes=16)

    with pytest.raises(ClientError) as refused:
        rds.describe_db_instances()

    assert code_of(refused) == "SignatureDoesNotMatch"


def test_who_am_i_names_role_and_operation(aws):
    who = aws.lent("sts", Policy=policy(aws)).get_caller_identity()

    assert who["Arn"] == (
        f"arn:aws:sts::{ACCOUNT}:assumed-role/tandem-acme/tandem-{OPERATION}"
    )
    assert who["Account"] == ACCOUNT


def test_a_role_is_not_lent_to_signed_callers_either(aws):
    sts = aws.admin("sts")

    with pytest.raises(ClientError) as refused:
        sts.assume_role(RoleArn=ROLE, RoleSessionName="admin")

    assert code_of(refused) == "InvalidAction"


def test_a_region_that_is_none_is_refused(aws):
    rds = aws.by("rds", ADMIN_KEY, ADMIN_SECRET, region="mars-east-1")

    with pytest.raises(ClientError) as refused:
        rds.describe_db_instances()

    assert code_of(refused) == "SignatureDoesNotMatch"


def test_attached_policies_count_like_inline_ones(aws):
    iam = aws.admin("iam")
    document = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Deny", "Action": "rds:*", "Resource": "*"}],
    }
    made = iam.create_policy(PolicyName="stop", PolicyDocument=json.dumps(document))
    rds = aws.lent("rds")
    iam.attach_role_policy(RoleName="tandem-acme", PolicyArn=made["Policy"]["Arn"])

    with pytest.raises(ClientError) as refused:
        rds.describe_db_instances(DBInstanceIdentifier="acme-db-prod")

    assert code_of(refused) == "AccessDenied"


def test_a_role_that_is_gone_leaves_its_sessions_nothing(aws):
    rds = aws.lent("rds")
    iam = aws.admin("iam")
    iam.delete_role_policy(RoleName="tandem-acme", PolicyName="operations")
    iam.delete_role(RoleName="tandem-acme")

    with pytest.raises(ClientError) as refused:
        rds.describe_db_instances(DBInstanceIdentifier="acme-db-prod")

    assert code_of(refused) == "AccessDenied"
