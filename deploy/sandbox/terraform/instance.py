"""
What the AWS provider knows of `aws_instance`: attributes, and which force a new one.

The lists are the plan format of provider 3.39.0 as it was seen; the differential test
compares them with the real provider's again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from deploy.sandbox.terraform.kind import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deploy.sandbox.terraform.values import Value

# The provider keeps its timeouts and schema version here; without it terraform falls
# back to the same defaults, but then the next real apply would rewrite the state.
_PRIVATE: Final = (
    "eyJlMmJmYjczMC1lY2FhLTExZTYtOGY4OC0zNDM2M2JjN2M0YzAiOnsiY3JlYXRlIjo2MDAwMDAwMDAw"
    "MDAsImRlbGV0ZSI6MTIwMDAwMDAwMDAwMCwidXBkYXRlIjo2MDAwMDAwMDAwMDB9LCJzY2hlbWFfdmVy"
    "c2lvbiI6IjEifQ=="
)

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
_COLLECTIONS: Final = (
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

KIND: Final = Kind(
    arguments={
        "ami": "text",
        "availability_zone": "text",
        "instance_type": "text",
        "key_name": "text",
        "tags": "tags",
    },
    required=("ami", "instance_type"),
    forces_new=frozenset({"ami", "availability_zone", "key_name"}),
    before_create=_KNOWN_BEFORE_CREATE,
    after_create=_KNOWN_AFTER_CREATE,
    collections=_COLLECTIONS,
    schema_version=1,
    private=_PRIVATE,
)
