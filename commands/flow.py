"""`/infra flow`: who may reach what is a security-group rule, a resource of its own."""

import ipaddress
import re
from typing import Annotated, Final, Literal

from bot import sdk
from playbooks.aws.security_group import SecurityGroupRules

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_Arguments = tuple[tuple[str, str | int | tuple[str, ...] | sdk.NameOf], ...]

_PORT: Final = (
    r"^([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]"
    r"|6553[0-5])(/(tcp|udp))?$"
)
# What nobody should reach but those who must: the well-known ones of each kind.
_GUARDED: Final = {
    22: "SSH",
    1433: "SQL Server",
    1521: "Oracle",
    3306: "MySQL",
    3389: "RDP",
    5432: "PostgreSQL",
    6379: "Redis",
    9200: "Elasticsearch",
    11211: "Memcached",
    27017: "MongoDB",
}


class Flow(sdk.Command, name="flow", risk=sdk.Risk.MEDIUM):
    """
    Open or close a way in: one port, from one source, to one security group.

    Opens a merge request that adds one rule to your Terraform, or takes it out again,
    and shows the plan. The source is a network such as 203.0.113.0/24, or a security
    group by its name. From everywhere, or to a port of a database or for logging in,
    the risk is high; only rules that were opened by this command are closed by it.
    """

    action: Annotated[
        Literal["open", "close"], sdk.arg("whether to open or close it", example="open")
    ]
    source: Annotated[
        str,
        sdk.arg(
            "where it comes from: a network, or a security group's name",
            example="203.0.113.0/24",
            pattern=r"^[a-z0-9:][a-z0-9._:/-]{0,62}$",
        ),
    ]
    destination: Annotated[
        str,
        sdk.target(
            "security_group", "the security group it leads to", example="shop-front"
        ),
    ]
    port: Annotated[
        str,
        sdk.arg("the port, TCP unless /udp follows", example="8443", pattern=_PORT),
    ]

    def risk_now(self, target: sdk.Target) -> sdk.Risk:  # noqa: ARG002 - it is the way in that matters
        risky = self.action == "open" and (self._everywhere or self._guarded)
        return sdk.Risk.HIGH if risky else self.spec.risk

    def change(self, target: sdk.Target, client: sdk.Client) -> sdk.MergeRequest:
        group, place = sdk.as_kind(target, sdk.SecurityGroup), sdk.in_terraform(target)
        source = _source(self.source, client, place)
        opens = self.action == "open"
        kind = sdk.PutResource if opens else sdk.DropResource
        whence = source.name if isinstance(source, sdk.SecurityGroup) else str(source)
        number, protocol = self._port
        edit = kind(
            directory=place.directory,
            address=f"{group.rules}.{_label(group.name, number, protocol, whence)}",
            beside=place.address,
            attribute="rules",
            arguments=_arguments(group, place, self._port, source),
        )
        observed = _observed(group, client, self._port, source)
        return sdk.MergeRequest(
            title=self._title(group.name, whence),
            edits=(edit,),
            effect=observed.expecting({"flow": "open" if opens else "closed"}),
        )

    def undo(self, before: sdk.Before) -> sdk.WayBack:  # noqa: ARG002 - it was the other way round
        other = "close" if self.action == "open" else "open"
        return sdk.WayBack(
            command="flow",
            arguments={
                "action": other,
                "source": self.source,
                "destination": self.destination,
                "port": self.port,
            },
        )

    def notes(self, before: sdk.Before, client: sdk.Client) -> tuple[sdk.Message, ...]:  # noqa: ARG002 - the words alone say it
        if self.action == "close":
            return (_may_go_on(),)
        found = (
            _to_everybody() if self._everywhere else None,
            _to_guarded(self._port[0]) if self._guarded else None,
        )
        return tuple(one for one in found if one is not None)

    @property
    def _port(self) -> tuple[int, Literal["tcp", "udp"]]:
        number, _, protocol = self.port.partition("/")
        return int(number), "udp" if protocol == "udp" else "tcp"

    @property
    def _everywhere(self) -> bool:
        network = _network(self.source)
        return network is not None and network.prefixlen == 0

    @property
    def _guarded(self) -> bool:
        """Whether a network, not a group of known machines, would reach such a port."""
        return self._port[0] in _GUARDED and _network(self.source) is not None

    def _title(self, group: str, source: str) -> sdk.Message:
        args = {"port": self.port, "group": group, "source": source}
        if self.action == "open":
            return sdk.text(
                en="Open port { $port } of { $group } to { $source }",
                fr="Ouvrir le port { $port } de { $group } à { $source }",
                args={**args},
            )
        return sdk.text(
            en="Close port { $port } of { $group } to { $source }",
            fr="Fermer le port { $port } de { $group } à { $source }",
            args={**args},
        )


