"""
What the AWS provider knows of `aws_instance`: attributes, and which force a new one.

The lists are the plan format of provider 3.39.0 as it was seen; the differential test
compares them with the real provider's again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from deploy.sandbox.terraform.values import UNKNOWN, Value

if TYPE_CHECKING:
    from collections.abc import Mapping

PROVIDER: Final = "registry.terraform.io/hashicorp/aws"
SCHEMA_VERSION: Final = 1

# The provider keeps its timeouts and schema version here; without it terraform falls
# back to the same defaults, but then the next real apply would rewrite the state.
PRIVATE: Final = (
    "eyJlMmJmYjczMC1lY2FhLTExZTYtOGY4OC0zNDM2M2JjN2M0YzAiOnsiY3JlYXRlIjo2MDAwMDAwMDAw"
    "MDAsImRlbGV0ZSI6MTIwMDAwMDAwMDAwMCwidXBkYXRlIjo2MDAwMDAwMDAwMDB9LCJzY2hlbWFfdmVy"
    "c2lvbiI6IjEifQ=="
)

FORCES_NEW: Final = frozenset({"ami", "availability_zone", "key_name"})

_KNOWN_BEFORE_CREATE: Final[Mapping[str, Value]] = {
    "credit_specification": [],
    "disable_api_termination": None,
    "ebs_optimized": None,
    "get_password_data": False,
    "hibernation": None,
    "iam_instance_profile": None,
    "monitoring": None,
    "source_dest_check": True,
    "tags": None,
    "timeouts": None,
    "user_data": None,
    "user_data_base64": None,
    "volume_tags": None,
}
_KNOWN_AFTER_CREATE: Final = (
    "arn",
    "associate_public_ip_address",
    "availability_zone",
    "cpu_core_count",
    "cpu_threads_per_core",
    "host_id",
    "id",
    "instance_initiated_shutdown_behavior",
    "instance_state",
    "ipv6_address_count",
    "key_name",
    "outpost_arn",
    "password_data",
    "placement_group",
    "primary_network_interface_id",
    "private_dns",
    "private_ip",
    "public_dns",
    "public_ip",
    "subnet_id",
    "tags_all",
    "tenancy",
)
COLLECTIONS: Final = (
    "credit_specification",
    "ebs_block_device",
    "enclave_options",
    "ephemeral_block_device",
    "ipv6_addresses",
    "metadata_options",
    "network_interface",
    "root_block_device",
    "secondary_private_ips",
    "security_groups",
    "vpc_security_group_ids",
)


def created(arguments: Mapping[str, Value]) -> Mapping[str, Value]:
    """Return what a create plans: arguments, defaults, and the rest unknown."""
    unknown: dict[str, Value] = dict.fromkeys(_KNOWN_AFTER_CREATE, UNKNOWN)
    unknown |= dict.fromkeys(COLLECTIONS, UNKNOWN)
    planned = {**unknown, **_KNOWN_BEFORE_CREATE, **arguments}
    if "tags" in arguments:
        planned["tags_all"] = arguments["tags"]
    return dict(sorted(planned.items()))


def updated(
    before: Mapping[str, Value], arguments: Mapping[str, Value]
) -> Mapping[str, Value]:
    """Return what an update plans: what was read, with the arguments over it."""
    tags = arguments.get("tags") or {}
    planned = {**before, **arguments, "tags": before["tags"]}
    # No tags in the file and none on the instance is one thing, however it is recorded.
    if tags != (before["tags"] or {}):
        planned["tags"] = tags
    if tags != (before["tags_all"] or {}):
        # The provider leaves it to the cloud what remains when all tags are taken off.
        planned["tags_all"] = tags or UNKNOWN
    return planned


def replace_paths(
    before: Mapping[str, Value], after: Mapping[str, Value]
) -> tuple[str, ...]:
    """Return the changed attributes for which the instance must be made anew."""
    return tuple(
        name for name in sorted(FORCES_NEW) if before.get(name) != after.get(name)
    )
