"""People named in a message: by name, and by the ids that chat calls them with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.message import Message
from bot.domain.people import MEMBERS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.catalog import Person
    from bot.ports import Front


def called(members: Sequence[str], *, team: str, front: Front) -> Message:
    """
    Return these members as one message; who can be called in this team is.

    `members` stays in it, so that what is stored of it tells who was meant.
    """
    catalog = front.catalog.current()
    people = [(one, catalog.member(one)) for one in members]
    if not people:
        return Message.of("people.nobody")
    handles = [(one, person, _handle(person, team)) for one, person in people]
    return Message.of(
        "people.called",
        {
            "names": ", ".join(_name(one, person) for one, person in people),
            "slack": " ".join(handle for _, _, handle in handles if handle),
            "others": ", ".join(
                _name(one, person) for one, person, handle in handles if not handle
            ),
            "members": " ".join(members),
        },
    )


def name_of(member: str, *, front: Front) -> str:
    """Return how a member is called in a sentence; of one unknown the id is all."""
    return _name(member, front.catalog.current().member(member))


def in_names(message: Message, *, team: str, front: Front) -> Message:
    """Return the message with every person in it named as `called` does."""
    if message.key == MEMBERS:
        ids = str(message.args["ids"]).split()
        return called(ids, team=team, front=front)
    args = {
        name: in_names(value, team=team, front=front)
        if isinstance(value, Message)
        else value
        for name, value in message.args.items()
    }
    return message.model_copy(update={"args": args})


def _name(member: str, person: Person | None) -> str:
    return person.name if person else member


def _handle(person: Person | None, team: str) -> str:
    """Return what chat calls this person with in this team, if it can."""
    found = (one.user for one in (person.slack if person else ()) if one.team == team)
    return next(found, "")
