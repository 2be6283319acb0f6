"""
After the merge: the pipeline that applies it is followed, and its plan compared.

The plan that was approved was made in the merge request. What is applied is planned
anew on the target branch, and the job refuses where that does something else to any
resource (`unapplied`). Values are compared here, after the apply: people are told when
the two plans differ.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.audit import EventName
from bot.domain.errors import Broken, Refused
from bot.domain.forge import PipelineStatus
from bot.domain.message import Message
from bot.domain.proposal import fingerprint
from bot.domain.terraform.plan_reading import plan_digest
from bot.domain.writes import Writes
from bot.flow.carrying.ends import Doubt, End, Failed, Later
from bot.flow.carrying.unapplied import unapplied
from bot.flow.changes.planning import PLAN_FILE
from bot.flow.lending import borrowed
from bot.flow.saying import card, thread, told

if TYPE_CHECKING:
    from pydantic import SecretStr

    from bot.domain.catalog import Client
    from bot.domain.forge import PipelineState
    from bot.domain.operation import Operation
    from bot.ports import Back


async def follow(operation: Operation, *, client: Client, back: Back) -> End | None:
    """Return how the pipeline of the merge ended badly, or None when it succeeded."""
    give_up = back.now() + back.pace.hold_on
    async with borrowed(
        back, client=client.id, action="gitlab-read", operation=operation.id
    ) as minted:
        token = await back.lender.forge_token(
            minted, client=client.id, purpose="gitlab-read"
        )
        while True:
            pipeline = await back.forge.pipeline_of(
                client.gitlab.project,
                sha=operation.progress.merged_sha or "",
                ref=client.gitlab.default_branch,
                token=token,
            )
            status = pipeline.status if pipeline else PipelineStatus.ACTIVE
            if pipeline is not None and status is PipelineStatus.SUCCESS:
                found = await _applied(
                    operation, pipeline, client=client, token=token, back=back
                )
                await _note_applied(operation, pipeline, found, back=back)
                return None
            if pipeline is not None and status is PipelineStatus.BLOCKED:
                by_hand = Message.of("waiting.manual", {"url": pipeline.url})
                await _wait_for(operation, by_hand, back=back)
                # For a person's click, maybe for hours: it is looked at seldom.
                return Later(back.pace.poll_most)
            if pipeline is not None and status is not PipelineStatus.ACTIVE:
                refused = await unapplied(
                    operation, pipeline, client=client, token=token, back=back
                )
                return refused or _failed(pipeline)
            if pipeline is None and await _none_will_come(operation, back=back):
                url = operation.progress.url or "-"
                return Doubt(Message.of("doubt.no-pipeline", {"url": url}))
            await _wait_for(operation, Message.of("waiting.apply"), back=back)
            if back.now() >= give_up:
                return Later(back.pace.poll)
            await back.sleep(back.pace.poll.total_seconds())


async def _none_will_come(operation: Operation, *, back: Back) -> bool:
    """Whether the merge is so long ago that its pipeline should have been there."""
    records = await back.store.records(operation.client, operation=operation.id)
    merged = [one.at for one in records if one.event is EventName.MERGE_DONE]
    return bool(merged) and back.now() >= merged[-1] + back.pace.no_pipeline


async def _wait_for(operation: Operation, waiting: Message, *, back: Back) -> None:
    """Show on the card what is being waited for, unless it says so already."""
    if operation.progress.waiting_for == waiting:
        return
    latest = await back.store.operation(operation.client, id=operation.id)
    if latest is None or latest.progress.waiting_for == waiting:
        return
    progress = latest.progress.model_copy(update={"waiting_for": waiting})
    await back.store.write(
        Writes(
            client=latest.client,
            at=back.now(),
            saves=(latest.advanced(progress),),
            says=(card(latest),),
        )
    )


def _failed(pipeline: PipelineState) -> End:
    """A merge stands although its pipeline failed: say so, and where to look."""
    bad = next(
        (job for job in pipeline.jobs if job.status is PipelineStatus.FAILED), None
    )
    args: dict[str, str | int | Message] = {
        "job": bad.name if bad else pipeline.status.value,
        "url": bad.url if bad else pipeline.url,
    }
    return Failed(Message.of("failed.apply", args))


async def _applied(
    operation: Operation,
    pipeline: PipelineState,
    *,
    client: Client,
    token: SecretStr,
    back: Back,
) -> str | None:
    """Return the digest of the plan that was applied, or None if there is none."""
    name = client.gitlab.apply_jobs.job(operation.environment)
    job = pipeline.job(name) if name else None
    if job is None:
        return None
    try:
        raw = await back.forge.job_artifact(
            client.gitlab.project, job_id=job.id, path=PLAN_FILE, token=token
        )
        return plan_digest(raw)
    except Refused:
        return None


async def _note_applied(
    operation: Operation, pipeline: PipelineState, applied: str | None, *, back: Back
) -> None:
    """Write down that the pipeline is through, and whether it did what was approved."""
    latest = await back.store.operation(operation.client, id=operation.id)
    if latest is None or latest.proposal is None:
        raise Broken(f"operation {operation.id} is gone")
    approved = latest.proposal.bound.plan
    progress = latest.progress.model_copy(
        update={
            "apply_pipeline": pipeline.id,
            "pipeline_url": pipeline.url,
            "waiting_for": None,
        }
    )
    says, events = [card(latest)], []
    if applied != approved:
        says.append(thread(latest, _differed(approved, applied, pipeline)))
        body: dict[str, object] = {"approved": approved, "applied": applied}
        events.append(told(EventName.PLAN_DIFFERED, latest, body))
    await back.store.write(
        Writes(
            client=latest.client,
            at=back.now(),
            saves=(latest.advanced(progress),),
            events=tuple(events),
            says=tuple(says),
        )
    )


def _differed(approved: str, applied: str | None, pipeline: PipelineState) -> Message:
    if applied is None:
        return Message.of("thread.plan-unread", {"url": pipeline.url})
    return Message.of(
        "thread.plan-differed",
        {
            "approved": fingerprint(approved),
            "applied": fingerprint(applied),
            "url": pipeline.url,
        },
    )
