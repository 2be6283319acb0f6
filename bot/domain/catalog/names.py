"""
The closed texts of the catalog: what an id, a name or a duration may be.

Each is ASCII unless people only read it, and anchored: pydantic's engine is Rust's
regex, linear, and there `$` never matches before a final newline. `EXAMPLES` gives
for each pattern one text that fits, to be shown beside one that does not.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Annotated, Final

from pydantic import (
    BeforeValidator,
    Field,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from bot.domain.scope import Risk
from bot.domain.timing.holiday import COUNTRY
from bot.domain.timing.zone import CLOCK, DAY, TIMEZONE, WALL

ORGANISATION_ID: Final = r"^[a-z][a-z0-9-]{1,30}$"
MEMBER_ID: Final = r"^[a-z][a-z0-9._-]{1,40}$"
# Lengths stand beside them: counted in the pattern, such a class takes long to compile.
SHOWN_NAME: Final = r"^[^\p{C}]+$"
ABOUT: Final = r"^\P{C}+$"
SLACK_TEAM: Final = r"^[TE][A-Z0-9]{2,20}$"
SLACK_USER: Final = r"^[UW][A-Z0-9]{2,20}$"
SLACK_CHANNEL: Final = r"^[CG][A-Z0-9]{2,20}$"
CHANNEL_NAME: Final = r"^[^\p{C}\s#]{1,80}$"
TARGET_NAME: Final = r"^[a-z0-9][a-z0-9._-]{0,62}$"
COMMAND_NAME: Final = r"^[a-z][a-z0-9-]{1,40}$"
GITLAB_USER: Final = r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,100}$"
GITLAB_PROJECT: Final = r"^[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)+$"
GIT_BRANCH: Final = r"^[A-Za-z0-9][A-Za-z0-9_-]*([./][A-Za-z0-9_-]+)*$"
JOB_NAME: Final = r"^[A-Za-z0-9][A-Za-z0-9 ._:/-]{0,80}$"
# Every part begins with a letter, a digit or `_`: no `..`, no `.git`, no absolute path.
DIRECTORY: Final = r"^(\.|[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*)$"
ADDRESS: Final = (
    r'^([A-Za-z_][A-Za-z0-9_-]*(\[([0-9]+|"[A-Za-z0-9._-]+")\])?\.)+'
    r'[A-Za-z_][A-Za-z0-9_-]*(\[([0-9]+|"[A-Za-z0-9._-]+")\])?$'
)
# A file of the project by its whole path: no `..`, nothing hidden, no absolute path.
FILE: Final = r"^([A-Za-z0-9_][A-Za-z0-9_.-]*/){0,20}[A-Za-z0-9_][A-Za-z0-9_.-]*$"
FILE_KEY: Final = r"^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,80}$"
ATTRIBUTE: Final = r"^[a-z][a-z0-9_]{0,60}$"
AWS_ACCOUNT: Final = r"^[0-9]{12}$"
AWS_REGION: Final = r"^[a-z]{2}(-[a-z]+)+-[0-9]$"
AWS_ROLE: Final = r"^arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]{1,128}$"
INSTANCE_ID: Final = r"^i-[0-9a-f]{8,17}$"
VOLUME_ID: Final = r"^vol-[0-9a-f]{8,17}$"
SECURITY_GROUP_ID: Final = r"^sg-[0-9a-f]{8,17}$"
NAME_TAG: Final = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$"
DATABASE_ID: Final = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"
DURATION: Final = r"^[1-9][0-9]{0,3}[mhd]$"
MOMENT: Final = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2})?"
    r"(Z|[+-][0-9]{2}:[0-9]{2})$"
)
FEED_NAME: Final = r"^[a-z][a-z0-9-]{1,40}$"
SLACK_GROUP: Final = r"^S[A-Z0-9]{2,20}$"

EXAMPLES: Final = {
    ORGANISATION_ID: "acme",
    MEMBER_ID: "alice",
    SHOWN_NAME: "Alice Martin",
    ABOUT: "the shop's main database",
    SLACK_TEAM: "T0CLARANET",
    SLACK_USER: "U0ALICE",
    SLACK_CHANNEL: "C0ACMEOPS",
    CHANNEL_NAME: "acme-ops",
    TARGET_NAME: "web-2",
    COMMAND_NAME: "resize",
    GITLAB_USER: "alice",
    GITLAB_PROJECT: "acme/infra",
    GIT_BRANCH: "main",
    JOB_NAME: "plan:production",
    DIRECTORY: "environments/production",
    ADDRESS: "aws_instance.web_2",
    FILE: "ansible/group_vars/web.yml",
    FILE_KEY: "nginx_workers",
    ATTRIBUTE: "instance_type",
    AWS_ACCOUNT: '"123456789012"',
    AWS_REGION: "eu-west-3",
    AWS_ROLE: "arn:aws:iam::123456789012:role/tandem-acme",
    INSTANCE_ID: "i-0123456789abcdef0",
    VOLUME_ID: "vol-0123456789abcdef0",
    SECURITY_GROUP_ID: "sg-0123456789abcdef0",
    NAME_TAG: "web-2",
    DATABASE_ID: "acme-db-prod",
    DURATION: "45m, 4h or 2d",
    MOMENT: "2026-12-24T18:00:00+01:00",
    TIMEZONE: "Europe/Paris",
    COUNTRY: "FR or FR-57",
    CLOCK: '"09:00"',
    DAY: "2026-12-24",
    WALL: "2026-12-24T18:00",
    SLACK_GROUP: "S0ONCALL",
}

OrganisationId = Annotated[str, StringConstraints(pattern=ORGANISATION_ID)]
ClientId = OrganisationId
MemberId = Annotated[str, StringConstraints(pattern=MEMBER_ID)]
ShownName = Annotated[str, StringConstraints(pattern=SHOWN_NAME, max_length=80)]
About = Annotated[str, StringConstraints(pattern=ABOUT, max_length=200)]
SlackTeam = Annotated[str, StringConstraints(pattern=SLACK_TEAM)]
SlackUser = Annotated[str, StringConstraints(pattern=SLACK_USER)]
SlackChannel = Annotated[str, StringConstraints(pattern=SLACK_CHANNEL)]
ChannelName = Annotated[str, StringConstraints(pattern=CHANNEL_NAME)]
TargetName = Annotated[str, StringConstraints(pattern=TARGET_NAME)]
CommandName = Annotated[str, StringConstraints(pattern=COMMAND_NAME)]
GitlabUser = Annotated[str, StringConstraints(pattern=GITLAB_USER)]
GitlabProject = Annotated[str, StringConstraints(pattern=GITLAB_PROJECT)]
GitBranch = Annotated[str, StringConstraints(pattern=GIT_BRANCH)]
JobName = Annotated[str, StringConstraints(pattern=JOB_NAME)]
Directory = Annotated[str, StringConstraints(pattern=DIRECTORY)]
Address = Annotated[str, StringConstraints(pattern=ADDRESS)]
FilePath = Annotated[str, StringConstraints(pattern=FILE, max_length=200)]
FileKey = Annotated[str, StringConstraints(pattern=FILE_KEY)]
Attribute = Annotated[str, StringConstraints(pattern=ATTRIBUTE)]
AwsAccount = Annotated[str, StringConstraints(pattern=AWS_ACCOUNT)]
AwsRegion = Annotated[str, StringConstraints(pattern=AWS_REGION)]
AwsRoleArn = Annotated[str, StringConstraints(pattern=AWS_ROLE)]
InstanceId = Annotated[str, StringConstraints(pattern=INSTANCE_ID)]
VolumeId = Annotated[str, StringConstraints(pattern=VOLUME_ID)]
SecurityGroupId = Annotated[str, StringConstraints(pattern=SECURITY_GROUP_ID)]
NameTag = Annotated[str, StringConstraints(pattern=NAME_TAG)]
FeedName = Annotated[str, StringConstraints(pattern=FEED_NAME)]
SlackGroup = Annotated[str, StringConstraints(pattern=SLACK_GROUP)]
DatabaseId = Annotated[str, StringConstraints(pattern=DATABASE_ID, max_length=63)]

_UNITS: Final = {
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
}


def _duration(value: object) -> timedelta:
    if isinstance(value, timedelta):
        return value
    if isinstance(value, str) and re.fullmatch(DURATION[1:-1], value, re.ASCII):
        return int(value[:-1]) * _UNITS[value[-1]]
    raise _unlike(DURATION)


def _moment(value: object) -> datetime:
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value
    if isinstance(value, str) and re.fullmatch(MOMENT[1:-1], value, re.ASCII):
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            raise _unlike(MOMENT) from None
    raise _unlike(MOMENT)


def _risk(value: object) -> Risk:
    if isinstance(value, Risk):
        return value
    if isinstance(value, str) and value in _RISKS:
        return _RISKS[value]
    raise PydanticCustomError(
        "catalog.one-of", "wanted one of {wanted}", {"wanted": ", ".join(_RISKS)}
    )


def _unlike(pattern: str) -> PydanticCustomError:
    """Return the error that pydantic itself has for a text unlike its pattern."""
    return PydanticCustomError(
        "string_pattern_mismatch", "must look like {pattern}", {"pattern": pattern}
    )


_RISKS: Final = {risk.name.lower(): risk for risk in Risk}

Duration = Annotated[
    timedelta,
    BeforeValidator(_duration),
    WithJsonSchema({"type": "string", "pattern": DURATION}),
]
Moment = Annotated[
    datetime,
    BeforeValidator(_moment),
    WithJsonSchema({"type": "string", "pattern": MOMENT}),
]
RiskName = Annotated[
    Risk,
    BeforeValidator(_risk),
    PlainSerializer(lambda risk: risk.name.lower(), return_type=str),
    WithJsonSchema({"type": "string", "enum": list(_RISKS)}),
]
Count = Annotated[int, Field(strict=True, ge=1, le=10)]
