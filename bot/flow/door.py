"""
Who is at the door, and for which client.

Identity comes from the signed request only: (team, user) must be a member of the
catalog, (team, channel) a channel of a client. Whatever is turned away is written down.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from bot.domain.audit import Event, EventName
from bot.domain.catalog import Client
from bot.domain.errors import NotAllowed, Refused
from bot.domain.link import without_codes
from bot.domain.message import Message
from bot.domain.operation import Place
from bot.domain.policy import Denied, may_ask
from bot.domain.timing.rota import Standing
from bot.domain.writes import Delivery, Duplicate, Writes
from bot.flow.holding import standing_now
from bot.flow.naming import in_names

if TYPE_CHECKING:
    from bot.domain.catalog import Person
    from bot.ports import Front

# So much of a refused line is kept: enough to see what was tried.
_LINE_KEPT = 300


@dataclass(frozen=True, slots=True)
class Knock:
    """A signed request: who, where, what, and the key of this very delivery."""

    team: str
    user: str
    channel: str
    text: str
    delivery: str
    source: str = "slack"


@dataclass(frozen=True, slots=True)
class Caller:
    """
    A member of the catalog who speaks in a client's channel.

    `standing` is what chat and feeds say of the rota, for who may be on call.
    """

    person: Person
    client: Client
    place: Place
    knock: Knock
    standing: Standing = field(default_factory=Standing)


def enter(knock: Knock, *, front: Front) -> Caller:
    """Return who is asking and for which client; NotAllowed says what is missing."""
    catalog = front.catalog.current()
    room = catalog.channel(knock.team, knock.channel)
    if room is None:
        raise NotAllowed(Message.of("refused.unknown-channel"), rule="unknown-channel")
    if not isinstance(room, Client):
        told = Message.of("refused.provider-channel", {"channels": _rooms(front)})
        raise NotAllowed(told, rule="provider-channel")
    person = catalog.person(knock.team, knock.user)
    if person is None:
        told = Message.of("refused.unknown-person", {"client": room.name})
        raise NotAllowed(told, rule="unknown-person")
    if person.deactivated:
        gone = Message.of("refused.deactivated", {"client": room.name})
        raise NotAllowed(gone, rule="deactivated")
    verdict = may_ask(person, client=room.id, provider=catalog.provider.id)
    if isinstance(verdict, Denied):
        raise NotAllowed(verdict.reason, rule=verdict.rule)
    place = Place(team=knock.team, channel=knock.channel)
    return Caller(person, room, place, knock)


async def arrive(knock: Knock, *, front: Front) -> Caller:
    """
    Return who is asking, with what is to be known of the rota for it.

    Nobody of a client is on call, so for them nothing is read.
    """
    caller = enter(knock, front=front)
    if caller.person.organisation == caller.client.id:
        return caller
    return replace(caller, standing=await standing_now(front))


async def turn_away(
    knock: Knock, *, refusal: Refused, front: Front, operation: str | None = None
) -> Message:
    """
    Write the refusal down and return what is said to the person.

    It goes to the chain of the client whose channel it is; what came from nowhere we
    know goes to the provider's own chain. With `operation`, a decision was refused, and
    it is part of that operation's story. A repeated delivery is told what it was told.
    """
    catalog = front.catalog.current()
    room = catalog.channel(knock.team, knock.channel)
    person = catalog.person(knock.team, knock.user)
    told = in_names(refusal.message, team=knock.team, front=front)
    event = Event(
        name=EventName.DECISION_REFUSED if operation else EventName.REQUEST_REFUSED,
        actor=person.id if person else f"{knock.team}/{knock.user}",
        source=knock.source,
        operation=operation,
        body={
            "line": without_codes(knock.text)[:_LINE_KEPT],
            "channel": knock.channel,
            "reason": told.model_dump(mode="json"),
            **_by_rule(refusal),
        },
    )
    writes = Writes(
        client=room.id if isinstance(room, Client) else catalog.provider.id,
        at=front.now(),
        delivery=Delivery(key=knock.delivery, answer=told),
        events=(event,),
    )
    try:
        await front.store.write(writes)
    except Duplicate as duplicate:
        return duplicate.answer or told
    return told


def _by_rule(refusal: Refused) -> dict[str, str]:
    """Return which rule said no, where it was a rule."""
    rule = refusal.rule if isinstance(refusal, NotAllowed) else ""
    return {"rule": rule} if rule else {}


def _rooms(front: Front) -> str:
    clients = front.catalog.current().clients
    return ", ".join(f"#{room.name}" for one in clients for room in one.channels)