def _network(text: str) -> _Network | None:
    """Return the network that is written there, whatever is behind its mask."""
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def _source(
    text: str, client: sdk.Client, place: sdk.Terraform
) -> _Network | sdk.SecurityGroup:
    """Return the network or the group of that name; refuses anything in between."""
    network = _network(text)
    if network is not None:
        if "/" in text and text != str(network):
            raise sdk.Refused(
                sdk.text(
                    en="{ $got } is not how a network is written: { $network } is, "
                    "or a single address.",
                    fr="{ $got } n'est pas l'écriture d'un réseau : { $network } "
                    "l'est, ou une adresse seule.",
                    args={"got": text, "network": str(network)},
                )
            )
        return network
    group = client.target(text)
    if isinstance(group, sdk.SecurityGroup) and _stands_in(place.directory, group):
        return group
    known = [one.name for one in client.targets if isinstance(one, sdk.SecurityGroup)]
    raise sdk.Refused(
        sdk.text(
            en="{ $got } is neither a network nor a security group that stands in the "
            "same Terraform folder. Groups: { $known }",
            fr="{ $got } n'est ni un réseau ni un groupe de sécurité du même dossier "
            "Terraform. Groupes : { $known }",
            args={"got": text, "known": ", ".join(known) or "-"},
        )
    )


def _stands_in(directory: str, group: sdk.SecurityGroup) -> bool:
    """Whether code of this folder can refer to the group by its name there."""
    return group.terraform is not None and group.terraform.directory == directory


def _label(group: str, port: int, protocol: str, source: str) -> str:
    """Return the name of the rule's resource: what it is, in letters that may be."""
    name = re.sub("[^a-z0-9]", "_", f"{group}_{port}_{protocol}_from_{source}")
    return f"_{name}" if name[0].isdigit() else name


def _arguments(
    group: sdk.SecurityGroup,
    place: sdk.Terraform,
    port: tuple[int, str],
    source: _Network | sdk.SecurityGroup,
) -> _Arguments:
    """Return what the rule says, as the kind of resource that the client uses."""
    number, protocol = port
    classic = group.rules == "aws_security_group_rule"
    own = ("security_group_id", sdk.NameOf(ref=f"{place.address}.id"))
    ports = (("from_port", number), ("to_port", number))
    if isinstance(source, sdk.SecurityGroup):
        other = sdk.NameOf(ref=f"{sdk.in_terraform(source).address}.id")
        name = "source_security_group_id" if classic else "referenced_security_group_id"
        return _whole(classic, own, protocol, ports, (name, other))
    text = str(source)
    if classic:
        name = "cidr_blocks" if source.version == 4 else "ipv6_cidr_blocks"  # noqa: PLR2004 - IPv4
        return _whole(classic, own, protocol, ports, (name, (text,)))
    return _whole(classic, own, protocol, ports, (f"cidr_ipv{source.version}", text))


def _whole(
    classic: bool,
    own: tuple[str, sdk.NameOf],
    protocol: str,
    ports: tuple[tuple[str, int], ...],
    source: tuple[str, str | tuple[str, ...] | sdk.NameOf],
) -> _Arguments:
    if classic:
        kind = (("type", "ingress"), own, ("protocol", protocol))
        return (*kind, *ports, source)
    return (own, ("ip_protocol", protocol), *ports, source)


def _observed(
    group: sdk.SecurityGroup,
    client: sdk.Client,
    port: tuple[int, Literal["tcp", "udp"]],
    source: _Network | sdk.SecurityGroup,
) -> SecurityGroupRules:
    """Return the question to AWS whether the flow is open."""
    other = source.aws if isinstance(source, sdk.SecurityGroup) else None
    return SecurityGroupRules(
        region=client.aws.region,
        group_id=group.aws.group_id,
        name_tag=group.aws.name_tag,
        client_tag=client.id,
        port=port[0],
        protocol=port[1],
        source_network=str(source) if other is None else None,
        source_id=other.group_id if other else None,
        source_tag=other.name_tag if other else None,
    )


def _to_everybody() -> sdk.Message:
    return sdk.text(
        en="The source is everywhere: whoever is on the Internet could try this port, "
        "wherever the machines can be reached from there.",
        fr="La source est partout : tout Internet pourrait essayer ce port, là où les "
        "machines sont joignables.",
        args={},
    )


def _to_guarded(port: int) -> sdk.Message:
    return sdk.text(
        en="Port { $port } is that of { $service }: who reaches it can try to log in.",
        fr="Le port { $port } est celui de { $service } : qui l'atteint peut tenter de "
        "s'y connecter.",
        args={"port": str(port), "service": _GUARDED[port]},
    )


def _may_go_on() -> sdk.Message:
    # https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/security-group-connection-tracking.html
    return sdk.text(
        en="Connections that stand may go on until they end: AWS keeps those it tracks "
        "(EC2 User Guide). Another rule may still let the same traffic in.",
        fr="Les connexions en cours peuvent continuer jusqu'à leur fin : AWS garde "
        "celles qu'il suit (guide d'EC2). Une autre règle peut encore laisser passer.",
        args={},
    )
