"""Names of AWS, made of closed parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from bot.domain.catalog.names import AwsAccount, AwsRegion

# https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html
_PARTITIONS: Final = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}


def aws_arn(
    service: str, *, region: AwsRegion, account: AwsAccount, resource: str
) -> str:
    """Return the ARN of a resource, in the partition that the region belongs to."""
    partition = next(
        (name for start, name in _PARTITIONS.items() if region.startswith(start)), "aws"
    )
    return f"arn:{partition}:{service}:{region}:{account}:{resource}"
