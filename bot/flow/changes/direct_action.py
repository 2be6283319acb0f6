"""
A change that a playbook makes: how it is previewed, and previewed again before acting.

The preview runs with credentials that can only read. What it saw of the target is bound
as the live state, so that a target that changed in between voids the approval.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.change import DirectAction
from bot.domain.errors import Broken
from bot.domain.message import Message
from bot.domain.proposal import Bound, Proposal
from bot.domain.way_back import Before
from bot.flow.changes.gathered import Ready
from bot.flow.changes.going_back import going_back
from bot.flow.changes.observing import lent_run
from bot.flow.rights import version_now

if TYPE_CHECKING:
    from bot.domain.operation import Operation
    from bot.domain.playbook import Playbook, Preview
    from bot.ports import Back


async def gather(operation: Operation, *, back: Back) -> Ready:
    """Preview the action and put together what is to be decided on."""
    playbook = playbook_of(operation, back=back)
    preview = await _preview(operation, playbook, back=back)
    operation = _pinned(operation, preview)
    playbook = playbook_of(operation, back=back)
    bound = _bound(operation, playbook, preview, back=back)
    undo = going_back(operation, Before(state=preview.state), back=back)
    proposal = Proposal(
        bound=bound,
        risk=operation.risk,
        findings=preview.warnings,
        diff=preview.diff,
        summary=Message.of("card.direct", {"playbook": playbook.name}),
        facts=preview.facts,
        calls=preview.calls,
        undo=undo.undo or playbook.undo(),
        way_back=undo.line,
        notes=undo.notes,
    )
    return Ready(operation, proposal)


async def rebound(operation: Operation, *, back: Back) -> Bound:
    """Return what would be bound now, by a fresh preview."""
    if operation.proposal is None:
        raise Broken(f"operation {operation.id} was never proposed")
    playbook = playbook_of(operation, back=back)
    preview = await _preview(operation, playbook, back=back)
    fresh = _bound(operation, playbook, preview, back=back)
    return fresh.model_copy(update={"expires_at": operation.proposal.bound.expires_at})


def playbook_of(operation: Operation, *, back: Back) -> Playbook:
    """Return the playbook with the operation's inputs; Broken if it went away."""
    if not isinstance(operation.change, DirectAction):
        raise Broken(f"operation {operation.id} is not a direct action")
    return back.registry.playbook(
        operation.change.playbook, inputs=operation.change.inputs
    )


def _pinned(operation: Operation, preview: Preview) -> Operation:
    """Return the operation fixed to what the preview found behind its names."""
    if not preview.pinned or not isinstance(operation.change, DirectAction):
        return operation
    inputs = operation.change.inputs | preview.pinned
    change = operation.change.model_copy(update={"inputs": inputs})
    return operation.model_copy(update={"change": change})


async def _preview(operation: Operation, playbook: Playbook, *, back: Back) -> Preview:
    async with lent_run(operation, scope=playbook.preview_scope(), back=back) as run:
        return await playbook.preview(run)


def _bound(
    operation: Operation, playbook: Playbook, preview: Preview, *, back: Back
) -> Bound:
    scope = playbook.scope(operation.id)
    return Bound(
        client=operation.client,
        command=operation.command,
        arguments=operation.arguments,
        target=operation.target,
        playbook=f"{playbook.name}@{playbook.source_hash}",
        head_sha=preview.commit,
        base=preview.content,
        live_state=preview.state.fingerprint,
        scope=scope,
        credentials=f"act-{operation.client}-{scope.name}",
        policy=version_now(operation.client, front=back),
        catalog=back.catalog.current().version_for(operation.client),
        expires_at=operation.expires_at,
        scheduled_for=operation.scheduled_for,
    )
