"""
What is looked up when somebody is about to break the glass: rights, open reviews.

The rules themselves are `bot.domain.glass`' and the policies'; both have to say yes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.errors import BadArguments, NotAllowed
from bot.domain.glass import Break, broken, may_ask_to_break, reviewers
from bot.domain.message import Message
from bot.domain.policy import Denied
from bot.domain.rights import Action
from bot.flow.explaining import refused
from bot.flow.holding import standing_for
from bot.flow.rights import about_operation, ruling

if TYPE_CHECKING:
    from bot.domain.catalog import Person
    from bot.domain.operation import Operation
    from bot.flow.door import Caller
    from bot.ports import Front


async def in_emergency(
    operation: Operation, *, caller: Caller, reason: str, front: Front
) -> Operation:
    """Return what was asked for as an emergency; Refused if it may be none."""
    if operation.scheduled_for is not None:
        raise BadArguments(Message.of("refused.glass-later"))
    person = caller.person
    verdict = may_ask_to_break(
        operation.client,
        unreviewed=await unreviewed(person, front=front),
        able=[one.id for one in able_to_review(operation.client, person.id, front)],
    )
    if isinstance(verdict, Denied):
        raise NotAllowed(verdict.reason, rule=verdict.rule)
    await refuse_by_policy(operation, person=person, front=front)
    return operation.model_copy(update={"glass": reason})


async def refuse_by_policy(
    operation: Operation, *, person: Person, front: Front
) -> None:
    """Raise NotAllowed, with who else could, if the policies let no glass be broken."""
    standing = await standing_for(operation.client, front=front)
    asked = about_operation(
        Action.BREAK_GLASS,
        operation,
        person=person,
        at=front.now(),
        standing=standing,
        front=front,
    )
    ruled = ruling(asked, front=front)
    if not ruled.allowed:
        raise refused(asked, ruled, standing=standing, front=front)


async def unreviewed(person: Person, *, front: Front) -> tuple[Break, ...]:
    """Return what this person broke, at any client, and nobody reviewed yet."""
    found: list[Break] = []
    for client in front.catalog.current().clients:
        found += await front.store.breaks(client.id)
    return tuple(one for one in found if one.member == person.id)


def able_to_review(client: str, member: str, front: Front) -> tuple[Person, ...]:
    """Return who may close the review of what this member did here."""
    catalog = front.catalog.current()
    return reviewers(
        catalog.people(client),
        client=client,
        provider=catalog.provider.id,
        of=member,
    )


async def still_broken(operation: Operation, *, front: Front) -> bool:
    """
    Whether the glass that was broken for it still lets it run, by today's catalog.

    As with an approval, the roles of that moment count; one that was withdrawn, a
    deactivation and a policy that says no by now take it away.
    """
    breaks = await front.store.breaks(operation.client, operation=operation.id)
    found = broken(operation, breaks=breaks)
    person = front.catalog.current().member(operation.requester)
    if found is None or person is None or person.deactivated:
        return False
    asked = about_operation(
        Action.BREAK_GLASS,
        operation,
        person=person,
        at=found.at,
        standing=await standing_for(operation.client, front=front),
        front=front,
    )
    return ruling(asked, front=front).allowed
