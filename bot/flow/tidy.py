"""
After an operation that will never be carried out: its merge request is closed.

One that the client opened itself is theirs to close: there it is only told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from bot.domain.audit import EventName
from bot.domain.change import ClientRequest, is_merged
from bot.domain.errors import Refused
from bot.domain.gitlab_text import LONGEST_BLOCK, one_line
from bot.domain.message import Message
from bot.domain.operation import State
from bot.domain.writes import Writes
from bot.flow.changes.observing import client_of
from bot.flow.lending import borrowed
from bot.flow.saying import told

if TYPE_CHECKING:
    from bot.domain.catalog import Client
    from bot.domain.operation import Operation
    from bot.ports import Back

_log = structlog.get_logger()
_OVER = (
    State.DENIED,
    State.CANCELLED,
    State.EXPIRED,
    State.VOIDED,
    State.REFUSED,
    State.FAILED,
)


async def tidy(client: str, operation_id: str, *, back: Back) -> None:
    """Close the merge request of an operation that ended without being merged."""
    operation = await back.store.operation(client, id=operation_id)
    if operation is None or operation.state not in _OVER:
        return
    if not is_merged(operation.change):
        return
    owner = client_of(operation, back=back)
    end = _tell if isinstance(operation.change, ClientRequest) else _close
    try:
        await end(operation, owner, back=back)
    except Refused as refusal:
        # Nobody can act on it but the provider; what was asked for is over anyhow.
        _log.warning(
            "merge_request.not_closed",
            operation=operation.id,
            reason=refusal.message.key,
        )


async def _close(operation: Operation, owner: Client, *, back: Back) -> None:
    async with borrowed(
        back, client=owner.id, action="gitlab-prepare", operation=operation.id
    ) as minted:
        token = await back.lender.forge_token(
            minted, client=owner.id, purpose="gitlab-prepare"
        )
        iid = operation.progress.merge_request
        if iid is None:
            # It may have been opened by somebody who died before writing it down.
            found = await back.forge.find_merge_request(
                owner.gitlab.project, operation_id=operation.id, token=token
            )
            if found is None:
                return
            iid = found.iid
        closed = await back.forge.close(
            owner.gitlab.project,
            iid=iid,
            note=f"Tandem closed this: the operation is {operation.state.value}.",
            token=token,
        )
    if closed:
        event = told(EventName.MERGE_REQUEST_CLOSED, operation, {"iid": iid})
        await back.store.write(Writes(client=owner.id, at=back.now(), events=(event,)))


async def _tell(operation: Operation, owner: Client, *, back: Back) -> None:
    """Write under the client's own request how it ended here, for who works there."""
    if operation.state is State.VOIDED:
        return  # somebody pushed or closed it, and knows
    async with borrowed(
        back, client=owner.id, action="gitlab-prepare", operation=operation.id
    ) as minted:
        token = await back.lender.forge_token(
            minted, client=owner.id, purpose="gitlab-prepare"
        )
        why = operation.outcome or Message.of(f"request.{operation.state.value}")
        await back.forge.note(
            owner.gitlab.project,
            iid=operation.progress.merge_request or 0,
            body=one_line(back.words(why), most=LONGEST_BLOCK),
            key=f"tandem:ended:{operation.id}",
            token=token,
        )
