"""
An apply job that refused: its plan is not the one that was approved.

The pipeline's template has the job leave a note when it refuses, before it applies
anything. The note alone is not believed: the plan that the job left beside it must be
another than the approved one, or the note must say that the commit named none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.domain.audit import EventName
from bot.domain.errors import Refused
from bot.domain.forge import PipelineStatus
from bot.domain.message import Message
from bot.domain.scope import Environment
from bot.domain.terraform.outline import (
    departures,
    outline,
    outline_digest,
    read_unapproved,
)
from bot.flow.carrying.ends import Failed
from bot.flow.changes.planning import PLAN_FILE
from bot.flow.saying import told

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic import SecretStr

    from bot.domain.audit import Event
    from bot.domain.catalog import Client
    from bot.domain.forge import JobState, PipelineState
    from bot.domain.operation import Operation
    from bot.domain.terraform.outline import Departure, Unapproved
    from bot.ports import Back

NOTE_FILE: Final = "unapproved.json"
_SHOWN: Final = 3


@dataclass(frozen=True, slots=True)
class _Refusal:
    """One job that refused, and in what its plan departs from the approved one."""

    environment: Environment
    job: JobState
    note: Unapproved
    departures: tuple[Departure, ...]


async def unapplied(
    operation: Operation,
    pipeline: PipelineState,
    *,
    client: Client,
    token: SecretStr,
    back: Back,
) -> Failed | None:
    """Return what people must know if a job refused to apply, else nothing."""
    jobs = _jobs(operation, pipeline, client=client)
    for environment, job in jobs:
        found = await _refusal(
            operation, environment, job, client=client, token=token, back=back
        )
        if found is not None:
            others = [one for _, one in jobs if one is not job]
            event = _event(operation, found)
            return Failed(_words(operation, found, others=others), events=(event,))
    return None


def _jobs(
    operation: Operation, pipeline: PipelineState, *, client: Client
) -> list[tuple[Environment, JobState]]:
    """Return the jobs that were to apply the approved plans."""
    bound = operation.proposal.bound.outlines if operation.proposal else {}
    found = []
    for name in sorted(bound):
        environment = Environment(name)
        job = pipeline.job(client.gitlab.apply_jobs.job(environment) or "")
        if job is not None:
            found.append((environment, job))
    return found


async def _refusal(
    operation: Operation,
    environment: Environment,
    job: JobState,
    *,
    client: Client,
    token: SecretStr,
    back: Back,
) -> _Refusal | None:
    if job.status is not PipelineStatus.FAILED or operation.proposal is None:
        return None
    try:
        said, plan = [
            await back.forge.job_artifact(
                client.gitlab.project,
                job_id=job.id,
                path=path,
                token=token,
                failed=True,
            )
            for path in (NOTE_FILE, PLAN_FILE)
        ]
        planned = outline(plan)
    except Refused:
        return None  # it left no note, or no plan: it failed in another way
    note, proposal = read_unapproved(said), operation.proposal
    if note is None or note.planned != outline_digest(planned):
        return None
    if note.approved and note.planned == proposal.bound.outlines[environment.value]:
        return None
    approved = proposal.outlined.get(environment.value, ())
    return _Refusal(environment, job, note, departures(approved, planned))


def _words(
    operation: Operation, found: _Refusal, *, others: Sequence[JobState]
) -> Message:
    args: dict[str, str | int | Message] = {
        "commit": (operation.progress.merged_sha or "")[:8],
        "environment": Message.of(f"environment.{found.environment.value}"),
        "job": found.job.name,
        "why": _why(found),
        "others": ", ".join(f"{one.name} {one.status.value}" for one in others),
        "count": len(others),
        "url": found.job.url,
    }
    return Message.of("failed.unapplied", args)


def _why(found: _Refusal) -> Message:
    if not found.note.approved:
        return Message.of("unapplied.unnamed")
    args: dict[str, str | int | Message] = {"count": len(found.departures)}
    for place in range(_SHOWN):
        args[f"change{place + 1}"] = ""
    for place, (which, what) in enumerate(found.departures[:_SHOWN], start=1):
        key = "unapplied.more" if which == "more" else "unapplied.less"
        args[f"change{place}"] = Message.of(key, {"what": what})
    return Message.of("unapplied.departs", args)


def _event(operation: Operation, found: _Refusal) -> Event:
    body: dict[str, object] = {
        "environment": found.environment.value,
        "job": found.job.name,
        "approved": found.note.approved or None,
        "planned": found.note.planned,
        "departures": [f"{which}: {what}" for which, what in found.departures],
    }
    return told(EventName.APPLY_REFUSED, operation, body)
