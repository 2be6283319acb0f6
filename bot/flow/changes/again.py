"""What would be bound now of a change that is merged, whoever opened its request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.change import ClientRequest, ValueChange
from bot.flow.changes import client_request, merge_request, value

if TYPE_CHECKING:
    from bot.domain.forge import MergeRequestState
    from bot.domain.operation import Operation
    from bot.domain.proposal import Bound
    from bot.ports import Back


async def rebound(
    operation: Operation, *, back: Back, in_full: bool
) -> tuple[Bound, MergeRequestState]:
    """Return what would be bound now, and the merge request as it stands."""
    if isinstance(operation.change, ClientRequest):
        return await client_request.rebound(operation, back=back, in_full=in_full)
    if isinstance(operation.change, ValueChange):
        return await value.rebound(operation, back=back, in_full=in_full)
    return await merge_request.rebound(operation, back=back, in_full=in_full)
