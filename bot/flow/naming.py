"""People named in a message: by name, and by the ids that chat calls them with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.message import Message

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.ports import Front


def called(members: Sequence[str], *, team: str, front: Front) -> Message:
    """Return these members as one message; who can be called in this team is."""
    catalog = front.catalog.current()
    people = [(one, catalog.member(one)) for one in members]
    names = [person.name if person else one for one, person in people]
    ids = [
        identity.user
        for _, person in people
        for identity in (person.slack if person else ())
        if identity.team == team
    ]
    return Message.of(
        "people.called", {"names": ", ".join(names), "slack": " ".join(ids)}
    )
