"""
The cloud as the stand-in asks it: each kind of resource read, found, made and changed.

Blocking, each call with a timeout: the stand-in is a program of its own, and `seed`
runs this in a thread. Credentials are handed in and go to boto3 only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import boto3
from botocore.config import Config

from deploy.sandbox.terraform.groups import Groups
from deploy.sandbox.terraform.instances import Instances
from deploy.sandbox.terraform.rule import Rules
from deploy.sandbox.terraform.volume import Volumes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_ec2.client import EC2Client
    from pydantic import SecretStr

    from deploy.sandbox.terraform.address import Address
    from deploy.sandbox.terraform.plan import Attributes
    from deploy.sandbox.terraform.values import Value


@dataclass(frozen=True)
class Access:
    """Where the cloud answers and as whom it is asked."""

    region: str
    endpoint: str | None
    access_key_id: str
    secret_access_key: SecretStr
    session_token: SecretStr | None = None


class Things(Protocol):
    """All things of one kind; ids are the provider's own."""

    def read(self, thing: str, *, before: Attributes) -> Attributes | None: ...
    def find(self, planned: Attributes) -> str | None: ...
    def create(self, planned: Attributes) -> str: ...
    def update(self, before: Attributes, after: Attributes) -> None: ...
    def delete(self, before: Attributes) -> None: ...


class Cloud:
    """AWS as seen with one `Access`; faults become errors that name the call."""

    def __init__(self, access: Access) -> None:
        token = access.session_token
        ec2: EC2Client = boto3.client(
            "ec2",
            region_name=access.region,
            endpoint_url=access.endpoint,
            aws_access_key_id=access.access_key_id,
            aws_secret_access_key=access.secret_access_key.get_secret_value(),
            aws_session_token=token.get_secret_value() if token else None,
            config=Config(
                connect_timeout=5,
                read_timeout=30,
                retries={"mode": "standard", "total_max_attempts": 3},
            ),
        )
        self._groups = Groups(ec2, access.region)
        self._things: Mapping[str, Things] = {
            "aws_instance": Instances(ec2, access.region),
            "aws_ebs_volume": Volumes(ec2, access.region),
            "aws_security_group_rule": Rules(ec2),
        }

    def read(self, address: Address, before: Attributes) -> Attributes | None:
        """Return the thing's attributes as they are, or None when it is gone."""
        return self._things[address.kind].read(str(before["id"]), before=before)

    def find(self, address: Address, planned: Attributes) -> str | None:
        """Return the id of the one thing with these tags, if there is one."""
        return self._things[address.kind].find(planned)

    def create(self, address: Address, planned: Attributes) -> Attributes:
        """Make the thing and return its attributes once it is there."""
        made = self._things[address.kind].create(planned)
        found = self._things[address.kind].read(made, before=planned)
        return {"id": made} if found is None else found

    def update(
        self, address: Address, before: Attributes, after: Attributes
    ) -> Attributes | None:
        """Make the thing what is planned and return what it is then."""
        self._things[address.kind].update(before, after)
        return self.read(address, before)

    def delete(self, address: Address, before: Attributes) -> None:
        """End the thing and wait until it is."""
        self._things[address.kind].delete(before)

    def look(self, kind: str, wanted: Mapping[str, Value]) -> Attributes:
        """Return what a data block finds; only security groups are looked for."""
        del kind
        return self._groups.look(wanted)
