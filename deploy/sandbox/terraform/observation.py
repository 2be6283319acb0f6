"""
One EC2 instance as the attributes that the AWS provider would read.

Provider 3.39.0 (`resource_aws_instance.go`, its Read) says which call feeds which
attribute; only reading calls are made, so a plan needs no right to change anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_ec2.client import EC2Client
    from mypy_boto3_ec2.type_defs import (
        InstanceNetworkInterfaceTypeDef,
        InstanceTypeDef,
    )

    from deploy.sandbox.terraform.values import Value


def observed(
    ec2: EC2Client,
    instance: InstanceTypeDef,
    *,
    region: str,
    owner: str,
    before: Mapping[str, Value],
) -> Mapping[str, Value]:
    """Return all attributes; `before` is what the last state said of the instance."""
    instance_id = instance["InstanceId"]
    tags: dict[str, Value] = {
        tag["Key"]: tag["Value"]
        for tag in sorted(instance.get("Tags", []), key=lambda tag: tag["Key"])
    }
    attributes: dict[str, Value] = {
        "ami": instance["ImageId"],
        "arn": f"arn:aws:ec2:{region}:{owner}:instance/{instance_id}",
        "availability_zone": instance["Placement"]["AvailabilityZone"],
        "cpu_core_count": None,
        "cpu_threads_per_core": None,
        "credit_specification": _credits(ec2, instance, before),
        "disable_api_termination": _ends_by_api(ec2, instance_id),
        "ebs_block_device": [],
        "ebs_optimized": instance.get("EbsOptimized", False),
        "enclave_options": [],
        "ephemeral_block_device": [],
        "get_password_data": False,
        "hibernation": instance.get("HibernationOptions", {}).get("Configured", False),
        "host_id": None,
        "iam_instance_profile": "",
        "id": instance_id,
        "instance_initiated_shutdown_behavior": _on_shutdown(ec2, instance_id),
        "instance_state": instance["State"]["Name"],
        "instance_type": instance["InstanceType"],
        "key_name": instance.get("KeyName", ""),
        "metadata_options": _metadata(instance),
        "monitoring": instance["Monitoring"]["State"] in {"enabled", "pending"},
        "network_interface": [],
        "outpost_arn": "",
        "password_data": "",
        "placement_group": instance["Placement"].get("GroupName", ""),
        "root_block_device": _root_volume(ec2, instance),
        "tags": tags,
        "tags_all": tags,
        "tenancy": instance["Placement"].get("Tenancy", "default"),
        "timeouts": None,
        "user_data": None,
        "user_data_base64": None,
        "volume_tags": None,
        **_network(instance),
    }
    return dict(sorted(attributes.items()))


def _credits(
    ec2: EC2Client, instance: InstanceTypeDef, before: Mapping[str, Value]
) -> Value:
    # Other families answer NotSupported; the provider then keeps what it had.
    if not instance["InstanceType"].startswith(("t2", "t3")):
        return before.get("credit_specification", [])
    answer = ec2.describe_instance_credit_specifications(
        InstanceIds=[instance["InstanceId"]]
    )
    return [
        {"cpu_credits": item["CpuCredits"]}
        for item in answer["InstanceCreditSpecifications"]
    ]


def _ends_by_api(ec2: EC2Client, instance_id: str) -> bool:
    answer = ec2.describe_instance_attribute(
        InstanceId=instance_id, Attribute="disableApiTermination"
    )
    return answer["DisableApiTermination"].get("Value", False)


def _on_shutdown(ec2: EC2Client, instance_id: str) -> str:
    answer = ec2.describe_instance_attribute(
        InstanceId=instance_id, Attribute="instanceInitiatedShutdownBehavior"
    )
    return answer["InstanceInitiatedShutdownBehavior"].get("Value", "stop")


def _metadata(instance: InstanceTypeDef) -> Value:
    options = instance.get("MetadataOptions")
    if not options:
        return []
    return [
        {
            "http_endpoint": options["HttpEndpoint"],
            "http_put_response_hop_limit": options["HttpPutResponseHopLimit"],
            "http_tokens": options["HttpTokens"],
        }
    ]


def _root_volume(ec2: EC2Client, instance: InstanceTypeDef) -> Value:
    name = instance.get("RootDeviceName", "")
    mapped = next(
        (m for m in instance["BlockDeviceMappings"] if m["DeviceName"] == name), None
    )
    if mapped is None:
        return []
    volume_id = mapped["Ebs"]["VolumeId"]
    (volume,) = ec2.describe_volumes(VolumeIds=[volume_id])["Volumes"]
    return [
        {
            "delete_on_termination": mapped["Ebs"]["DeleteOnTermination"],
            "device_name": name,
            "encrypted": volume["Encrypted"],
            "iops": volume.get("Iops", 0),
            "kms_key_id": volume.get("KmsKeyId", ""),
            "tags": {tag["Key"]: tag["Value"] for tag in volume.get("Tags", [])},
            "throughput": volume.get("Throughput", 0),
            "volume_id": volume_id,
            "volume_size": volume["Size"],
            "volume_type": volume["VolumeType"],
        }
    ]


def _network(instance: InstanceTypeDef) -> dict[str, Value]:
    card: InstanceNetworkInterfaceTypeDef | None = next(
        (
            one
            for one in instance.get("NetworkInterfaces", [])
            if one["Attachment"]["DeviceIndex"] == 0
        ),
        None,
    )
    ipv6 = [item["Ipv6Address"] for item in card["Ipv6Addresses"]] if card else []
    private = card["PrivateIpAddresses"] if card else []
    return {
        "associate_public_ip_address": "Association" in card
        if card
        else "PublicIpAddress" in instance,
        "ipv6_address_count": len(ipv6),
        "ipv6_addresses": ipv6,
        "primary_network_interface_id": card["NetworkInterfaceId"] if card else "",
        "private_dns": instance.get("PrivateDnsName", ""),
        "private_ip": instance.get("PrivateIpAddress", ""),
        "public_dns": instance.get("PublicDnsName", ""),
        "public_ip": instance.get("PublicIpAddress", ""),
        "secondary_private_ips": [
            item["PrivateIpAddress"] for item in private if not item["Primary"]
        ],
        "security_groups": [],
        "source_dest_check": instance.get("SourceDestCheck", True),
        "subnet_id": card["SubnetId"] if card else instance.get("SubnetId", ""),
        "vpc_security_group_ids": sorted(
            group["GroupId"] for group in instance.get("SecurityGroups", [])
        ),
    }
