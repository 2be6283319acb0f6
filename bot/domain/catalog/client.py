"""
A client and its inventory: clients/<id>/client.yaml and clients/<id>/inventory.yaml.

The client's id is the name of its folder, and a target belongs to the client in whose
folder it stands; neither is written inside the files, so neither can contradict them.
What an ARN is made of is derived from the client's account and region for that reason.

Longer than most: the kinds of target are one closed union, read and checked together.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic.json_schema import SkipJsonSchema
from pydantic_core import PydanticCustomError

from bot.domain.catalog.host import Scripts, ServiceName, Ssh, Web
from bot.domain.catalog.host_work import HostWork
from bot.domain.catalog.names import (
    About,
    Address,
    Attribute,
    AwsAccount,
    AwsRegion,
    AwsRoleArn,
    ClientId,
    DatabaseId,
    Directory,
    Duration,
    FileKey,
    FilePath,
    GitBranch,
    GitlabProject,
    InstanceId,
    JobName,
    NameTag,
    SecurityGroupId,
    ShownName,
    TargetName,
    VolumeId,
)
from bot.domain.catalog.parameter import read_value
from bot.domain.catalog.people import Channel, ClientMember
from bot.domain.change import SetValue
from bot.domain.database import UserHost
from bot.domain.frozen import Frozen
from bot.domain.guidelines.advice import Guide
from bot.domain.ladder import TrustLevel
from bot.domain.message import Language
from bot.domain.scope import Engine, Environment, HostAddress, Port, ServerName
from bot.domain.timing.freeze import FreezeRule
from bot.domain.timing.hours import Hours


class Criticality(StrEnum):
    """How much hangs on a target; high raises the risk of what is done to it."""

    LOW = "low"
    HIGH = "high"


class Terraform(Frozen):
    """Where in the client's project a target is written down."""

    directory: Annotated[
        Directory, Field(description="Folder in the GitLab project, no slash around.")
    ]
    address: Annotated[
        Address, Field(description="Terraform address, such as aws_instance.web_2.")
    ]


class InstanceAws(Frozen):
    """How an EC2 instance is found: by its id, or by its Name tag; one of the two."""

    instance_id: Annotated[
        InstanceId | None, Field(description="Its id, i-…, if it never changes.")
    ] = None
    name_tag: Annotated[
        NameTag | None, Field(description="Its Name tag, which only it may carry.")
    ] = None

    @model_validator(mode="after")
    def _one_of_the_two(self) -> Self:
        if (self.instance_id is None) == (self.name_tag is None):
            raise PydanticCustomError(
                "catalog.instance-identity", "wanted instance_id or name_tag"
            )
        return self


class DatabaseAws(Frozen):
    """How an RDS database is found."""

    db_identifier: Annotated[DatabaseId, Field(description="Its DB identifier.")]


class VolumeAws(Frozen):
    """How an EBS volume is found: by its id, or by its Name tag; one of the two."""

    volume_id: Annotated[
        VolumeId | None, Field(description="Its id, vol-…, if it never changes.")
    ] = None
    name_tag: Annotated[
        NameTag | None, Field(description="Its Name tag, which only it may carry.")
    ] = None

    @model_validator(mode="after")
    def _one_of_the_two(self) -> Self:
        if (self.volume_id is None) == (self.name_tag is None):
            raise PydanticCustomError(
                "catalog.volume-identity", "wanted volume_id or name_tag"
            )
        return self


class SecurityGroupAws(Frozen):
    """How a security group is found: by its id, or by its Name tag; one of the two."""

    group_id: Annotated[
        SecurityGroupId | None, Field(description="Its id, sg-…, if it never changes.")
    ] = None
    name_tag: Annotated[
        NameTag | None, Field(description="Its Name tag, which only it may carry.")
    ] = None

    @model_validator(mode="after")
    def _one_of_the_two(self) -> Self:
        if (self.group_id is None) == (self.name_tag is None):
            raise PydanticCustomError(
                "catalog.group-identity", "wanted group_id or name_tag"
            )
        return self


class _Target(Frozen):
    """What is written of any target."""

    client: SkipJsonSchema[ClientId]
    name: Annotated[TargetName, Field(description="The name that people type.")]
    environment: Annotated[Environment, Field(description="Where it serves.")]
    description: Annotated[About, Field(description="What it is, in a few words.")]
    criticality: Annotated[
        Criticality, Field(description="How much hangs on it; low if not given.")
    ] = Criticality.LOW
    terraform: Annotated[
        Terraform | None, Field(description="Where it is written down, if it is.")
    ] = None
    protected: Annotated[
        tuple[Attribute, ...],
        Field(description="Attributes of it that no command may change."),
    ] = ()


class Instance(_Target):
    """A machine: an EC2 instance."""

    kind: Literal["instance"]
    aws: Annotated[InstanceAws, Field(description="How it is found on AWS.")]


