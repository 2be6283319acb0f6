"""
A change of one configuration value: opened, looked at, and looked at again.

Like any merge request, but for what is known of it: a value in Terraform's variables
has a plan, of which nobody said what it should do; one in Ansible's or Chef's files has
none, and the diff is all there is to decide on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.domain.change import ValueChange
from bot.domain.errors import Broken, Refused
from bot.domain.forge import PipelineStatus
from bot.domain.message import Message
from bot.domain.plan_text import plan_lines, plan_summary
from bot.domain.playbook import LiveState
from bot.domain.policy import VERSION
from bot.domain.proposal import Bound, Proposal
from bot.domain.scope import Risk
from bot.domain.terraform.guard import survey
from bot.domain.terraform.outline import digests, outline
from bot.domain.terraform.plan import Action
from bot.domain.terraform.plan_reading import plan_digest, read_plan
from bot.domain.way_back import Before
from bot.flow.changes.drafting import base_of, files_of, opened
from bot.flow.changes.gathered import NotYet, Ready
from bot.flow.changes.going_back import going_back
from bot.flow.changes.merge_request import strangers
from bot.flow.changes.observing import client_of
from bot.flow.changes.planning import (
    plan_of,
    planned,
    refuse_foreign_paths,
    refuse_pushed,
)
from bot.flow.lending import borrowed
from bot.flow.linked import accounts_now

if TYPE_CHECKING:
    from pydantic import SecretStr

    from bot.domain.accounts import Accounts
    from bot.domain.catalog import Client
    from bot.domain.forge import MergeRequestState
    from bot.domain.operation import Operation
    from bot.domain.terraform.plan import Plan
    from bot.ports import Back

_NONE: Final = "-"
# GitLab's words for "not yet": it looks, or it wants a pipeline that may still begin.
_WANTS_ONE: Final = "ci_must_pass"
_WAITS: Final = frozenset({"unchecked", "checking", "preparing", _WANTS_ONE})


async def open_and_gather(operation: Operation, *, back: Back) -> NotYet | Ready:
    """Open the merge request if it is not, and gather what there is to decide on."""
    client, change = client_of(operation, back=back), change_of(operation)
    async with borrowed(
        back, client=client.id, action="gitlab-prepare", operation=operation.id
    ) as minted:
        token = await back.lender.forge_token(
            minted, client=client.id, purpose="gitlab-prepare"
        )
        if operation.progress.merge_request is None:
            operation = await opened(operation, client=client, token=token, back=back)
        request = await _looked_at(operation, client=client, token=token, back=back)
        if request is None:
            return NotYet(operation)
        await refuse_pushed(operation, request, token=token, back=back)
        if change.edit.planned:
            raw = await plan_of(
                operation, request, client=client, token=token, back=back
            )
        else:
            raw = b""
    accounts = await accounts_now(client.id, front=back)
    proposal = _proposal(operation, request, raw, accounts=accounts, back=back)
    return Ready(operation, proposal)


async def rebound(
    operation: Operation, *, back: Back, in_full: bool
) -> tuple[Bound, MergeRequestState]:
    """
    Return what would be bound now, and the merge request as it stands.

    `in_full` also reads the target branch, as is done right before acting.
    """
    proposal = operation.proposal
    if proposal is None or operation.progress.merge_request is None:
        raise Broken(f"operation {operation.id} was proposed without a merge request")
    client = client_of(operation, back=back)
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
            client.gitlab.project, iid=operation.progress.merge_request, token=token
        )
        update = _from_request(request, client=client, back=back)
        if in_full:
            branch = request.target_branch
            files = await files_of(operation, client, branch, token, back)
            update["base"] = base_of(files)
        update |= await _checked(operation, request, client, token, back)
    return proposal.bound.model_copy(update=update), request


def change_of(operation: Operation) -> ValueChange:
    """Return the change of an operation that sets one value."""
    if not isinstance(operation.change, ValueChange):
        raise Broken(f"operation {operation.id} sets no value")
    return operation.change


async def _looked_at(
    operation: Operation, *, client: Client, token: SecretStr, back: Back
) -> MergeRequestState | None:
    """Return the merge request once its pipeline is through, if it is to have one."""
    give_up = back.now() + back.pace.hold_on
    while not change_of(operation).edit.planned:
        request = await back.forge.merge_request(
            client.gitlab.project,
            iid=operation.progress.merge_request or 0,
            token=token,
        )
        if request.pipeline is not None:
            break
        if request.merge_status not in _WAITS:
            return request  # no job of the client's is for such a file
        if back.now() >= give_up:
            _refuse_without_pipeline(operation, request)
            return None
        await back.sleep(back.pace.poll.total_seconds())
    return await planned(operation, client=client, token=token, back=back)


def _refuse_without_pipeline(operation: Operation, request: MergeRequestState) -> None:
    """Refuse what GitLab would never merge: it wants a pipeline, and none begins."""
    if request.merge_status == _WANTS_ONE:
        file = change_of(operation).edit.file
        args: dict[str, str | int | Message] = {"file": file, "url": request.url}
        raise Refused(Message.of("refused.value-no-pipeline", args))


async def _checked(
    operation: Operation,
    request: MergeRequestState,
    client: Client,
    token: SecretStr,
    back: Back,
) -> dict[str, object]:
    """Return plan and pipeline as they are now."""
    pipeline = request.pipeline
    if not change_of(operation).edit.planned:
        return {"pipeline": _health(request)}
    if pipeline is None or pipeline.status is not PipelineStatus.SUCCESS:
        found = _NONE if pipeline is None else pipeline.status.value
        number = str(pipeline.id if pipeline else _NONE)
        return {"plan": found, "outlines": {}, "pipeline": number}
    raw = await plan_of(operation, request, client=client, token=token, back=back)
    return {
        "plan": plan_digest(raw),
        "outlines": digests(_outlined(operation, raw)),
        "pipeline": str(pipeline.id),
    }


def _outlined(operation: Operation, raw: bytes) -> dict[str, tuple[str, ...]]:
    """Return the outline of the plan; nothing where nothing is planned."""
    return {operation.environment.value: outline(raw)} if raw else {}


def _health(request: MergeRequestState) -> str:
    """
    Return what a pipeline that plans nothing says against merging, mostly nothing.

    It decides nothing, so that one which begins late, or runs again, voids nothing.
    """
    fine = {PipelineStatus.SUCCESS, PipelineStatus.ACTIVE}
    status = request.pipeline.status if request.pipeline else PipelineStatus.SUCCESS
    return _NONE if status in fine else status.value


def _from_request(
    request: MergeRequestState, *, client: Client, back: Back
) -> dict[str, object]:
    """Return what of the bound things GitLab and the catalog say."""
    return {
        "project": client.gitlab.project,
        "paths": tuple(sorted(request.changed_paths)),
        "target_branch": request.target_branch,
        "head_sha": request.head_sha,
        "catalog": back.catalog.current().version_for(client.id),
        "policy": VERSION,
    }


def _proposal(
    operation: Operation,
    request: MergeRequestState,
    raw: bytes,
    *,
    accounts: Accounts,
    back: Back,
) -> Proposal:
    """Put together what is to be decided on."""
    drafted, client = operation.progress.drafted, client_of(operation, back=back)
    if drafted is None:
        raise Broken(f"operation {operation.id} has a merge request and no draft")
    refuse_foreign_paths(request, drafted)
    catalog = back.catalog.current()
    plan = read_plan(raw) if raw else None
    outlined = _outlined(operation, raw)
    number = str(request.pipeline.id) if request.pipeline else _NONE
    bound = Bound(
        client=client.id,
        command=operation.command,
        arguments=operation.arguments,
        target=operation.target,
        edits=drafted.edits,
        base=drafted.base,
        plan=plan_digest(raw) if raw else "",
        outlines=digests(outlined),
        pipeline=number if raw else _health(request),
        credentials=f"act-{client.id}-gitlab-execute",
        policy=VERSION,
        catalog=catalog.version_for(client.id),
        expires_at=operation.expires_at,
    ).model_copy(update=_from_request(request, client=client, back=back))
    before = Before(state=LiveState(items=()), value=drafted.before)
    undo = going_back(operation, before, back=back)
    unknown = strangers(request, accounts)
    told, risk = _judged(operation, plan)
    file = {"file": change_of(operation).edit.file}
    return Proposal(
        bound=bound,
        # Whoever cannot be told from the deciders may be one of them.
        risk=Risk.HIGH if unknown else risk,
        findings=(*unknown, *told),
        summary=plan_summary(plan) if plan else Message.of("value.summary", {**file}),
        diff=drafted.diff,
        plan=plan_lines(plan) if plan else (),
        outlined=outlined,
        undo=undo.undo,
        way_back=undo.line,
        notes=undo.notes,
        shared_with=drafted.shared_with,
        authors=accounts.authors(request.authors),
        pipeline_url=request.pipeline.url if request.pipeline else "",
    )


def _judged(
    operation: Operation, plan: Plan | None
) -> tuple[tuple[Message, ...], Risk]:
    """Return what is to be told of the plan, and the risk with it."""
    if plan is None:
        return (), operation.risk
    report = survey(plan)
    said = [finding.message for finding in report.findings]
    if all(one.action is Action.NO_OP for one in plan.changes) and not plan.outputs:
        file = change_of(operation).edit.file
        said.append(Message.of("value.no-effect", {"file": file}))
    return tuple(said), report.raised(operation.risk)
