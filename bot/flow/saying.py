"""The few shapes in which stages write down what is to be said and what happened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.audit import Event, EventName
from bot.domain.outgoing import Outgoing, Way

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.domain.catalog import Person
    from bot.domain.message import Message
    from bot.domain.operation import Operation


def card(operation: Operation) -> Outgoing:
    """Have the operation's card drawn as it will then stand."""
    return Outgoing(way=Way.CARD, place=operation.place.channel, operation=operation.id)


def thread(operation: Operation, message: Message) -> Outgoing:
    """Say something under the operation's card."""
    return Outgoing(
        way=Way.THREAD,
        place=operation.place.channel,
        operation=operation.id,
        message=message,
    )


def direct(
    operation: Operation, message: Message, *, people: Iterable[Person]
) -> tuple[Outgoing, ...]:
    """Say something to each of these people alone, where they can be called."""
    return tuple(
        Outgoing(
            way=Way.DIRECT,
            place=account.user,
            user=account.user,
            operation=operation.id,
            message=message,
        )
        for person in people
        for account in person.slack
        if account.team == operation.place.team
    )


def told(
    name: EventName,
    operation: Operation,
    body: dict[str, object] | None = None,
    *,
    actor: str = "tandem",
    source: str = "worker",
) -> Event:
    """Record something that happened to an operation by itself."""
    return Event(
        name=name,
        actor=actor,
        source=source,
        operation=operation.id,
        body=body or {},
    )