class Database(_Target):
    """A database: an RDS instance."""

    kind: Literal["database"]
    aws: Annotated[DatabaseAws, Field(description="How it is found on AWS.")]


class Volume(_Target):
    """A disk: an EBS volume."""

    kind: Literal["volume"]
    aws: Annotated[VolumeAws, Field(description="How it is found on AWS.")]
    instance: Annotated[
        TargetName | None, Field(description="The instance it is attached to, if any.")
    ] = None
    block: Annotated[
        Literal["root_block_device", "ebs_block_device"] | None,
        Field(description="Which block of its instance's it is, if it is in there."),
    ] = None


class SecurityGroup(_Target):
    """What may reach some machines: an EC2 security group, whose rules are flows."""

    kind: Literal["security_group"]
    aws: Annotated[SecurityGroupAws, Field(description="How it is found on AWS.")]
    rules: Annotated[
        Literal["aws_security_group_rule", "aws_vpc_security_group_ingress_rule"],
        Field(description="As which kind of resource its rules are written."),
    ] = "aws_vpc_security_group_ingress_rule"


class Host(_Target, HostWork):
    """A machine that Tandem may log into; an EC2 instance can be a host as well."""

    kind: Literal["host"]
    ssh: Annotated[Ssh, Field(description="How Tandem logs in.")]
    init: Annotated[
        Literal["systemd", "sysvinit"], Field(description="What runs its services.")
    ] = "systemd"
    services: Annotated[
        tuple[ServiceName, ...],
        Field(description="Services that may be started, stopped and restarted."),
    ] = ()
    scripts: Annotated[
        Scripts, Field(description="Where its init scripts are, with sysvinit.")
    ] = Scripts()
    web: Annotated[
        Web | None, Field(description="Its nginx, if it may be given sites.")
    ] = None
    out_of_reach: Annotated[
        About | None, Field(description="Why nothing can be done on it now, if so.")
    ] = None


class Parameter(_Target):
    """A configuration value: one key of one file in the client's project."""

    kind: Literal["parameter"]
    file: Annotated[FilePath, Field(description="The file, from the project's top.")]
    format: Annotated[
        Literal["hcl", "yaml", "json"],
        Field(description="hcl for Terraform variables, yaml for Ansible, json."),
    ]
    path: Annotated[
        tuple[FileKey | Annotated[int, Field(strict=True, ge=0)], ...],
        Field(min_length=1, description="The keys that lead to the value."),
    ]
    type: Annotated[
        Literal["text", "integer", "number", "boolean"],
        Field(description="What the value is, in the file as well."),
    ]
    min: Annotated[float | None, Field(description="The least number.")] = None
    max: Annotated[float | None, Field(description="The greatest number.")] = None
    choices: Annotated[
        tuple[str, ...], Field(description="The only values allowed, if it has some.")
    ] = ()

    def setting(self, text: str) -> SetValue:
        """Return the edit that gives it this value; refuses one that does not fit."""
        value = read_value(
            text,
            name=self.name,
            type=self.type,
            least=self.min,
            most=self.max,
            choices=self.choices,
        )
        return SetValue(file=self.file, format=self.format, path=self.path, value=value)


class Server(_Target):
    """A database server on which Tandem may make databases."""

    kind: Literal["server"]
    name: Annotated[ServerName, Field(description="The name that people type.")]
    engine: Annotated[Engine, Field(description="postgresql or mariadb.")]
    address: Annotated[HostAddress, Field(description="Its name or IP address.")]
    port: Annotated[Port, Field(description="Its port.")]
    unsafe_no_tls: Annotated[
        bool,
        Field(description="Speak to it in the clear. Unsafe: for a sandbox."),
    ] = False
    users_from: Annotated[
        UserHost,
        Field(description="MariaDB: from where new users may come; % is anywhere."),
    ] = "%"


Target = Annotated[
    Instance | Database | Volume | SecurityGroup | Host | Parameter | Server,
    Field(discriminator="kind"),
]


class Inventory(Frozen):
    """The targets of one client: clients/<id>/inventory.yaml."""

    targets: Annotated[
        tuple[Target, ...], Field(description="Everything that commands may name.")
    ]


class Jobs(Frozen):
    """The name of a CI job for each environment that has one."""

    staging: Annotated[JobName | None, Field(description="The job for staging.")] = None
    production: Annotated[
        JobName | None, Field(description="The job for production.")
    ] = None

    def job(self, environment: Environment) -> JobName | None:
        """Return the job's name for this environment, if it has one."""
        return {
            Environment.STAGING: self.staging,
            Environment.PRODUCTION: self.production,
        }[environment]


