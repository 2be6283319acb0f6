"""
Security groups as `data "aws_security_group"` finds them: by the tags that are named.

Provider 3.39.0 (`data_source_aws_security_group.go`) says what it returns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deploy.sandbox.terraform.asking import asked
from deploy.sandbox.terraform.errors import TerraformError
from deploy.sandbox.terraform.tags import tags_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_ec2.client import EC2Client

    from deploy.sandbox.terraform.values import Value


class Groups:
    """Security groups, looked for and never changed."""

    def __init__(self, ec2: EC2Client, region: str) -> None:
        self._ec2, self._region = ec2, region

    def look(self, wanted: Mapping[str, Value]) -> Mapping[str, Value]:
        """Return the one group with these tags; refuses none and several."""
        filters: Any = [
            {"Name": f"tag:{key}", "Values": [value]}
            for key, value in tags_of(wanted).items()
        ]
        answer = asked(
            "DescribeSecurityGroups",
            lambda: self._ec2.describe_security_groups(Filters=filters),
        )
        found = answer["SecurityGroups"]
        if len(found) != 1:
            raise TerraformError(
                "no matching SecurityGroup found"
                if not found
                else "multiple Security Groups matched; use additional constraints"
            )
        group = found[0]
        thing = group["GroupId"]
        arn = f"arn:aws:ec2:{self._region}:{group['OwnerId']}:security-group/{thing}"
        return {
            "arn": arn,
            "description": group["Description"],
            "filter": None,
            "id": thing,
            "name": group["GroupName"],
            "tags": {
                tag["Key"]: tag["Value"]
                for tag in sorted(group.get("Tags", []), key=lambda tag: tag["Key"])
            },
            "vpc_id": group["VpcId"],
        }
