"""
The load balancers of the sandbox's account, and the instances behind them.

Idempotent like the rest of the seeding: what is there is left as it is.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_ec2 import EC2Client

_PORT: Final = 80


@dataclass(frozen=True, slots=True)
class _Pool:
    """The instances of a client behind one load balancer."""

    client: str
    name: str
    instances: tuple[str, ...]


# Two share Acme's load; all of Globex's shop hangs on one machine.
POOLS: Final = (
    _Pool("acme", "acme-web", ("web-1", "web-2")),
    _Pool("globex", "globex-shop", ("shop-1",)),
)


def balance(
    ec2: EC2Client,
    elb: Any,  # noqa: ANN401 - no stubs for load balancing
    instances: Mapping[tuple[str, str], str],
) -> None:
    """Make each load balancer, its target group and its listener where missing."""
    for pool in POOLS:
        with suppress(elb.exceptions.TargetGroupNotFoundException):
            elb.describe_target_groups(Names=[pool.name])
            continue
        group = _group(ec2, elb, pool.name)
        elb.register_targets(
            TargetGroupArn=group,
            Targets=[{"Id": instances[pool.client, one]} for one in pool.instances],
        )


def _group(ec2: EC2Client, elb: Any, name: str) -> str:  # noqa: ANN401 - as above
    """Return the ARN of a new target group that a new load balancer forwards to."""
    subnets = ec2.describe_subnets()["Subnets"]
    group: str = elb.create_target_group(
        Name=name,
        Protocol="HTTP",
        Port=_PORT,
        VpcId=subnets[0]["VpcId"],
        TargetType="instance",
    )["TargetGroups"][0]["TargetGroupArn"]
    made = elb.create_load_balancer(
        Name=name, Subnets=[one["SubnetId"] for one in subnets[:2]]
    )
    elb.create_listener(
        LoadBalancerArn=made["LoadBalancers"][0]["LoadBalancerArn"],
        Protocol="HTTP",
        Port=_PORT,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
    )
    return group
