"""The one operation of the caller's client whose id begins as it was typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.errors import NotAllowed
from bot.domain.message import Message

if TYPE_CHECKING:
    from bot.domain.operation import Operation
    from bot.flow.door import Caller
    from bot.ports import Front


async def find(caller: Caller, wanted: str, *, front: Front) -> Operation:
    """Return it; NotAllowed if there is none of that id here, or more than one."""
    found = await front.store.operations_like(caller.client.id, short=wanted)
    if len(found) != 1:
        key = "refused.no-operation" if not found else "refused.ambiguous-operation"
        raise NotAllowed(Message.of(key, {"got": wanted[:20]}))
    return found[0]
