"""All that a card shows of an operation, gathered; how it looks is the chat's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.domain.catalog import Person
    from bot.domain.decision import Decision
    from bot.domain.glass import Break
    from bot.domain.message import Language, Message
    from bot.domain.operation import Operation
    from bot.domain.route import Need


@dataclass(frozen=True, slots=True)
class CardView:
    """
    One operation as it stands, and who is who around it.

    `people` has every member that is named on the card, by id; a member who has left
    the catalog is missing there and shown by id. `held` says that it is frozen,
    `scheduled` for when it is asked, `quiet` that nobody is called for it at night.
    `broken` is the glass that was broken for it, with its review.
    """

    operation: Operation
    decisions: tuple[Decision, ...]
    missing: tuple[Need, ...]
    able: tuple[str, ...]
    people: dict[str, Person]
    client_name: str
    language: Language
    held: Message | None = None
    scheduled: Message | None = None
    quiet: Message | None = None
    broken: Break | None = None
