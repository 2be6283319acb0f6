"""
What `/infra link` leaves behind: the audit of it, and what a repetition is answered.

Nothing that was typed is in any of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.audit import Event, EventName, instant
from bot.domain.writes import Delivery, Links, Writes

if TYPE_CHECKING:
    from bot.domain.link import Link
    from bot.domain.message import Message
    from bot.flow.door import Caller
    from bot.ports import Front


def link_changed(
    caller: Caller, link: Link, name: EventName, answer: Message, *, front: Front
) -> tuple[Writes, Message]:
    """Return the next version of a link, and the audit of it."""
    writes = Writes(
        client=link.client,
        at=front.now(),
        delivery=repeated(caller, answer),
        events=(link_event(caller, name, link),),
        links=Links(saves=(link,)),
    )
    return writes, answer


def link_refused(
    caller: Caller,
    why: Message,
    *,
    front: Front,
    gitlab: str = "",
    of: Link | None = None,
    tried: Link | None = None,
) -> tuple[Writes, Message]:
    """Return the refusal, written down without what was typed."""
    about = of.gitlab if of is not None else gitlab
    event = Event(
        name=EventName.LINK_REFUSED,
        actor=caller.person.id,
        source=caller.knock.source,
        operation=of.id if of is not None else None,
        body={
            "reason": why.model_dump(mode="json"),
            **({"gitlab": about} if about else {}),
            **_where(caller),
        },
    )
    writes = Writes(
        client=caller.person.organisation,
        at=front.now(),
        delivery=repeated(caller, why),
        events=(event,),
        links=Links(saves=(tried,)) if tried is not None else None,
    )
    return writes, why


def link_event(caller: Caller, name: EventName, link: Link) -> Event:
    """Return that this came of a link; it names no code."""
    return Event(
        name=name,
        actor=caller.person.id,
        source=caller.knock.source,
        operation=link.id,
        body={
            "gitlab": link.gitlab,
            "until": instant(link.expires_at),
            **_where(caller),
        },
    )


def _where(caller: Caller) -> dict[str, object]:
    knock = caller.knock
    return {
        "slack": f"{knock.team}/{knock.user}",
        "room": caller.client.id,
        "channel": knock.channel,
    }


def repeated(caller: Caller, answer: Message) -> Delivery:
    """Return what the same request is answered when it comes again."""
    return Delivery(key=caller.knock.delivery, answer=answer)
