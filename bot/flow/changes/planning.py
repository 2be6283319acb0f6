"""Waiting for the plan of a merge request, and refusing what would not be shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.domain.errors import Refused
from bot.domain.forge import PipelineStatus
from bot.domain.message import Message
from bot.flow.changes.drafting import files_of, hashed
from bot.flow.changes.observing import client_of

if TYPE_CHECKING:
    from pydantic import SecretStr

    from bot.domain.catalog import Client
    from bot.domain.forge import MergeRequestState, PipelineState
    from bot.domain.operation import Operation
    from bot.domain.proposal import Drafted
    from bot.ports import Back

PLAN_FILE: Final = "plan.json"


async def planned(
    operation: Operation, *, client: Client, token: SecretStr, back: Back
) -> MergeRequestState | None:
    """Return the merge request once its plan is there; None to be asked again later."""
    give_up = back.now() + back.pace.hold_on
    while True:
        request = await back.forge.merge_request(
            client.gitlab.project,
            iid=operation.progress.merge_request or 0,
            token=token,
        )
        pipeline = request.pipeline
        if pipeline is not None and pipeline.status is PipelineStatus.SUCCESS:
            return request
        if pipeline is not None and pipeline.status is not PipelineStatus.ACTIVE:
            raise _pipeline_refused(pipeline)
        if back.now() >= give_up:
            return None
        await back.sleep(back.pace.poll.total_seconds())


async def refuse_pushed(
    operation: Operation, request: MergeRequestState, *, token: SecretStr, back: Back
) -> None:
    """
    Refuse a merge request that would merge anything but the edit that the card shows.

    Whoever may push to its branch can have done so before the card was drawn.
    """
    client, drafted = client_of(operation, back=back), operation.progress.drafted
    shown = {one.file: one.after for one in drafted.edits} if drafted else {}
    files = await files_of(operation, client, request.source_branch, token, back)
    there = {one.path: hashed(one.content) for one in files}
    wrong = {path for path in shown if there.get(path) != shown[path]}
    wrong |= request.changed_paths ^ shown.keys()
    if any(one.commit != request.head_sha for one in files):
        wrong.add(request.source_branch)
    if wrong:
        args: dict[str, str | int | Message] = {
            "paths": ", ".join(sorted(wrong)[:5]),
            "url": request.url,
        }
        raise Refused(Message.of("refused.pushed-before", args))


def _pipeline_refused(pipeline: PipelineState) -> Refused:
    bad = next(
        (job for job in pipeline.jobs if job.status is PipelineStatus.FAILED), None
    )
    return Refused(
        Message.of(
            "refused.pipeline",
            {
                "status": pipeline.status.value,
                "job": bad.name if bad else "-",
                "url": bad.url if bad else pipeline.url,
            },
        )
    )


async def plan_of(
    operation: Operation,
    request: MergeRequestState,
    *,
    client: Client,
    token: SecretStr,
    back: Back,
) -> bytes:
    """Return the plan that the named job of the head's own pipeline made."""
    name = client.gitlab.plan_jobs.job(operation.environment)
    job = request.pipeline.job(name) if request.pipeline and name else None
    if job is None:
        raise Refused(
            Message.of(
                "refused.no-plan-job",
                {"job": name or "-", "url": request.url, "client": client.name},
            )
        )
    return await back.forge.job_artifact(
        client.gitlab.project,
        job_id=job.id,
        path=PLAN_FILE,
        token=token,
    )


def refuse_foreign_paths(request: MergeRequestState, drafted: Drafted) -> None:
    """
    Refuse a branch that touches any other file than the edit does.

    A changed pipeline or script would run with this merge, and no plan would show it.
    """
    foreign = set(request.changed_paths) ^ {edit.file for edit in drafted.edits}
    if foreign:
        raise Refused(
            Message.of(
                "refused.foreign-paths",
                {"paths": ", ".join(sorted(foreign)[:5]), "url": request.url},
            )
        )
