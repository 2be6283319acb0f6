"""
What the sandbox's account holds at the start, made by ordinary calls of AWS.

Idempotent: what is there is left as it is, so it can run at every start. Instances are
known by their Name and Client tags, databases by their identifier.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import boto3
from botocore.config import Config

from deploy.sandbox.aws.balancing import balance
from deploy.sandbox.aws.disks import attach
from deploy.sandbox.aws.groups import gather
from deploy.sandbox.aws.principal import ADMIN_KEY, ADMIN_SECRET
from deploy.sandbox.aws.resources import ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_rds import RDSClient

REGION: Final = "eu-west-3"
IMAGE: Final = "ami-0c0ffee0c0ffee000"
AUDIENCE: Final = "sts.amazonaws.com"
POLICY: Final = "operations"
CLIENTS: Final = ("acme", "globex")


@dataclass(frozen=True, slots=True)
class _Instance:
    client: str
    name: str
    kind: str
    environment: str


@dataclass(frozen=True, slots=True)
class _Database:
    client: str
    name: str
    environment: str
    gibibytes: int

    @property
    def identifier(self) -> str:
        return f"{self.client}-{self.name}"


INSTANCES: Final = (
    _Instance("acme", "web-1", "t3.medium", "production"),
    _Instance("acme", "web-2", "t3.medium", "production"),
    _Instance("acme", "web-staging", "t3.small", "staging"),
    _Instance("globex", "shop-1", "t3.large", "production"),
    _Instance("globex", "shop-staging", "t3.small", "staging"),
)
DATABASES: Final = (
    _Database("acme", "db-prod", "production", 100),
    _Database("acme", "db-prod-2", "production", 50),
    _Database("acme", "db-staging", "staging", 20),
    _Database("globex", "shop-db", "production", 80),
)


@dataclass(frozen=True, slots=True)
class Seeded:
    """Where things are: `instances` by (client, name), `databases` and `roles` too."""

    instances: Mapping[tuple[str, str], str]
    databases: Mapping[tuple[str, str], str]
    roles: Mapping[str, str]


def seed(
    endpoint: str, *, issuer: str, subjects: Mapping[str, tuple[str, ...]] | None = None
) -> Seeded:
    """Make what is missing and return the ids of all of it. Takes about a second."""
    ec2, rds, iam = (_client(service, endpoint) for service in ("ec2", "rds", "iam"))
    instances = {(i.client, i.name): _instance(ec2, i) for i in INSTANCES}
    balancing = _client("elbv2", endpoint)
    balance(ec2, balancing, instances)
    attach(ec2, instances)
    gather(ec2)
    return Seeded(
        instances=instances,
        databases={(d.client, d.name): _database(rds, d) for d in DATABASES},
        roles=_roles(iam, issuer, subjects or {}),
    )


def trust_policy(
    client: str, issuer: str, subjects: tuple[str, ...] = ()
) -> dict[str, Any]:
    """
    Return who may assume a client's role: tokens of the issuer for that client.

    With `subjects` only those entities of Vault may, as on the real IAM, which knows no
    other claim of a provider's than `aud` and `sub`.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html
    """
    provider = issuer.partition("://")[2]
    whose = (
        {f"{provider}:sub": list(subjects)}
        if subjects
        else {f"{provider}:client": client}
    )
    wanted = {f"{provider}:aud": AUDIENCE, **whose}
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Principal": {
                    "Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{provider}"
                },
                "Condition": {"StringEquals": wanted},
            }
        ],
    }


def permissions(client: str) -> dict[str, Any]:
    """Return the most that Tandem may ever do for a client; scopes only shrink it."""
    rds, ec2 = f"arn:aws:rds:{REGION}:{ACCOUNT}", f"arn:aws:ec2:{REGION}:{ACCOUNT}"
    databases, snapshots = f"{rds}:db:{client}-*", f"{rds}:snapshot:tandem-{client}-*"
    statements: tuple[tuple[list[str], list[str], dict[str, Any]], ...] = (
        (["rds:DescribeDBInstances"], [databases], {}),
        (["rds:DescribeDBSnapshots"], [databases, snapshots], {}),
        (["rds:CreateDBSnapshot"], [databases, snapshots], {}),
        (["rds:AddTagsToResource"], [snapshots], {}),
        # EC2 has no rights on single things for reading.
        (
            [
                "ec2:DescribeInstances",
                "ec2:DescribeInstanceStatus",
                "ec2:DescribeInstanceTypes",
                "ec2:DescribeVolumes",
                "ec2:DescribeSnapshots",
                "ec2:DescribeSecurityGroups",
                "ec2:DescribeSecurityGroupRules",
                # Nor has load balancing.
                "elasticloadbalancing:DescribeTargetGroups",
                "elasticloadbalancing:DescribeTargetHealth",
            ],
            ["*"],
            {},
        ),
        (
            [
                "ec2:StartInstances",
                "ec2:StopInstances",
                "ec2:RebootInstances",
                "ec2:ModifyInstanceAttribute",
            ],
            [f"{ec2}:instance/*"],
            {"StringEquals": {"aws:ResourceTag/Client": client}},
        ),
        (
            ["ec2:CreateSnapshot"],
            [f"{ec2}:volume/*"],
            {"StringEquals": {"aws:ResourceTag/Client": client}},
        ),
        # A snapshot has no name before it is there: its birth tags tell whose it is.
        (
            ["ec2:CreateSnapshot", "ec2:CreateTags"],
            [f"arn:aws:ec2:{REGION}::snapshot/*"],
            {"StringEquals": {"aws:RequestTag/tandem:client": client}},
        ),
    )
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": actions,
                "Resource": resources,
                **({"Condition": condition} if condition else {}),
            }
            for actions, resources, condition in statements
        ],
    }


def _client(service: str, endpoint: str) -> Any:  # noqa: ANN401 - made at run time
    """Return a client of the sandbox's administrator."""
    session: Any = boto3.session.Session(
        aws_access_key_id=ADMIN_KEY,
        aws_secret_access_key=ADMIN_SECRET,
        region_name=REGION,
    )
    config = Config(proxies={}, retries={"total_max_attempts": 1})
    return session.client(service, endpoint_url=endpoint, config=config)


