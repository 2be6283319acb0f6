"""
What has to fit together across the files of a catalog.

Each check yields every contradiction it finds, at the place that a person would mend.
Shapes of single values are left to the models.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from bot.domain.catalog.client import (
    Database,
    Host,
    Instance,
    Parameter,
    SecurityGroup,
    Server,
    Volume,
)
from bot.domain.catalog.layout import (
    INVENTORY_FILE,
    PROVIDER_FILE,
    Inconsistency,
    Steps,
    client_file,
)
from bot.domain.catalog.parameter import fits
from bot.domain.catalog.rota_consistency import rota_inconsistencies
from bot.domain.catalog.rule_consistency import rule_inconsistencies
from bot.domain.ladder import RESERVED
from bot.domain.suggest import near

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Sequence

    from bot.domain.catalog.client import Client
    from bot.domain.catalog.people import (
        Channel,
        ClientMember,
        Provider,
        ProviderMember,
    )
    from bot.domain.catalog.routes import RouteRule
    from bot.domain.message import Message
    from bot.domain.scope import Environment


def inconsistencies(
    provider: Provider, clients: Sequence[Client], routes: Sequence[RouteRule]
) -> tuple[Inconsistency, ...]:
    """Return all that does not fit together; nothing for a sound catalog."""
    return tuple(
        chain(
            _organisations(provider, clients),
            _people(provider, clients),
            _channels(provider, clients),
            rota_inconsistencies(provider),
            _platforms(clients),
            _targets(clients),
            rule_inconsistencies(clients, routes),
        )
    )


class _Once:
    """What has been seen, to find what stands in two places."""

    def __init__(self, key: str) -> None:
        self._key = key
        self._first: dict[Hashable, str] = {}

    def again(
        self, thing: Hashable, shown: str, file: str, steps: Steps
    ) -> Iterator[Inconsistency]:
        """Yield a problem if `thing` was seen before; it says in which file."""
        if thing in self._first:
            args: dict[str, str | int | Message]
            args = {"got": shown, "first": self._first[thing]}
            yield Inconsistency.at(file, steps, self._key, args)
        self._first.setdefault(thing, file)


def _organisations(
    provider: Provider, clients: Sequence[Client]
) -> Iterator[Inconsistency]:
    for client in clients:
        if client.id == provider.id:
            yield Inconsistency.at(
                PROVIDER_FILE, ("id",), "provider-is-client", {"got": provider.id}
            )


def _everyone(
    provider: Provider, clients: Sequence[Client]
) -> Iterator[tuple[str, int, ProviderMember | ClientMember]]:
    for index, member in enumerate(provider.members):
        yield PROVIDER_FILE, index, member
    for client in clients:
        for index, one in enumerate(client.members):
            yield client_file(client.id), index, one


def _people(provider: Provider, clients: Sequence[Client]) -> Iterator[Inconsistency]:
    """One person is written down once: what they did must never be two people's."""
    ids, accounts = _Once("repeated-member"), _Once("repeated-slack")
    users = _Once("repeated-gitlab")
    for file, index, member in _everyone(provider, clients):
        here = ("members", index)
        yield from ids.again(member.id, member.id, file, (*here, "id"))
        for number, slack in enumerate(member.slack):
            place = (*here, "slack", number)
            shown = f"{slack.team}/{slack.user}"
            yield from accounts.again((slack.team, slack.user), shown, file, place)
            yield from _team(provider, slack.team, file, (*place, "team"))
        if member.gitlab is not None:
            name = member.gitlab
            yield from users.again(name.lower(), name, file, (*here, "gitlab"))


def _team(
    provider: Provider, team: str, file: str, steps: Steps
) -> Iterator[Inconsistency]:
    if team not in provider.slack_teams:
        known = ", ".join(provider.slack_teams)
        yield Inconsistency.at(
            file, steps, "unknown-team", {"got": team, "known": known}
        )


def _channels(provider: Provider, clients: Sequence[Client]) -> Iterator[Inconsistency]:
    """A channel decides whose things are meant, so it belongs to one alone."""
    rooms: list[tuple[str, Steps, Channel]] = [
        (PROVIDER_FILE, ("escalation_channel",), provider.escalation_channel)
    ]
    for client in clients:
        for index, channel in enumerate(client.channels):
            rooms.append((client_file(client.id), ("channels", index), channel))
    seen = _Once("repeated-channel")
    for file, steps, channel in rooms:
        shown = f"{channel.team}/{channel.id}"
        yield from seen.again((channel.team, channel.id), shown, file, steps)
        yield from _team(provider, channel.team, file, (*steps, "team"))


def _platforms(clients: Sequence[Client]) -> Iterator[Inconsistency]:
    """What separates clients from each other is never shared (threats I7)."""
    projects, roles = _Once("repeated-project"), _Once("repeated-role")
    for client in clients:
        file = client_file(client.id)
        path, role = client.gitlab.project, client.aws.role_arn
        yield from projects.again(path.lower(), path, file, ("gitlab", "project"))
        yield from roles.again(role, role, file, ("aws", "role_arn"))
        account = role.split(":")[4]
        if account != client.aws.account:
            yield Inconsistency.at(
                file,
                ("aws", "role_arn"),
                "role-of-other-account",
                {"got": account, "wanted": client.aws.account},
            )


