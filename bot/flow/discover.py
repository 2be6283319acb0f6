"""
What a client has, read for whoever keeps its inventory: the code and the account.

Both are read with credentials lent for this one reading and given back, and the audit
of the client tells that it was done. Nothing is written anywhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.domain.audit import Event, EventName
from bot.domain.discovery.code import Unclear, resources
from bot.domain.discovery.proposing import Findings, Thing, propose
from bot.domain.errors import Refused
from bot.domain.message import Message
from bot.domain.writes import Writes
from bot.flow.lending import borrowed
from bot.flow.look import LookRun

if TYPE_CHECKING:
    from bot.domain.catalog import Client
    from bot.domain.playbook import LiveState
    from bot.ports import Back

OBSERVATION = "aws.inventory"


@dataclass(frozen=True, slots=True)
class Discovery:
    """The client it is about, and what was found."""

    client: Client
    findings: Findings


async def discover(client: str, *, back: Back) -> Discovery:
    """Return what to add to the client's inventory, and what stays unclear."""
    owner = back.catalog.current().client(client)
    if owner is None:
        known = ", ".join(one.id for one in back.catalog.current().clients)
        args: dict[str, str | int | Message] = {"got": client[:60], "known": known}
        raise Refused(Message.of("refused.discover-client", args))
    reading = back.new_id()
    event = Event(
        name=EventName.INVENTORY_READ,
        actor="operator",
        source="cli",
        operation=reading,
        body={},
    )
    await back.store.write(Writes(client=owner.id, at=back.now(), events=(event,)))
    written, unread = resources(await _files(owner, reading, back=back))
    state = await _account(owner, reading, back=back)
    things = [
        Thing.model_validate_json(value)
        for name, value in state.items
        if name.startswith("thing ")
    ]
    refused = tuple(
        Unclear(name.removeprefix("refused "), _unlisted(value))
        for name, value in state.items
        if name.startswith("refused ")
    )
    found = propose(owner, things=things, resources=written)
    return Discovery(
        owner, Findings(found.proposed, (*refused, *unread, *found.unclear))
    )


def _unlisted(code: str) -> Message:
    return Message.of("discover.refused", {"code": code})


async def _files(owner: Client, reading: str, *, back: Back) -> dict[str, bytes]:
    async with borrowed(
        back, client=owner.id, action="gitlab-read", operation=reading
    ) as minted:
        token = await back.lender.forge_token(
            minted, client=owner.id, purpose="gitlab-read"
        )
        found = await back.forge.read_tree(
            owner.gitlab.project,
            directory="",
            ref=owner.gitlab.default_branch,
            token=token,
        )
    return {one.path: one.content for one in found}


async def _account(owner: Client, reading: str, *, back: Back) -> LiveState:
    observation = back.registry.observation(OBSERVATION, inputs={})
    scope, until = observation.scope(), back.now() + back.pace.action
    async with borrowed(
        back,
        client=owner.id,
        action=scope.name,
        operation=reading,
        session_dies_at=until,
    ) as minted:
        session = await back.lender.aws_session(
            minted,
            client=owner.id,
            aws=owner.aws,
            scope=scope,
            operation=reading,
            until=until,
        )
        return await observation.read(LookRun(reading, owner.id, session, back))
