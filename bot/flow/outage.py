"""
What keeps a stage from getting on is named on the card, once: an outage, or our fault.

It is taken off the card once a stage got through.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.change import is_merged
from bot.domain.message import Message
from bot.domain.operation import State
from bot.domain.writes import Overtaken, Writes
from bot.flow.saying import card

if TYPE_CHECKING:
    from bot.domain.operation import Operation
    from bot.ports import Back

_HINDRANCES = ("waiting.outage", "waiting.broken")


async def note_outage(
    client: str, operation_id: str, *, system: str, back: Back
) -> None:
    """Show on the card what is being waited for; nothing if it already says so."""
    waiting = Message.of("waiting.outage", {"system": system})
    await _note(client, operation_id, waiting, back=back)


async def note_broken(
    client: str, operation_id: str, *, reference: str, back: Back
) -> None:
    """Show on the card that it is our fault; nothing if it has that reference."""
    waiting = Message.of("waiting.broken", {"reference": reference})
    await _note(client, operation_id, waiting, back=back)


async def _note(
    client: str, operation_id: str, waiting: Message, *, back: Back
) -> None:
    operation = await back.store.operation(client, id=operation_id)
    if operation is None or operation.ended:
        return
    if operation.progress.waiting_for != waiting:
        await _wait_for(operation, waiting, back=back)


async def outage_over(client: str, operation_id: str, *, back: Back) -> None:
    """Take a hindrance off the card; what is waited for otherwise is shown again."""
    operation = await back.store.operation(client, id=operation_id)
    if operation is None or operation.ended:
        return
    waiting = operation.progress.waiting_for
    if waiting is not None and waiting.key in _HINDRANCES:
        await _wait_for(operation, usual(operation), back=back)


def usual(operation: Operation) -> Message | None:
    """Return what such an operation waits for when everything answers."""
    progress = operation.progress
    if is_merged(operation.change):
        if operation.state is State.ASKED and progress.merge_request is not None:
            return Message.of("waiting.plan")
        if operation.state is State.RUNNING and progress.merged_sha is not None:
            return Message.of("waiting.apply")
    elif operation.state is State.RUNNING and progress.halted_by is not None:
        return Message.of("waiting.halted")
    elif operation.state is State.RUNNING and progress.announced:
        return Message.of("waiting.playbook")
    return None


async def _wait_for(
    operation: Operation, waiting: Message | None, *, back: Back
) -> None:
    progress = operation.progress.model_copy(update={"waiting_for": waiting})
    try:
        await back.store.write(
            Writes(
                client=operation.client,
                at=back.now(),
                saves=(operation.advanced(progress),),
                says=(card(operation),),
            )
        )
    except Overtaken:
        return  # it moved on, so there is nothing to wait for any more
