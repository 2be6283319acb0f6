"""
A merge request is merged at exactly the approved commit, and its effect read back.

Merging names the commit (`sha`), and a merge request merges once, so asking again after
a crash cannot merge anything else or anything twice. The credentials that can merge are
lent for that call and given back before the pipeline is waited for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.audit import EventName
from bot.domain.change import MergeRequest
from bot.domain.errors import Broken
from bot.domain.forge import HeadMoved, Merged, RequestState
from bot.domain.message import Message
from bot.domain.operation import State
from bot.domain.request_text import merge_message
from bot.domain.writes import Writes
from bot.flow.carrying.applying import follow
from bot.flow.carrying.ends import Done, Doubt, End, Failed
from bot.flow.carrying.fence import not_announced_yet
from bot.flow.changes.observing import client_of, observe
from bot.flow.lending import borrowed
from bot.flow.saying import card, thread, told

if TYPE_CHECKING:
    from pydantic import SecretStr

    from bot.domain.catalog import Client
    from bot.domain.operation import Operation
    from bot.ports import Back


async def carry(operation: Operation, *, back: Back) -> End:
    """Merge if it is not merged, follow the pipeline, verify; resumes anywhere."""
    client = client_of(operation, back=back)
    if operation.progress.merged_sha is None:
        merged = await merge(operation, client=client, back=back)
        if not isinstance(merged, Merged):
            return merged
        operation = await note_merged(operation, merged, back=back)
    if operation.progress.apply_pipeline is None:
        followed = await follow(operation, client=client, back=back)
        if followed is not None:
            return followed
    return await _verify(operation, back=back)


async def merge(operation: Operation, *, client: Client, back: Back) -> Merged | Failed:
    """Merge exactly the approved commit, or say why it was not merged."""
    proposal, iid = operation.proposal, operation.progress.merge_request
    if proposal is None or iid is None:
        raise Broken(f"operation {operation.id} was approved without a merge request")
    async with borrowed(
        back, client=client.id, action="gitlab-execute", operation=operation.id
    ) as minted:
        token = await back.lender.forge_token(
            minted, client=client.id, purpose="gitlab-execute"
        )
        found = await _already_merged(operation, client, token=token, back=back)
        if found is not None:
            return found
        await _announce(operation, back=back)
        outcome = await back.forge.merge(
            client.gitlab.project,
            iid=iid,
            sha=proposal.bound.head_sha,
            message=merge_message(operation),
            token=token,
        )
    if isinstance(outcome, Merged):
        return outcome
    if isinstance(outcome, HeadMoved):
        head = outcome.head_sha[:8]
        return Failed(Message.of("failed.head-moved", {"head": head}))
    return Failed(Message.of("failed.not-mergeable", {"reason": outcome.reason}))


async def _already_merged(
    operation: Operation, client: Client, *, token: SecretStr, back: Back
) -> Merged | Failed | None:
    """Ask the world, when somebody announced this merge before."""
    if not operation.progress.announced:
        return None
    request = await back.forge.merge_request(
        client.gitlab.project, iid=operation.progress.merge_request or 0, token=token
    )
    if request.state is RequestState.MERGED and request.merge_sha:
        event = told(
            EventName.ACTION_RECONCILED, operation, {"merged": request.merge_sha}
        )
        await back.store.write(Writes(client=client.id, at=back.now(), events=(event,)))
        return Merged(request.merge_sha)
    if request.state is RequestState.CLOSED:
        return Failed(Message.of("failed.request-closed", {"url": request.url}))
    return None


async def _announce(operation: Operation, *, back: Back) -> None:
    if operation.progress.announced:
        return
    latest = await back.store.operation(operation.client, id=operation.id)
    if latest is None or latest.proposal is None:
        raise Broken(f"operation {operation.id} is gone")
    not_announced_yet(latest)
    progress = latest.progress.model_copy(update={"announced": True})
    body: dict[str, object] = {
        "merge_request": progress.merge_request,
        "sha": latest.proposal.bound.head_sha,
        "outlines": latest.proposal.bound.outlines,
    }
    await back.store.write(
        Writes(
            client=latest.client,
            at=back.now(),
            saves=(latest.advanced(progress),),
            events=(told(EventName.MERGE_ANNOUNCED, latest, body),),
        )
    )


async def note_merged(operation: Operation, merged: Merged, *, back: Back) -> Operation:
    """Write down that it is merged, and return the operation as it stands then."""
    latest = await back.store.operation(operation.client, id=operation.id)
    if latest is None:
        raise Broken(f"operation {operation.id} is gone")
    progress = latest.progress.model_copy(
        update={
            "merged_sha": merged.sha,
            "waiting_for": Message.of("waiting.apply"),
        }
    )
    noted = latest.advanced(progress)
    await back.store.write(
        Writes(
            client=latest.client,
            at=back.now(),
            saves=(noted,),
            events=(told(EventName.MERGE_DONE, latest, {"sha": merged.sha}),),
            says=(
                card(latest),
                thread(latest, Message.of("thread.merged", {"sha": merged.sha[:8]})),
            ),
        )
    )
    return noted.model_copy(update={"version": noted.version + 1})


async def _verify(operation: Operation, *, back: Back) -> End:
    """Read the effect back from the system itself."""
    if not isinstance(operation.change, MergeRequest):
        raise Broken(f"operation {operation.id} does not go by merge request")
    effect = operation.change.effect
    state = await observe(operation, effect=effect, back=back, until_seen=True)
    wrong = [
        f"{name} = {state.value(name) or '-'}"
        for name, wanted in sorted(effect.expected.items())
        if state.value(name) != wanted
    ]
    if wrong and operation.state is State.IN_DOUBT:
        return Doubt(Message.of("doubt.effect", {"found": "; ".join(wrong)}))
    name = EventName.EFFECT_MISSING if wrong else EventName.EFFECT_VERIFIED
    await back.store.write(
        Writes(
            client=operation.client,
            at=back.now(),
            events=(told(name, operation, {"state": dict(state.items)}),),
        )
    )
    if wrong:
        return Doubt(Message.of("doubt.effect", {"found": "; ".join(wrong)}))
    shown = ", ".join(f"{key} = {value}" for key, value in effect.expected.items())
    return Done(Message.of("done.verified", {"effect": shown}))
