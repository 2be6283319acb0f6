"""What the calendar says of an operation now: who is on call, what holds it back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from bot.domain.message import Message
from bot.domain.timing.when import shown

if TYPE_CHECKING:
    from datetime import datetime

    from bot.domain.operation import Operation
    from bot.domain.timing.freeze import Hold
    from bot.domain.timing.rota import Standing
    from bot.ports import Front

# An approval counts by who held what when it was given; nothing waits for longer.
_LONGEST_OPEN: Final = timedelta(days=120)
FROZEN: Final = "waiting.frozen"
FROZEN_NOW: Final = "refused.frozen"


@dataclass(frozen=True, slots=True)
class Around:
    """What is read beside an operation for one decision, of one moment."""

    standing: Standing
    hold: Hold | None


async def around(operation: Operation, *, front: Front) -> Around:
    """Return what the calendar says of this operation at this moment."""
    return Around(
        standing=await standing_for(operation.client, front=front),
        hold=await held(operation, at=operation.runs_at(front.now()), front=front),
    )


async def standing_now(front: Front) -> Standing:
    """Return what chat and feeds say of the rota, besides the catalog."""
    provider = front.catalog.current().provider.id
    return await front.store.standing(provider, at=front.now())


async def standing_for(client: str, *, front: Front) -> Standing:
    """Return the same, and to whom roles of this client are lent."""
    standing = await standing_now(front)
    lent = await front.store.delegations(client, after=front.now() - _LONGEST_OPEN)
    return standing.model_copy(update={"delegations": lent}) if lent else standing


async def held(operation: Operation, *, at: datetime, front: Front) -> Hold | None:
    """Return the freeze that this operation would meet at a moment, if any."""
    catalog = front.catalog.current()
    if catalog.client(operation.client) is None:
        return None
    return catalog.hold(
        operation.client,
        freezes=await front.store.freezes(operation.client, after=front.now()),
        environment=operation.environment,
        command=operation.command,
        at=at,
    )


def told_of(hold: Hold, client: str, *, key: str, front: Front) -> Message:
    """Return the text `key` about a freeze: who declared it, why, until when."""
    catalog = front.catalog.current()
    person = catalog.member(hold.by) if hold.declared else None
    args: dict[str, str | int | Message] = {
        "until": shown(hold.until, timezone=catalog.timezone(client)),
        "reason": hold.reason,
        "who": person.name if person else hold.by,
        "declared": "yes" if hold.declared else "no",
    }
    return Message.of(key, args)
