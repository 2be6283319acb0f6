"""
What `sweep` does after a glass was broken: a review opens, and is reminded of.

It opens when the operation is over, however it ended and whoever ended it, and those
who may close it are told again and again until somebody has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.audit import EventName
from bot.domain.glass import is_over
from bot.domain.message import Message
from bot.domain.outgoing import Outgoing, Way
from bot.domain.people import members
from bot.domain.writes import Glass, Writes
from bot.flow.glass import able_to_review
from bot.flow.naming import in_names
from bot.flow.saying import card, direct, thread, told

if TYPE_CHECKING:
    from bot.domain.glass import Break
    from bot.domain.operation import Operation
    from bot.ports import Back


async def look_at_reviews(client: str, *, back: Back) -> None:
    """Open the reviews that are due at this client, and remind of those open."""
    for one in await back.store.breaks(client):
        operation = await back.store.operation(client, id=one.operation)
        if operation is None or not is_over(operation.state):
            continue
        if one.opened_at is None:
            await _tell(one, operation, first=True, back=back)
        elif back.now() >= (one.reminded_at or one.opened_at) + back.pace.review:
            await _tell(one, operation, first=False, back=back)


async def _tell(one: Break, operation: Operation, *, first: bool, back: Back) -> None:
    """Write down and say that the review is open, to whoever may close it."""
    able = able_to_review(operation.client, one.member, back)
    args: dict[str, str | int | Message] = {
        "id": operation.short,
        "of": members((one.member,)),
        "title": operation.change.title,
        "who": members(person.id for person in able),
    }
    said = Message.of("review.opened" if first else "review.reminded", args)
    said = in_names(said, team=operation.place.team, front=back)
    name = EventName.REVIEW_OPENED if first else EventName.REVIEW_REMINDED
    body: dict[str, object] = {"of": one.member, "people": [who.id for who in able]}
    own = back.catalog.current().provider.escalation_channel.id
    marks = (operation.id,)
    await back.store.write(
        Writes(
            client=operation.client,
            at=back.now(),
            glass=Glass(opened=marks) if first else Glass(reminded=marks),
            events=(told(name, operation, body, source="timer"),),
            says=(
                card(operation),
                thread(operation, said),
                Outgoing(way=Way.ANNOUNCE, place=own, message=said),
                *direct(operation, said, people=able),
            ),
        )
    )
