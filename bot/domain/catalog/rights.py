"""
Which names policies may use: those of the catalog itself.

A client's own policies may name its own people and things and the provider's; what
holds for every client may name anything. Another client's names are not suggested.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, get_args

from bot.domain.catalog.client import Target
from bot.domain.catalog.people import ClientRole, ProviderRole
from bot.domain.client_request import COMMAND
from bot.domain.ladder import COMMAND as TRUST
from bot.domain.rights import Action, Known
from bot.domain.rights.judge import target_id
from bot.domain.scope import Environment

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from bot.domain.catalog.client import Client
    from bot.domain.catalog.people import Provider

ON_CALL: Final = "provider.oncall"
ROLES: Final = (
    *(f"client.{role.value}" for role in ClientRole),
    *(f"provider.{role.value}" for role in ProviderRole),
    ON_CALL,
)
KINDS: Final[tuple[str, ...]] = tuple(
    kind
    for model in get_args(get_args(Target)[0])
    for kind in get_args(model.model_fields["kind"].annotation)
)


def known_names(
    provider: Provider, clients: Sequence[Client], commands: Collection[str] | None
) -> Known:
    """Return every name that policies of this catalog may use."""
    whole = _names(provider, clients)
    found: dict[str | None, Mapping[str, Collection[str]]] = {None: whole}
    for client in clients:
        found[client.id] = _names(provider, (client,))
    known = None if commands is None else {*commands, COMMAND, TRUST}
    return Known(of=found, commands=known)


def _names(
    provider: Provider, clients: Sequence[Client]
) -> Mapping[str, Collection[str]]:
    ours = [member.id for member in provider.members]
    theirs = [member.id for client in clients for member in client.members]
    return {
        "Action": [one.value for one in Action],
        "Client": [client.id for client in clients],
        "Environment": [one.value for one in Environment],
        "Kind": KINDS,
        "Member": [*ours, *theirs],
        "Organisation": [provider.id, *(client.id for client in clients)],
        "Role": ROLES,
        "Target": [
            target_id(client.id, target.name)
            for client in clients
            for target in client.targets
        ],
    }