def _tags(client: str, name: str, environment: str) -> list[dict[str, str]]:
    """Return the tags that every thing of the sandbox carries."""
    pairs = {"Name": name, "Client": client, "Environment": environment}
    return [{"Key": key, "Value": value} for key, value in pairs.items()]


def _instance(ec2: EC2Client, wanted: _Instance) -> str:
    """Return the id of the instance of that client and name; it is started if new."""
    found = ec2.describe_instances(
        Filters=[
            {"Name": "tag:Name", "Values": [wanted.name]},
            {"Name": "tag:Client", "Values": [wanted.client]},
            {
                "Name": "instance-state-name",
                "Values": ["pending", "running", "stopping", "stopped"],
            },
        ]
    )
    for reservation in found["Reservations"]:
        for instance in reservation["Instances"]:
            return instance["InstanceId"]
    tags: Any = _tags(wanted.client, wanted.name, wanted.environment)
    kind: Any = wanted.kind
    made = ec2.run_instances(
        ImageId=IMAGE,
        InstanceType=kind,
        MinCount=1,
        MaxCount=1,
        TagSpecifications=[{"ResourceType": "instance", "Tags": tags}],
    )
    return made["Instances"][0]["InstanceId"]


def _database(rds: RDSClient, wanted: _Database) -> str:
    """Return the identifier of the database; it is made if missing."""
    # Looked up first, so that a restart leaves no line in the ledger.
    with suppress(rds.exceptions.DBInstanceNotFoundFault):
        rds.describe_db_instances(DBInstanceIdentifier=wanted.identifier)
        return wanted.identifier
    tags: Any = _tags(wanted.client, wanted.name, wanted.environment)
    rds.create_db_instance(
        DBInstanceIdentifier=wanted.identifier,
        DBInstanceClass="db.t3.medium",
        Engine="postgres",
        EngineVersion="16.4",
        AllocatedStorage=wanted.gibibytes,
        MasterUsername="owner",
        MasterUserPassword="made-up-for-the-sandbox",
        Tags=tags,
    )
    return wanted.identifier


def _roles(
    iam: Any,  # noqa: ANN401 - no stubs for IAM
    issuer: str,
    subjects: Mapping[str, tuple[str, ...]],
) -> dict[str, str]:
    """Register the issuer and make each client's role what it should be now."""
    provider = f"arn:aws:iam::{ACCOUNT}:oidc-provider/{issuer.partition('://')[2]}"
    known = iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]
    if provider not in {entry["Arn"] for entry in known}:
        iam.create_open_id_connect_provider(
            Url=issuer, ClientIDList=[AUDIENCE], ThumbprintList=[]
        )
    return {
        client: _role(
            iam, client, trust_policy(client, issuer, subjects.get(client, ()))
        )
        for client in CLIENTS
    }


def _role(iam: Any, client: str, trust: dict[str, Any]) -> str:  # noqa: ANN401 - as above
    """Return the ARN of a client's role, made or brought up to date if need be."""
    name = f"tandem-{client}"
    wanted = permissions(client)
    try:
        role = iam.get_role(RoleName=name)["Role"]
    except iam.exceptions.NoSuchEntityException:
        text = json.dumps(trust)
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=text)["Role"]
    # The issuer's port may have moved since the role was made.
    if role["AssumeRolePolicyDocument"] != trust:
        iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(trust))
    try:
        kept = iam.get_role_policy(RoleName=name, PolicyName=POLICY)["PolicyDocument"]
    except iam.exceptions.NoSuchEntityException:
        kept = None
    if kept != wanted:
        iam.put_role_policy(
            RoleName=name, PolicyName=POLICY, PolicyDocument=json.dumps(wanted)
        )
    return str(role["Arn"])