def _targets(clients: Sequence[Client]) -> Iterator[Inconsistency]:
    resources = _Once("repeated-resource")
    for client in clients:
        file = client_file(client.id, INVENTORY_FILE)
        names, addresses = _Once("repeated-target"), _Once("repeated-address")
        values = _Once("repeated-parameter")
        for index, target in enumerate(client.targets):
            here = ("targets", index)
            yield from names.again(target.name, target.name, file, (*here, "name"))
            if target.name in RESERVED:
                yield Inconsistency.at(
                    file, (*here, "name"), "reserved-target", {"got": target.name}
                )
            if isinstance(target, Parameter):
                yield from _declared(client, target, values, file, here)
                continue
            if isinstance(target, Server):
                # Whoever's account it is in: no server is two clients'.
                shown = f"{target.address}:{target.port}"
                place: Steps = (*here, "address")
                yield from resources.again(shown, shown, file, place)
            else:
                section, key, shown = _resource(target)
                resource = (client.aws.account, client.aws.region, key, shown)
                place = (*here, section, key)
                yield from resources.again(resource, shown, file, place)
            if isinstance(target, Volume):
                yield from _attached(client, target, file, here)
            if target.terraform is not None:
                address = target.terraform.address
                # A disk may be a block of its instance's own resource.
                block = target.block if isinstance(target, Volume) else None
                whole = (target.terraform.directory, address, block)
                place = (*here, "terraform", "address")
                yield from addresses.again(whole, address, file, place)
                yield from _jobs(client, target.environment, file, (*here, "terraform"))


def _declared(
    client: Client, one: Parameter, values: _Once, file: str, here: Steps
) -> Iterator[Inconsistency]:
    """A parameter is declared once, and its bounds and choices fit its type."""
    shown = f"{one.file}: {'.'.join(map(str, one.path))}"
    yield from values.again((one.file, one.path), shown, file, (*here, "path"))
    numeric = one.type in {"integer", "number"}
    for name, bound in (("min", one.min), ("max", one.max)):
        if bound is not None and not numeric:
            args: dict[str, str | int | Message] = {"name": name, "type": one.type}
            yield Inconsistency.at(file, (*here, name), "bound-of-no-number", args)
    if one.min is not None and one.max is not None and one.max < one.min:
        yield Inconsistency.at(file, (*here, "max"), "bounds-crossed")
    for index, choice in enumerate(one.choices):
        if fits(choice, type=one.type) is None:
            args = {"got": choice, "type": one.type}
            place = (*here, "choices", index)
            yield Inconsistency.at(file, place, "choice-of-other-type", args)
    if one.format == "hcl":
        yield from _jobs(client, one.environment, file, (*here, "format"))


def _attached(
    client: Client, volume: Volume, file: str, here: Steps
) -> Iterator[Inconsistency]:
    """A volume is attached to an instance of the same inventory."""
    known = [one.name for one in client.targets if isinstance(one, Instance)]
    if volume.instance is not None and volume.instance not in known:
        args: dict[str, str | int | Message] = {
            "got": volume.instance,
            "known": ", ".join(near(volume.instance, known) or known) or "-",
        }
        yield Inconsistency.at(file, (*here, "instance"), "unknown-instance", args)


def _resource(
    target: Instance | Database | Volume | SecurityGroup | Host,
) -> tuple[str, str, str]:
    """Return where is written how the target is found, by which key, and as what."""
    if isinstance(target, Host):
        # Two hosts of one principal would take each other's certificates.
        return "ssh", "principal", target.ssh.principal
    if isinstance(target, Database):
        return "aws", "db_identifier", target.aws.db_identifier
    known: str | None
    if isinstance(target, Volume):
        kind, key, known = "volume ", "volume_id", target.aws.volume_id
    elif isinstance(target, SecurityGroup):
        kind, key, known = "security group ", "group_id", target.aws.group_id
    else:
        kind, key, known = "", "instance_id", target.aws.instance_id
    if known is not None:
        return "aws", key, known
    return "aws", "name_tag", f"{kind}{target.aws.name_tag}"


def _jobs(
    client: Client, environment: Environment, file: str, place: Steps
) -> Iterator[Inconsistency]:
    """What is in Terraform can be planned and applied where it serves."""
    for name, jobs in (
        ("plan_jobs", client.gitlab.plan_jobs),
        ("apply_jobs", client.gitlab.apply_jobs),
    ):
        if jobs.job(environment) is None:
            where = client_file(client.id)
            args: dict[str, str | int | Message]
            args = {"jobs": name, "environment": environment.value, "file": where}
            yield Inconsistency.at(file, place, "no-job", args)
