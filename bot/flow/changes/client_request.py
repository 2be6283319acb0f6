"""
A client's own merge request: what it would do, gathered for the card and before acting.

Tandem writes nothing into it but notes. Its plan is the pipeline's of exactly the head
that is bound; its advice comes from the practice's guidelines.
"""

from __future__ import annotations

import difflib
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.domain.change import ClientRequest
from bot.domain.client_request import touched
from bot.domain.errors import Broken, Refused
from bot.domain.forge import PipelineStatus
from bot.domain.gitlab_text import one_line
from bot.domain.guidelines import review
from bot.domain.message import Message
from bot.domain.plan_text import effects_of, plan_lines, plan_summary
from bot.domain.proposal import Bound, Proposal
from bot.domain.scope import Risk
from bot.domain.terraform.guard import survey
from bot.domain.terraform.outline import digests, outline
from bot.domain.terraform.plan_reading import plan_digest, read_plan
from bot.flow.changes.gathered import NotYet, Ready
from bot.flow.changes.merge_request import strangers
from bot.flow.changes.observing import client_of
from bot.flow.changes.planning import PLAN_FILE, planned
from bot.flow.lending import borrowed
from bot.flow.linked import accounts_now
from bot.flow.rights import version_now

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic import SecretStr

    from bot.domain.accounts import Accounts
    from bot.domain.catalog import Client
    from bot.domain.forge import MergeRequestState
    from bot.domain.guidelines import Advice, ChangedFile
    from bot.domain.operation import Operation
    from bot.domain.scope import Environment
    from bot.domain.terraform.plan import Plan
    from bot.ports import Back

_NONE: Final = "-"
_LONGEST_DIFF: Final = 20_000


async def gather(operation: Operation, *, back: Back) -> NotYet | Ready:
    """Wait for the pipeline, read its plans, look for advice, and lay it all out."""
    client = client_of(operation, back=back)
    change = change_of(operation)
    async with borrowed(
        back, client=client.id, action="gitlab-read", operation=operation.id
    ) as minted:
        token = await back.lender.forge_token(
            minted, client=client.id, purpose="gitlab-read"
        )
        request = await _planned(operation, client, token=token, back=back)
        if request is None:
            return NotYet(operation)
        if request.head_sha != change.head_sha:
            raise Refused(Message.of("request.newer"))
        plans = await _plans(request, client, token=token, back=back)
        files = await back.forge.changed_files(
            client.gitlab.project, iid=change.iid, token=token
        )
    advice = review(files, guide=client.guidelines)
    if advice:
        await _advise(operation, advice, client=client, back=back)
    accounts = await accounts_now(client.id, front=back)
    looked = _Looked(request, plans, files, advice, accounts)
    return Ready(operation, _proposal(operation, looked, back=back))


async def rebound(
    operation: Operation, *, back: Back, in_full: bool
) -> tuple[Bound, MergeRequestState]:
    """Return what would be bound now, and the merge request as it stands."""
    if operation.proposal is None:
        raise Broken(f"operation {operation.id} was never proposed")
    client, change = client_of(operation, back=back), change_of(operation)
    async with borrowed(
        back,
        client=client.id,
        action="gitlab-read",
        operation=operation.id,
        quiet=not in_full,
    ) as minted:
        token = await back.lender.forge_token(
            minted, client=client.id, purpose="gitlab-read"
        )
        request = await back.forge.merge_request(
            client.gitlab.project, iid=change.iid, token=token
        )
        pipeline = request.pipeline
        update = _from_request(request, client=client, back=back)
        if pipeline is not None and pipeline.status is not PipelineStatus.SUCCESS:
            update |= {"plan": pipeline.status.value, "outlines": {}}
        else:
            plans = await _plans(request, client, token=token, back=back)
            update |= {"plan": _digest(plans), "outlines": digests(_outlined(plans))}
    return operation.proposal.bound.model_copy(update=update), request


def change_of(operation: Operation) -> ClientRequest:
    """Return the change of an operation that is about a client's own request."""
    if not isinstance(operation.change, ClientRequest):
        raise Broken(f"operation {operation.id} is about no client's merge request")
    return operation.change


async def _planned(
    operation: Operation, client: Client, *, token: SecretStr, back: Back
) -> MergeRequestState | None:
    """Return the request once its pipeline is through, if it is to have one."""
    request = await back.forge.merge_request(
        client.gitlab.project, iid=change_of(operation).iid, token=token
    )
    if request.draft:
        raise Refused(Message.of("refused.request-draft"))
    if request.pipeline is None:
        if not touched(client, request.changed_paths).planned:
            return request  # nothing here is planned, so no job may have been for it
        if request.head_sha != change_of(operation).head_sha:
            return request
    return await planned(operation, client=client, token=token, back=back)


async def _plans(
    request: MergeRequestState, client: Client, *, token: SecretStr, back: Back
) -> tuple[_Planned, ...]:
    """Return the plan of each environment that the request touches."""
    found = []
    for environment in touched(client, request.changed_paths).planned:
        name = client.gitlab.plan_jobs.job(environment)
        job = request.pipeline.job(name) if request.pipeline and name else None
        if job is None:
            args: dict[str, str | int | Message] = {
                "job": name or _NONE,
                "url": request.url,
                "client": client.name,
            }
            raise Refused(Message.of("refused.no-plan-job", args))
        raw = await back.forge.job_artifact(
            client.gitlab.project, job_id=job.id, path=PLAN_FILE, token=token
        )
        found.append(_Planned(environment, job.name, raw))
    return tuple(found)


