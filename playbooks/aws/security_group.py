"""What may reach the machines of a security group: its rules for incoming traffic."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import Field, model_validator

from bot.sdk import (
    AwsRefusal,
    AwsRegion,
    AwsScope,
    Broken,
    Client,
    LiveState,
    NameTag,
    Observation,
    Run,
    SecurityGroup,
    SecurityGroupId,
    Statement,
    Target,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

_EVERYTHING: Final = "-1"
_PAGES: Final = 50
_MISSING: Final = LiveState(items=(("state", "missing"),))


class SecurityGroupRules(Observation, name="aws.security_group"):
    """
    The rules of one security group, or whether one flow is open, if one is named.

    A flow is a port, its protocol and its source: a network, or another group by its id
    or by its Name tag. It is open when one rule says exactly that; what a wider rule
    lets through besides is not counted.
    """

    region: AwsRegion
    group_id: SecurityGroupId | None = None
    name_tag: NameTag | None = None
    # Where clients share an account, a Name alone may be somebody else's.
    client_tag: NameTag | None = None
    port: Annotated[int, Field(ge=1, le=65535)] | None = None
    protocol: Literal["tcp", "udp"] = "tcp"
    source_network: str | None = None
    source_id: SecurityGroupId | None = None
    source_tag: NameTag | None = None

    @model_validator(mode="after")
    def _one_of_the_two(self) -> SecurityGroupRules:
        if (self.group_id is None) == (self.name_tag is None):
            raise ValueError("a group is found by its id or by its Name tag")
        sources = (self.source_network, self.source_id, self.source_tag)
        wanted = 0 if self.port is None else 1
        if sum(one is not None for one in sources) != wanted:
            raise ValueError("a flow has a port and one source, or there is none")
        if self.source_network is not None:
            ipaddress.ip_network(self.source_network)
        return self

    @classmethod
    def of(cls, target: Target, client: Client) -> SecurityGroupRules | None:
        if not isinstance(target, SecurityGroup):
            return None
        return cls(
            region=client.aws.region,
            group_id=target.aws.group_id,
            name_tag=target.aws.name_tag,
            client_tag=client.id,
        )

    def scope(self) -> AwsScope:
        # EC2 has no rights on single things for reading.
        actions = ("ec2:DescribeSecurityGroups", "ec2:DescribeSecurityGroupRules")
        reading = Statement(actions=actions, resources=("*",))
        return AwsScope(name="security-group-read", statements=(reading,))

    async def read(self, run: Run) -> LiveState:
        """Return its rules, or the one flow; the state of no group is `missing`."""
        group = await self._group(run, self.group_id, self.name_tag)
        if group is None:
            return _MISSING
        rules = await _incoming(run, group)
        if self.port is None:
            told = ", ".join(sorted(_told(one) for one in rules))
            return LiveState(items=(("group_id", group), ("rules", told or "-")))
        source = await self._source(run)
        found = [one for one in rules if self._is_it(one, source)]
        flow = "open" if found else "closed"
        return LiveState(items=(("group_id", group), ("flow", flow)))

    async def _group(
        self, run: Run, group_id: str | None, name_tag: str | None
    ) -> str | None:
        """Return the id of the one group; nothing if there is none."""
        wanted: dict[str, Any] = {"GroupIds": [group_id]}
        if group_id is None:
            tags = {"tag:Name": name_tag, "tag:Client": self.client_tag}
            filters = [{"Name": k, "Values": [v]} for k, v in tags.items() if v]
            wanted = {"Filters": filters}
        try:
            answer = await run.aws.call("ec2", "DescribeSecurityGroups", wanted)
        except AwsRefusal as refusal:
            if refusal.code != "InvalidGroup.NotFound":
                raise
            return None
        found = [str(one["GroupId"]) for one in answer["SecurityGroups"]]
        if len(found) > 1:
            raise Broken(f"{len(found)} security groups answer to one name")
        return found[0] if found else None

    async def _source(self, run: Run) -> str | None:
        """Return the network, or the id of the group, that the flow comes from."""
        if self.source_network is not None:
            return self.source_network
        return await self._group(run, self.source_id, self.source_tag)

    def _is_it(self, rule: Mapping[str, Any], source: str | None) -> bool:
        ports = (rule.get("FromPort"), rule.get("ToPort"))
        if rule["IpProtocol"] != self.protocol or ports != (self.port, self.port):
            return False
        return source is not None and _from(rule) == source


async def _incoming(run: Run, group: str) -> list[Mapping[str, Any]]:
    """Return every rule for incoming traffic, in AWS's order."""
    wanted: dict[str, Any] = {"Filters": [{"Name": "group-id", "Values": [group]}]}
    found: list[Mapping[str, Any]] = []
    for _ in range(_PAGES):
        page = await run.aws.call("ec2", "DescribeSecurityGroupRules", wanted)
        found += [one for one in page["SecurityGroupRules"] if not one["IsEgress"]]
        if not page.get("NextToken"):
            return found
        wanted = {**wanted, "NextToken": page["NextToken"]}
    raise Broken(f"{group} has more rules than can be read")


def _from(rule: Mapping[str, Any]) -> str:
    """Return where a rule lets in from: a network, a group, or a list of networks."""
    for name in ("CidrIpv4", "CidrIpv6"):
        if rule.get(name):
            return str(ipaddress.ip_network(rule[name], strict=False))
    group = rule.get("ReferencedGroupInfo", {}).get("GroupId")
    return str(group or rule.get("PrefixListId", "-"))


def _told(rule: Mapping[str, Any]) -> str:
    """Return a rule in a few words: `443/tcp from 203.0.113.0/24`."""
    if rule["IpProtocol"] == _EVERYTHING:
        return f"everything from {_from(rule)}"
    first, last = rule.get("FromPort"), rule.get("ToPort")
    ports = str(first) if first == last else f"{first}-{last}"
    return f"{ports}/{rule['IpProtocol']} from {_from(rule)}"
