"""
Code and cloud laid side by side: which targets are new, and what stays unclear.

A target is proposed when AWS has exactly one thing of that name for this client; where
it is written is proposed with it when exactly one resource could be it. Nothing that is
in the inventory is ever changed or taken out by this.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from bot.domain.catalog.client import Host, Instance, Parameter, Server
from bot.domain.catalog.names import TARGET_NAME
from bot.domain.discovery.code import Resource, Unclear
from bot.domain.frozen import Frozen
from bot.domain.message import Message
from bot.domain.scope import Environment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.catalog import Client

_NAME: Final = re.compile(TARGET_NAME)
# What only has an id of AWS's making, and is better known by its Name tag.
_BY_TAG: Final = frozenset({"instance", "volume", "security_group"})


class Thing(Frozen):
    """
    One thing that AWS has: its id there, its name, and its tags that matter.

    `part_of` is what it came with, or hangs on: a disk's instance, the network of a
    group that AWS made itself. Such a thing needs no name, and then is no target.
    """

    kind: str
    id: str
    name: str = ""
    client: str = ""
    environment: str = ""
    part_of: str = ""


@dataclass(frozen=True, slots=True)
class Proposed:
    """A target for the inventory; `instance` is the target that a disk hangs on."""

    name: str
    kind: str
    environment: Environment
    identity: str
    resource: Resource | None
    instance: str = ""


@dataclass(frozen=True, slots=True)
class Findings:
    """What to add to the inventory, and what somebody has to look at."""

    proposed: tuple[Proposed, ...]
    unclear: tuple[Unclear, ...]


def propose(
    client: Client, *, things: Sequence[Thing], resources: Sequence[Resource]
) -> Findings:
    """Return the new targets in order of kind and name, and all that is unclear."""
    own = [one for one in things if one.client in ("", client.id)]
    twins = Counter((one.kind, one.name) for one in own)
    proposed: list[Proposed] = []
    unclear: list[Unclear] = []
    for thing in sorted(own, key=lambda one: (one.kind, one.name, one.id)):
        if _is_known(thing, client) or (thing.part_of and not thing.name):
            continue
        found = _one(thing, client, resources, twins[thing.kind, thing.name])
        if isinstance(found, Proposed):
            hangs_on = _target_of(thing.part_of, client, own, proposed)
            proposed.append(replace(found, instance=hangs_on))
        else:
            unclear.append(Unclear(f"{thing.kind} {thing.id}", found))
    unclear += _unmatched(client, own, resources)
    return Findings(tuple(proposed), tuple(unclear))


def _is_known(thing: Thing, client: Client) -> bool:
    return (thing.kind, thing.id) in _identities(client) or (
        thing.kind in _BY_TAG and (thing.kind, thing.name) in _identities(client)
    )


def _target_of(
    instance: str, client: Client, own: Sequence[Thing], proposed: Sequence[Proposed]
) -> str:
    """Return the target that the instance of this id is, or is proposed as, if any."""
    names = {instance, *(one.name for one in own if one.id == instance)} - {""}
    known = [
        target.name
        for target in client.targets
        if isinstance(target, Instance)
        and names & {target.aws.instance_id, target.aws.name_tag}
    ]
    new = [
        one.name for one in proposed if one.kind == "instance" and one.identity in names
    ]
    return next(iter((*known, *new)), "")


def _identities(client: Client) -> set[tuple[str, str]]:
    """Return how AWS knows each target: an id, or the name by which it is found."""
    return {
        (target.kind, str(value))
        for target in client.targets
        if not isinstance(target, Host | Parameter | Server)
        for value in target.aws.model_dump(exclude_none=True).values()
    }


def _one(
    thing: Thing, client: Client, resources: Sequence[Resource], twins: int
) -> Proposed | Message:
    name = thing.name.removeprefix(f"{client.id}-")
    if (why := _unfit_name(thing, name, client, twins)) is not None:
        return why
    fitting = [
        one for one in resources if one.kind == thing.kind and thing.name in one.names
    ]
    if len(fitting) > 1:
        places = ", ".join(f"{one.directory}: {one.address}" for one in fitting)
        return Message.of("discover.many-places", {"places": places})
    place = fitting[0] if fitting else None
    where = _environment(thing, place)
    if where is None:
        return Message.of("discover.no-environment")
    identity = thing.name if thing.kind in _BY_TAG else thing.id
    return Proposed(name, thing.kind, where, identity, place)


def _unfit_name(thing: Thing, name: str, client: Client, twins: int) -> Message | None:
    """Return why nobody could type this name and mean this thing."""
    if not thing.name:
        return Message.of("discover.no-name")
    if twins > 1:
        return Message.of("discover.twins", {"name": thing.name, "count": twins})
    if not _NAME.fullmatch(name):
        return Message.of("discover.bad-name", {"name": thing.name[:60]})
    if client.target(name) is not None:
        return Message.of("discover.name-taken", {"name": name})
    return None


def _environment(thing: Thing, place: Resource | None) -> Environment | None:
    """Return what the tag says, else the folder; both wrong is nothing."""
    folder = place.directory.rpartition("/")[2] if place else ""
    for word in (thing.environment.lower(), folder.lower()):
        if word in set(Environment):
            return Environment(word)
    return None


def _unmatched(
    client: Client, things: Sequence[Thing], resources: Sequence[Resource]
) -> list[Unclear]:
    """List what is written and not there, and what the inventory has and AWS not."""
    names = {(one.kind, one.name) for one in things}
    names |= {(one.kind, one.id) for one in things}
    kinds = {one.kind for one in things}
    written = [
        Unclear(f"{one.directory}: {one.address}", Message.of("discover.not-in-aws"))
        for one in resources
        if one.kind in kinds
        and not any((one.kind, name) in names for name in one.names)
    ]
    gone = [
        Unclear(value, Message.of("discover.gone", {"kind": kind}))
        for kind, value in sorted(_identities(client))
        if kind in kinds and (kind, value) not in names
    ]
    return [*written, *gone]
