"""
moto, loaded as little as possible: four services, called without its own web server.

moto keeps its state in dictionaries of the process, so there is one world a process at
a time. Its own check of rights stays off: `front.py` has decided before a call gets
here. Reading moto's objects is done here and in `lifecycle.py`, nowhere else.
"""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from moto.core.request import Request
from moto.ec2.models import ec2_backends
from moto.ec2.models.amis import Ami
from moto.ec2.models.instance_types import INSTANCE_TYPES
from moto.ec2.responses import EC2Response
from moto.elbv2.models import elbv2_backends
from moto.elbv2.responses import ELBV2Response
from moto.iam.exceptions import NotFoundException
from moto.iam.models import Policy, iam_backends
from moto.iam.responses import IamResponse
from moto.rds.models import rds_backends
from moto.rds.responses import RDSResponse

from deploy.sandbox.aws.answer import Answer, Rejected
from deploy.sandbox.aws.resources import ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from deploy.sandbox.aws.call import Call

# A stock of machine images would cost a second and fifty volumes a region; a storm
# makes more snapshots than an account's default quota.
_SETTINGS: Final = {
    "MOTO_ACCOUNT_ID": ACCOUNT,
    "MOTO_EC2_LOAD_DEFAULT_AMIS": "false",
    "MOTO_RDS_SNAPSHOT_LIMIT": "100000",
}
REGION: Final = "eu-west-3"
IMAGE: Final = "ami-0c0ffee0c0ffee000"

Kept: TypeAlias = dict[str, dict[str, Any]]
Document: TypeAlias = "Mapping[str, Any]"


def backends() -> Mapping[str, Any]:
    """Return moto's dictionaries: service to account to region to backend."""
    return {
        "ec2": ec2_backends,
        "elasticloadbalancing": elbv2_backends,
        "iam": iam_backends,
        "rds": rds_backends,
    }


def empty() -> None:
    """Forget everything moto holds in this process."""
    # These are read from the environment whenever moto needs them.
    os.environ.update(_SETTINGS)  # noqa: TID251 - moto takes settings in no other way
    for held in backends().values():
        held[ACCOUNT].clear()


def keep() -> Kept:
    """Return all of moto's state, fit to be pickled in one piece."""
    return {name: dict(held[ACCOUNT].items()) for name, held in backends().items()}


def put_back(kept: Kept) -> None:
    """Make moto hold what `keep` returned, and nothing else."""
    empty()
    for name, regions in kept.items():
        backends()[name][ACCOUNT].update(regions)


def perform(call: Call) -> Answer:
    """Let moto carry a call out. Who calls and whether they may is decided before."""
    responses = {
        "ec2": EC2Response,
        "elasticloadbalancing": ELBV2Response,
        "iam": IamResponse,
        "rds": RDSResponse,
    }
    host = f"https://{call.service}.{call.region}.amazonaws.com/"
    # The agent and the signature stay outside: moto would read regions out of them.
    headers = {
        "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
        "Host": host[8:-1],
    }
    request = Request.from_primitives("POST", host, headers, call.body)
    try:
        status, _, body = responses[call.service].dispatch(request, host, headers)
    except NotImplementedError as error:
        raise Rejected("InvalidAction", f"moto has no {call.action}.") from error
    text = body if isinstance(body, bytes) else str(body).encode()
    return Answer(status=int(status), body=text)


def add_user(name: str, *, key: str, secret: str, policy: Document) -> None:
    """Make a user whose access key is known beforehand."""
    iam = iam_backends[ACCOUNT]["aws"]
    iam.create_user(REGION, name)
    iam.put_user_policy(name, "sandbox", json.dumps(policy))
    made = iam.create_access_key(name, prefix="AKIA")
    del iam.access_keys[made.access_key_id]
    made.access_key_id, made.secret_access_key = key, secret
    iam.access_keys[key] = made


def add_image() -> None:
    """Make the one machine image that instances of the sandbox start from."""
    ec2 = ec2_backends[ACCOUNT][REGION]
    ec2.amis[IMAGE] = Ami(
        ec2,
        IMAGE,
        name="sandbox-linux",
        description="The sandbox's Linux",
        architecture="x86_64",
        virtualization_type="hvm",
        hypervisor="xen",
        root_device_type="ebs",
        root_device_name="/dev/xvda",
        region_name=f"{REGION}a",
    )


