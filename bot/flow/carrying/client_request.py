"""
A client's own merge request, merged at the approved commit and followed to its end.

What it was to bring about only its author knows; what is verified is that its pipeline
applied it, and that the plan which was applied is the one that was approved.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.audit import EventName
from bot.domain.forge import Merged
from bot.domain.message import Message
from bot.domain.writes import Writes
from bot.flow.carrying.applying import follow
from bot.flow.carrying.ends import Done
from bot.flow.carrying.merge_request import merge, note_merged
from bot.flow.changes.observing import client_of
from bot.flow.saying import told

if TYPE_CHECKING:
    from bot.domain.operation import Operation
    from bot.flow.carrying.ends import End
    from bot.ports import Back


async def carry(operation: Operation, *, back: Back) -> End:
    """Merge if it is not merged, and follow the pipeline; resumes anywhere."""
    client = client_of(operation, back=back)
    if operation.progress.merged_sha is None:
        merged = await merge(operation, client=client, back=back)
        if not isinstance(merged, Merged):
            return merged
        operation = await note_merged(operation, merged, back=back)
    commit = operation.progress.merged_sha or ""
    planned = operation.proposal is not None and operation.proposal.bound.plan != "-"
    if planned and operation.progress.apply_pipeline is None:
        followed = await follow(operation, client=client, back=back)
        if followed is not None:
            return followed
    event = told(EventName.EFFECT_VERIFIED, operation, {"state": {"merged": commit}})
    await back.store.write(Writes(client=client.id, at=back.now(), events=(event,)))
    key = "request.applied" if planned else "request.merged"
    return Done(Message.of(key, {"commit": commit[:8]}))
