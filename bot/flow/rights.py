"""
What the policies say to a person of the flow, here and now.

Who holds which role, what a target is to a policy, and which client's rules are asked
is put together here; the answer is `bot.domain.rights`'. Roles are those of the moment
that is asked about, so a role or a shift that ended counts no longer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from bot.domain.catalog import Criticality
from bot.domain.catalog.rights import ON_CALL
from bot.domain.policy import version
from bot.domain.rights import Action, Actor, Asked, Ruling, Thing, answered
from bot.domain.rights.judge import target_id
from bot.domain.scope import Risk
from bot.domain.timing.rota import Standing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from bot.domain.catalog import Person, Target
    from bot.domain.command import Spec
    from bot.domain.operation import Operation
    from bot.domain.scope import Environment
    from bot.flow.door import Caller
    from bot.ports import Front


_Alike: TypeAlias = "tuple[str, Risk, Environment, str]"

_CATALOG_ALONE: Final = Standing()


def actor(
    person: Person,
    *,
    client: str,
    at: datetime,
    standing: Standing = _CATALOG_ALONE,
    front: Front,
) -> Actor:
    """
    Return the person with the roles that count for this client at that moment.

    Without `standing`, overrides, feeds and lent roles do not count.
    """
    catalog = front.catalog.current()
    ours = person.organisation == catalog.provider.id
    if person.deactivated or (not ours and person.organisation != client):
        return Actor(person.id, person.organisation, frozenset())
    side = "provider" if ours else "client"
    roles = {f"{side}.{role.value}" for role in person.roles}
    if ours:  # nobody else is on call, and the rota need not be asked
        on_call = catalog.holders(ON_CALL, client=client, at=at, standing=standing)
        if any(one.id == person.id for one in on_call):
            roles.add(ON_CALL)
    roles |= _borrowed(person, client=client, at=at, standing=standing, front=front)
    return Actor(person.id, person.organisation, frozenset(roles))


def _borrowed(
    person: Person, *, client: str, at: datetime, standing: Standing, front: Front
) -> set[str]:
    """Return the roles that somebody who has them lent to this person."""
    catalog = front.catalog.current()
    return {
        one.role
        for one in standing.delegations
        if one.taker == person.id
        and one.covers(at)
        and any(
            holder.id == one.giver
            for holder in catalog.holders(
                one.role, client=client, at=at, standing=standing
            )
        )
    }


def acting(caller: Caller, *, front: Front) -> Actor:
    """Return the caller with the roles of this moment."""
    return actor(
        caller.person,
        client=caller.client.id,
        at=front.now(),
        standing=caller.standing,
        front=front,
    )


def version_now(client: str, *, front: Front) -> str:
    """Return the version of all rules that hold for this client, ours and theirs."""
    return version(front.catalog.current().rules(client).version)


def thing(target: Target) -> Thing:
    """Return what policies see of a target."""
    return Thing(
        name=target.name,
        environment=target.environment,
        kind=target.kind,
        critical=target.criticality is Criticality.HIGH,
    )


def ruling(asked: Asked, *, front: Front) -> Ruling:
    """Return what the policies in force say to one question."""
    (found,) = rulings((asked,), front=front)
    return found


def rulings(asked: Sequence[Asked], *, front: Front) -> tuple[Ruling, ...]:
    """Return what they say to several questions about one client."""
    if not asked:
        return ()
    return answered(front.catalog.current().rules(asked[0].client), asked)


def about_client(action: Action, *, caller: Caller, front: Front) -> Asked:
    """Return the question whether the caller may do this to the client as a whole."""
    who = acting(caller, front=front)
    return Asked(action=action, actor=who, client=caller.client.id)


def about_operation(
    action: Action,
    operation: Operation,
    *,
    person: Person,
    at: datetime,
    standing: Standing = _CATALOG_ALONE,
    front: Front,
) -> Asked:
    """Return the question whether the person may do this to an operation."""
    client = operation.client
    owner = front.catalog.current().client(client)
    target = owner.target(operation.target) if owner else None
    # Of a target that left the catalog no policy may think that it is harmless.
    gone = Thing(operation.target, operation.environment, kind=None, critical=True)
    return Asked(
        action=action,
        actor=actor(person, client=client, at=at, standing=standing, front=front),
        client=client,
        thing=thing(target) if target else gone,
        command=operation.command,
        risk=operation.risk,
        requester=operation.requester,
    )


def deciders(
    people: Iterable[Person],
    operation: Operation,
    *,
    at: datetime,
    standing: Standing = _CATALOG_ALONE,
    front: Front,
) -> frozenset[str]:
    """Return those of the people whom the policies let decide; by today's policies."""
    every = tuple(people)
    asked = [
        about_operation(
            Action.DECIDE,
            operation,
            person=one,
            at=at,
            standing=standing,
            front=front,
        )
        for one in every
    ]
    found = zip(every, rulings(asked, front=front), strict=True)
    return frozenset(one.id for one, ruled in found if ruled.allowed)


def least_risk(spec: Spec, target: Target) -> Risk:
    """Return the risk of a command on a target in its mildest form."""
    if target.criticality is Criticality.HIGH:
        return Risk(min(spec.risk + 1, Risk.HIGH))
    return spec.risk


def doable(
    caller: Caller, *, front: Front, targets: Sequence[Target] | None = None
) -> Mapping[str, tuple[str, ...]]:
    """
    Return what this person may ask for here: targets by the name of the command.

    Of all the client's targets, or of those given. A command without any target is left
    out. It is said of each command in its mildest form; words that make it more
    dangerous may still be refused.
    """
    client = caller.client
    rules = front.catalog.current().rules(client.id)
    who = acting(caller, front=front)
    asked: dict[_Alike, Asked] = {}
    places: list[tuple[str, str, _Alike]] = []
    for name, command in sorted(front.registry.commands.items()):
        for target in client.targets if targets is None else targets:
            if target.kind not in command.spec.kinds:
                continue
            risk, seen = least_risk(command.spec, target), thing(target)
            # Targets that no rule names apart are alike to all rules: asked about once.
            apart = target_id(client.id, target.name) in rules.named
            key = (name, risk, seen.environment, target.name if apart else "")
            places.append((name, target.name, key))
            asked[key] = Asked(
                action=Action.ASK,
                actor=who,
                client=client.id,
                thing=seen,
                command=name,
                risk=risk,
            )
    answers = dict(zip(asked, answered(rules, tuple(asked.values())), strict=True))
    found: dict[str, list[str]] = {}
    for name, target_name, key in places:
        if answers[key].allowed:
            found.setdefault(name, []).append(target_name)
    return {name: tuple(sorted(targets)) for name, targets in found.items()}