class Gitlab(Frozen):
    """The client's project, and which of its jobs plan and apply what."""

    project: Annotated[GitlabProject, Field(description="Path with its group.")]
    default_branch: Annotated[
        GitBranch, Field(description="The branch whose pipelines apply.")
    ] = "main"
    plan_jobs: Annotated[
        Jobs,
        Field(description="For each environment, the job whose artifact is the plan."),
    ]
    apply_jobs: Annotated[
        Jobs, Field(description="For each environment, the job that applies.")
    ]


class Aws(Frozen):
    """The client's account, and the role that Tandem's worker takes in it."""

    account: Annotated[AwsAccount, Field(description="Twelve digits, in quotes.")]
    region: Annotated[AwsRegion, Field(description="Region of all its targets.")]
    role_arn: Annotated[
        AwsRoleArn, Field(description="This client's own role, shared with no other.")
    ]

    @property
    def partition(self) -> str:
        """The part of AWS the account lives in: aws, aws-cn, aws-us-gov."""
        return self.role_arn.split(":")[1]

    def database_arn(self, identifier: DatabaseId) -> str:
        """Return the ARN of the RDS database with this identifier."""
        return f"{self._arn('rds')}:db:{identifier}"

    def snapshot_arn(self, identifier: DatabaseId) -> str:
        """Return the ARN of the manual RDS snapshot with this identifier."""
        return f"{self._arn('rds')}:snapshot:{identifier}"

    def instance_arn(self, instance_id: InstanceId) -> str:
        """Return the ARN of the EC2 instance with this id."""
        return f"{self._arn('ec2')}:instance/{instance_id}"

    def _arn(self, service: str) -> str:
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}"


class Trust(Frozen):
    """The client's step on the ladder, for each environment."""

    staging: Annotated[TrustLevel, Field(description="Its step in staging.")] = (
        TrustLevel.PROPOSE
    )
    production: Annotated[TrustLevel, Field(description="Its step in production.")] = (
        TrustLevel.PROPOSE
    )

    def level(self, environment: Environment) -> TrustLevel:
        """Return the client's step in this environment."""
        return {
            Environment.STAGING: self.staging,
            Environment.PRODUCTION: self.production,
        }[environment]


class Requests(Frozen):
    """How long a request of this client waits, where its route does not say."""

    expires: Annotated[
        Duration, Field(description="How long it may be decided on.")
    ] = timedelta(hours=4)
    remind_before: Annotated[
        Duration, Field(description="How long before that Tandem reminds.")
    ] = timedelta(minutes=30)


class Client(Frozen):
    """A company whose platform is co-managed: clients/<id>/client.yaml."""

    id: SkipJsonSchema[ClientId]
    name: Annotated[ShownName, Field(description="The client's name, only shown.")]
    language: Annotated[
        Language, Field(description="What Tandem speaks in its channels.")
    ] = "en"
    channels: Annotated[
        tuple[Channel, ...],
        Field(min_length=1, description="Its channels: what is typed there is its."),
    ]
    members: Annotated[
        tuple[ClientMember, ...], Field(description="The client's people.")
    ]
    gitlab: Annotated[Gitlab, Field(description="Where its Terraform lives.")]
    aws: Annotated[Aws, Field(description="Where its targets live.")]
    requests: Annotated[Requests, Field(description="How long requests wait.")] = (
        Requests()
    )
    guidelines: Annotated[
        Guide, Field(description="What its own merge requests are held to.")
    ] = Guide()
    hours: Annotated[
        Hours | None,
        Field(description="When the client is there; always, if not given."),
    ] = None
    freezes: Annotated[
        tuple[FreezeRule, ...], Field(description="When nothing is decided or run.")
    ] = ()
    trust: Annotated[
        Trust, Field(description="How far it is trusted; rules may ask for it.")
    ] = Trust()
    targets: SkipJsonSchema[tuple[Target, ...]] = ()

    @property
    def principals(self) -> tuple[str, ...]:
        """The principals of its hosts; Vault has a role for each."""
        return tuple(sorted(host.ssh.principal for host in self._hosts))

    @property
    def sites(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """The principals of its hosts with an nginx, and what each may serve."""
        return tuple(
            sorted(
                (host.ssh.principal, host.web.domains)
                for host in self._hosts
                if host.web is not None
            )
        )

    @property
    def _hosts(self) -> tuple[Host, ...]:
        return tuple(one for one in self.targets if isinstance(one, Host))

    @property
    def servers(self) -> tuple[Server, ...]:
        """Its database servers; Vault has two roles for each."""
        found = (one for one in self.targets if isinstance(one, Server))
        return tuple(sorted(found, key=lambda one: one.name))

    def target(self, name: str) -> Target | None:
        """Return the target of exactly this name, if the client has it."""
        return next((one for one in self.targets if one.name == name), None)

    # Not kept: a copy with other targets, as the reader makes one, would keep them too.
    @property
    def names(self) -> tuple[str, ...]:
        """The names of all its targets."""
        return tuple(one.name for one in self.targets)
