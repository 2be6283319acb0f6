"""
All that a command or a playbook may import.

Everything else in `bot` is free to change without touching them.
"""

from typing import TypeVar

from bot.domain.ansible_playbook import AnsiblePlaybook
from bot.domain.aws_error import AwsRefusal
from bot.domain.aws_name import aws_arn
from bot.domain.catalog import (
    Client,
    Database,
    Host,
    Instance,
    Parameter,
    SecurityGroup,
    Server,
    Target,
    Terraform,
    Volume,
)
from bot.domain.catalog.deployment import Deployment, DeploymentName, HealthUrl, Version
from bot.domain.catalog.host import HostPath, Ipv4, ServiceName
from bot.domain.catalog.host_work import HostDatabase, HostDatabaseName, ShareName
from bot.domain.catalog.names import (
    AwsAccount,
    AwsRegion,
    DatabaseId,
    InstanceId,
    NameTag,
    SecurityGroupId,
    VolumeId,
)
from bot.domain.certificate import Handshake, Issued, Issuer, Shown, TlsSession
from bot.domain.change import (
    DirectAction,
    DropResource,
    Effect,
    MergeRequest,
    NameOf,
    PutResource,
    Scalar,
    SetAttribute,
    ValueChange,
)
from bot.domain.command import Command, arg, target
from bot.domain.cost import Cost
from bot.domain.database import DatabaseName, NewDatabase, Seen, UserHost, reserved
from bot.domain.editing.edit import as_typed
from bot.domain.errors import BadArguments, Broken, OutcomeUnknown, Refused, Unavailable
from bot.domain.found import Hit
from bot.domain.host import Play, Played
from bot.domain.message import Message
from bot.domain.playbook import (
    AwsService,
    AwsSession,
    Happened,
    LiveState,
    NotVerified,
    Observation,
    Playbook,
    Preview,
    Run,
    Verified,
)
from bot.domain.proposal import Line
from bot.domain.query import Query, Reading, Section, Sheet
from bot.domain.scope import (
    AwsScope,
    DatabaseScope,
    DomainName,
    Engine,
    Environment,
    HostAddress,
    Port,
    Risk,
    ServerName,
    SshScope,
    Statement,
    TlsScope,
)
from bot.domain.suggest import look_alikes
from bot.domain.way_back import Before, WayBack

__all__ = [
    "AnsiblePlaybook",
    "AwsAccount",
    "AwsRefusal",
    "AwsRegion",
    "AwsScope",
    "AwsService",
    "AwsSession",
    "BadArguments",
    "Before",
    "Broken",
    "Client",
    "Command",
    "Cost",
    "Database",
    "DatabaseId",
    "DatabaseName",
    "DatabaseScope",
    "Deployment",
    "DeploymentName",
    "DirectAction",
    "DomainName",
    "DropResource",
    "Effect",
    "Engine",
    "Environment",
    "Handshake",
    "Happened",
    "HealthUrl",
    "Hit",
    "Host",
    "HostAddress",
    "HostDatabase",
    "HostDatabaseName",
    "HostPath",
    "Instance",
    "InstanceId",
    "Ipv4",
    "Issued",
    "Issuer",
    "Line",
    "LiveState",
    "MergeRequest",
    "Message",
    "NameOf",
    "NameTag",
    "NewDatabase",
    "NotVerified",
    "Observation",
    "OutcomeUnknown",
    "Parameter",
    "Play",
    "Playbook",
    "Played",
    "Port",
    "Preview",
    "PutResource",
    "Query",
    "Reading",
    "Refused",
    "Risk",
    "Run",
    "Scalar",
    "Section",
    "SecurityGroup",
    "SecurityGroupId",
    "Seen",
    "Server",
    "ServerName",
    "ServiceName",
    "SetAttribute",
    "ShareName",
    "Sheet",
    "Shown",
    "SshScope",
    "Statement",
    "Target",
    "Terraform",
    "TlsScope",
    "TlsSession",
    "Unavailable",
    "UserHost",
    "ValueChange",
    "Verified",
    "Version",
    "Volume",
    "VolumeId",
    "WayBack",
    "arg",
    "as_kind",
    "as_typed",
    "aws_arn",
    "in_terraform",
    "look_alikes",
    "reserved",
    "target",
    "text",
]

text = Message.own

_Kind = TypeVar(
    "_Kind", Instance, Database, Volume, SecurityGroup, Host, Parameter, Server
)


def as_kind(of: Target, kind: type[_Kind]) -> _Kind:
    """Return the target as what the command declared it to be."""
    if not isinstance(of, kind):
        raise Broken(f"{of.name} is not the kind of target that the command declared")
    return of


def in_terraform(of: Target) -> Terraform:
    """Return where the target is written down; Refused if it is not in Terraform."""
    if of.terraform is None:
        raise Refused(Message.of("refused.not-in-terraform", {"target": of.name}))
    return of.terraform