def _digest(plans: Sequence[_Planned]) -> str:
    """Return one digest over all plans; of one plan it is that plan's own."""
    if not plans:
        return _NONE
    each = [plan_digest(one.raw) for one in plans]
    if len(each) == 1:
        return each[0]
    return hashlib.sha256("\n".join(each).encode()).hexdigest()


def _outlined(plans: Sequence[_Planned]) -> dict[str, tuple[str, ...]]:
    return {one.environment.value: outline(one.raw) for one in plans}


async def _advise(
    operation: Operation, advice: Sequence[Advice], *, client: Client, back: Back
) -> None:
    """
    Write the advice under the merge request, where its author works.

    As one comment: a thread at each line would have to be resolved before a merge where
    the project asks for that, and so advice would hold up what people approved.
    """
    async with borrowed(
        back, client=client.id, action="gitlab-prepare", operation=operation.id
    ) as minted:
        token = await back.lender.forge_token(
            minted, client=client.id, purpose="gitlab-prepare"
        )
        lines = [
            f"- `{one_line(one.path)}`, line {one.line}: "
            f"{one_line(back.words(one.message))}"
            for one in advice
        ]
        intro = one_line(back.words(Message.of("request.advice-note")))
        body = "\n".join((intro, "", *lines))
        await back.forge.note(
            client.gitlab.project,
            iid=change_of(operation).iid,
            body=body,
            key=f"tandem:advice:{operation.id}",
            token=token,
        )


@dataclass(frozen=True, slots=True)
class _Planned:
    """What one job planned for one environment."""

    environment: Environment
    job: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class _Looked:
    """All that was read of a request, and who its authors may be."""

    request: MergeRequestState
    plans: tuple[_Planned, ...]
    files: tuple[ChangedFile, ...]
    advice: tuple[Advice, ...]
    accounts: Accounts


def _proposal(operation: Operation, looked: _Looked, *, back: Back) -> Proposal:
    request, plans, advice = looked.request, looked.plans, looked.advice
    accounts = looked.accounts
    client, catalog = client_of(operation, back=back), back.catalog.current()
    read, outlined = [read_plan(one.raw) for one in plans], _outlined(plans)
    reports = [survey(plan) for plan in read]
    unknown = strangers(request, accounts)
    bound = Bound(
        client=client.id,
        command=operation.command,
        arguments=operation.arguments,
        target=operation.target,
        credentials=f"act-{client.id}-gitlab-execute",
        policy=version_now(client.id, front=back),
        catalog=catalog.version_for(client.id),
        plan=_digest(plans),
        outlines=digests(outlined),
        expires_at=operation.expires_at,
    ).model_copy(update=_from_request(request, client=client, back=back))
    risks = [report.raised(operation.risk) for report in reports]
    serious = unknown or any(one.serious for one in advice) or not read
    return Proposal(
        bound=bound,
        risk=Risk.HIGH if serious else max(risks),
        findings=(
            *unknown,
            *(found.message for report in reports for found in report.findings),
            *_advised(advice),
        ),
        summary=plan_summary(read[0]) if len(read) == 1 else None,
        effects=effects_of(*read),
        diff=_diff(looked.files),
        plan=_lines(plans, read),
        outlined=outlined,
        authors=accounts.authors(request.authors),
        pipeline_url=request.pipeline.url if request.pipeline else "",
    )


def _from_request(
    request: MergeRequestState, *, client: Client, back: Back
) -> dict[str, object]:
    """Return what of the bound things GitLab and the catalog say."""
    return {
        "project": client.gitlab.project,
        "paths": tuple(sorted(request.changed_paths)),
        "target_branch": request.target_branch,
        "head_sha": request.head_sha,
        "pipeline": str(request.pipeline.id) if request.pipeline else _NONE,
        "catalog": back.catalog.current().version_for(client.id),
        "policy": version_now(client.id, front=back),
    }


def _advised(advice: Sequence[Advice]) -> tuple[Message, ...]:
    """Return one line for the card; the rest is in the merge request."""
    if not advice:
        return ()
    first = advice[0]
    args: dict[str, str | int | Message] = {
        "count": len(advice),
        "first": Message.of(
            "request.advice-line",
            {"path": first.path, "line": first.line, "advice": first.message},
        ),
    }
    return (Message.of("request.advice", args),)


def _lines(plans: Sequence[_Planned], read: Sequence[Plan]) -> tuple[str, ...]:
    """Return the plans as lines, each under its job's name if there are several."""
    if len(read) == 1:
        return plan_lines(read[0])
    return tuple(
        line
        for one, plan in zip(plans, read, strict=True)
        for line in (f"# {one.job}", *plan_lines(plan))
    )


def _diff(files: Sequence[ChangedFile]) -> str:
    """Return the whole change as a unified diff, cut at a length people still read."""
    parts: list[str] = []
    for file in files:
        before, after = _text(file.before), _text(file.after)
        parts += difflib.unified_diff(
            before, after, f"a/{file.path}", f"b/{file.path}", lineterm=""
        )
    whole = "\n".join(parts) + "\n"
    if len(whole) <= _LONGEST_DIFF:
        return whole
    return f"{whole[:_LONGEST_DIFF]}\n… the rest is in the merge request\n"


def _text(content: bytes | None) -> list[str]:
    return (content or b"").decode("utf-8", "replace").splitlines()
