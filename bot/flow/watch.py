"""
Between card and click: whatever moved under a proposal voids it, and is named.

Run for every open merge request at intervals, and at once when GitLab hints at a
change. A hint is only a hint: everything is read again from GitLab.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.audit import EventName
from bot.domain.change import is_merged
from bot.domain.errors import Refused
from bot.domain.operation import State
from bot.domain.proposal import differences, digest, voided
from bot.domain.writes import Job, Overtaken, Task, Writes
from bot.flow.changes import merge_request
from bot.flow.changes.again import rebound
from bot.flow.saying import card, thread, told

if TYPE_CHECKING:
    from bot.domain.message import Message
    from bot.domain.operation import Operation
    from bot.ports import Back


async def watch(client: str, operation_id: str, *, back: Back) -> None:
    """Void the proposal if what it was decided on is no longer so."""
    operation = await back.store.operation(client, id=operation_id)
    if operation is None or operation.state is not State.PROPOSED:
        return
    if not is_merged(operation.change):
        return
    why = await _what_moved(operation, back=back)
    if why is None:
        return
    try:
        await _void(operation, why, back=back)
    except Overtaken:
        return  # decided or ended meanwhile; `execute` looks once more before acting


async def _what_moved(operation: Operation, *, back: Back) -> Message | None:
    try:
        fresh, request = await rebound(operation, back=back, in_full=False)
    except Refused as refusal:
        return refusal.message
    gone = merge_request.gone(request)
    if gone is not None:
        return gone
    if digest(fresh) == operation.digest or operation.proposal is None:
        return None
    found = differences(operation.proposal.bound, fresh)
    return voided(found)


async def _void(operation: Operation, why: Message, *, back: Back) -> None:
    await back.store.write(
        Writes(
            client=operation.client,
            at=back.now(),
            saves=(operation.to(State.VOIDED, at=back.now(), outcome=why),),
            events=(
                told(
                    EventName.OPERATION_VOIDED,
                    operation,
                    {"reason": why.model_dump(mode="json")},
                ),
            ),
            says=(card(operation), thread(operation, why)),
            jobs=(Job(task=Task.TIDY, operation=operation.id),),
        )
    )