def user_of(access_key_id: str) -> tuple[str, str, str, tuple[Document, ...]] | None:
    """Return name, id, secret and policies of the user with this active key."""
    iam = iam_backends[ACCOUNT]["aws"]
    for user in iam.users.values():
        for key in user.access_keys:
            if key.access_key_id == access_key_id and key.status == "Active":
                return user.name, user.id, key.secret_access_key, _user_policies(user)
    return None


def role_policies(name: str) -> tuple[Document, ...]:
    """Return the policies of a role as it is now; a role that is gone has none."""
    try:
        role = iam_backends[ACCOUNT]["aws"].get_role(name)
    except NotFoundException:
        return ()
    attached = _documents(role.managed_policies.values())
    return (*(json.loads(text) for text in role.policies.values()), *attached)


def role_trust(name: str) -> tuple[Document, int] | None:
    """Return a role's trust policy and its longest session in seconds."""
    try:
        role = iam_backends[ACCOUNT]["aws"].get_role(name)
    except NotFoundException:
        return None
    document: Document = json.loads(role.assume_role_policy_document)
    return document, int(role.max_session_duration or 3600)


def audiences(provider: str) -> list[str]:
    """Return the audiences of a registered issuer; none if it is not registered."""
    found = iam_backends[ACCOUNT]["aws"].open_id_providers.get(provider)
    return list(found.client_id_list) if found is not None else []


def tags_of(arn: str) -> dict[str, str]:
    """Return the tags of an instance, volume, database or its snapshot; else none."""
    found = re.fullmatch(
        r"arn:aws:(ec2|rds):([a-z0-9-]+):[0-9]*:(instance|volume|db|snapshot)[:/](.+)",
        arn,
    )
    if found is None:
        return {}
    service, region, kind, name = found.groups()
    held: Any
    if service == "ec2" and kind != "instance":
        volumes = ec2_backends[ACCOUNT][region].volumes
        held = volumes.get(name) if kind == "volume" else None
        return {tag["key"]: tag["value"] for tag in held.get_tags()} if held else {}
    if kind == "instance":
        held = instance(region, name)
        return {tag["key"]: tag["value"] for tag in held.get_tags()} if held else {}
    rds = rds_backends[ACCOUNT][region]
    held = (rds.databases if kind == "db" else rds.database_snapshots).get(name)
    return {tag["Key"]: tag["Value"] for tag in held.tags} if held else {}


def instance(region: str, name: str) -> Any | None:  # noqa: ANN401 - moto's own class
    """Return an instance of EC2 by its id."""
    for reservation in ec2_backends[ACCOUNT][region].reservations.values():
        for held in reservation.instances:
            if held.id == name:
                return held
    return None


def is_instance_type(name: str) -> bool:
    """Return whether AWS sells an instance type of this name."""
    return name in INSTANCE_TYPES


def is_region(name: str) -> bool:
    """Return whether AWS has a region of this name."""
    return name in ec2_backends[ACCOUNT].regions


def databases(region: str) -> Mapping[str, Any]:
    """Return the databases of a region by identifier."""
    found: Mapping[str, Any] = rds_backends[ACCOUNT][region].databases
    return found


def snapshots(region: str) -> Mapping[str, Any]:
    """Return the database snapshots of a region by identifier."""
    found: Mapping[str, Any] = rds_backends[ACCOUNT][region].database_snapshots
    return found


def _user_policies(user: Any) -> tuple[Document, ...]:  # noqa: ANN401 - moto's class
    """Return a user's inline and attached policies."""
    return (
        *(json.loads(text) for text in user.policies.values()),
        *_documents(user.managed_policies.values()),
    )


def _documents(policies: Iterable[Policy]) -> Iterable[Document]:
    """Return the default version of each managed policy."""
    for policy in policies:
        for version in policy.versions:
            if version.is_default:
                yield json.loads(version.document)
