"""
Which level of trust is in force: the catalog's, or what was agreed on since.

Read where it counts and at that moment; nothing keeps a level between two looks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.errors import Broken
from bot.domain.ladder import in_force
from bot.domain.scope import Environment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.domain.catalog import Client
    from bot.domain.ladder import Agreed, TrustLevel
    from bot.domain.operation import Operation
    from bot.ports import Front


def levels_of(
    client: Client, agreed: Sequence[Agreed]
) -> Mapping[Environment, TrustLevel]:
    """Return the level in force in each environment, given what was agreed on."""
    latest = {one.environment: one for one in agreed}
    return {
        environment: in_force(client.trust.level(environment), latest.get(environment))
        for environment in Environment
    }


async def levels_now(
    client: Client, *, front: Front
) -> Mapping[Environment, TrustLevel]:
    """Return the level in force in each environment of this client."""
    return levels_of(client, await front.store.agreed(client.id))


async def level_now(
    client: str, environment: Environment, *, front: Front
) -> TrustLevel:
    """Return the level in force; Broken for a client that left the catalog."""
    found = front.catalog.current().client(client)
    if found is None:
        raise Broken(f"client {client!r} is no longer in the catalog")
    return (await levels_now(found, front=front))[environment]


async def moved_since(operation: Operation, *, front: Front) -> bool:
    """Whether the level there was moved after the operation was laid before people."""
    shown_at = operation.proposed_at
    return shown_at is not None and any(
        one.environment is operation.environment and one.at > shown_at
        for one in await front.store.agreed(operation.client)
    )
