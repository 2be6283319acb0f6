"""
Taking turns: on one target one operation acts at a time.

Whoever comes second waits; what is only proposed, or in doubt, keeps nobody waiting and
is pointed out on the card instead. An operation in doubt may stay so until people have
looked, and must not bar them from setting things right.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.domain.message import Message
from bot.domain.operation import State

if TYPE_CHECKING:
    from bot.domain.operation import Operation
    from bot.ports import Front

# Held, with the id behind it, by whoever acts on an operation or finds out what came of
# acting; its credentials are used under it and nowhere else.
ACTS_ON: Final = "tandem operation "
_SHOWN: Final = 3
_OPEN: Final = (State.PROPOSED, State.APPROVED, State.RUNNING, State.IN_DOUBT)


async def running_on(operation: Operation, *, back: Front) -> Operation | None:
    """Return another operation that acts on the same target now."""
    others = await _others(operation, (State.RUNNING,), back=back)
    return others[0] if others else None


async def neighbours(operation: Operation, *, back: Front) -> tuple[Message, ...]:
    """Point out what else is open on the same target, oldest first."""
    others = await _others(operation, _OPEN, back=back)
    return tuple(
        Message.of(
            "note.same-target",
            {"id": one.short, "title": one.change.title, "state": one.state.value},
        )
        for one in others[:_SHOWN]
    )


async def _others(
    operation: Operation, states: tuple[State, ...], *, back: Front
) -> list[Operation]:
    found = await back.store.unfinished(operation.client, states=states)
    return [
        one
        for one in found
        if one.target == operation.target and one.id != operation.id
    ]
