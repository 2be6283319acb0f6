"""
A change that goes by merge request: how it is opened, looked at, and looked at again.

Whatever is bound is read from the world here, for the card and again before acting:
the merge request's head, its pipeline's plan, the target branch, the live state.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.change import NameOf, PutResource, SetAttribute
from bot.domain.errors import Broken
from bot.domain.forge import PipelineStatus, RequestState
from bot.domain.message import Message
from bot.domain.plan_text import effects_of, plan_lines, plan_summary
from bot.domain.proposal import Bound, Proposal
from bot.domain.scope import Risk
from bot.domain.terraform.address import Address
from bot.domain.terraform.finding import Intended, IntendedWhole
from bot.domain.terraform.growth import refuse_less
from bot.domain.terraform.guard import guard
from bot.domain.terraform.outline import digests, outline
from bot.domain.terraform.plan_reading import plan_digest, read_plan
from bot.domain.way_back import Before
from bot.flow.changes.drafting import base_of, change_of, files_of, opened
from bot.flow.changes.gathered import NotYet, Ready
from bot.flow.changes.going_back import going_back
from bot.flow.changes.observing import client_of, facts, observe
from bot.flow.changes.planning import (
    plan_of,
    planned,
    refuse_foreign_paths,
    refuse_pushed,
)
from bot.flow.changes.pricing import cost_again, cost_of
from bot.flow.lending import borrowed
from bot.flow.linked import accounts_now
from bot.flow.rights import version_now

if TYPE_CHECKING:
    from pydantic import SecretStr

    from bot.domain.accounts import Accounts
    from bot.domain.catalog import Client
    from bot.domain.change import Effect, Scalar, TerraformEdit, Written
    from bot.domain.forge import MergeRequestState
    from bot.domain.operation import Operation
    from bot.domain.playbook import LiveState
    from bot.domain.proposal import Drafted
    from bot.ports import Back


async def open_and_gather(operation: Operation, *, back: Back) -> NotYet | Ready:
    """Open the merge request if it is not, and gather once its plan is there."""
    client = client_of(operation, back=back)
    async with borrowed(
        back, client=client.id, action="gitlab-prepare", operation=operation.id
    ) as minted:
        token = await back.lender.forge_token(
            minted, client=client.id, purpose="gitlab-prepare"
        )
        if operation.progress.merge_request is None:
            operation = await opened(operation, client=client, token=token, back=back)
        request = await planned(operation, client=client, token=token, back=back)
        if request is None:
            return NotYet(operation)
        await refuse_pushed(operation, request, token=token, back=back)
        plan = await plan_of(operation, request, client=client, token=token, back=back)
    return await _ready(operation, request, plan, client=client, back=back)


async def rebound(
    operation: Operation, *, back: Back, in_full: bool
) -> tuple[Bound, MergeRequestState]:
    """
    Return what would be bound now, and the merge request as it stands.

    `in_full` also reads the target branch and the live state, as is done right before
    acting; without it only what GitLab says of the merge request is looked at.
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
        update: dict[str, object] = {
            "head_sha": request.head_sha,
            "paths": tuple(sorted(request.changed_paths)),
            "target_branch": request.target_branch,
            "catalog": back.catalog.current().version_for(client.id),
            "policy": version_now(client.id, front=back),
        }
        if in_full:
            files = await files_of(
                operation, client, request.target_branch, token, back
            )
            update["base"] = base_of(files)
        update |= await _plan_again(operation, request, client, token, back)
    if in_full:
        state = await observe(operation, effect=change_of(operation).effect, back=back)
        update["live_state"] = state.fingerprint
        update["cost"] = cost_again(operation, proposal.bound, state=state, back=back)
    return proposal.bound.model_copy(update=update), request


def gone(request: MergeRequestState) -> Message | None:
    """Return what became of a merge request that is open no more, or nothing."""
    if request.state is RequestState.CLOSED:
        return Message.of("voided.closed")
    if request.state is RequestState.MERGED:
        return Message.of("voided.merged-around")
    return None


async def _plan_again(
    operation: Operation,
    request: MergeRequestState,
    client: Client,
    token: SecretStr,
    back: Back,
) -> dict[str, object]:
    """Return plan and pipeline as they are; a plan in the making is another."""
    pipeline = request.pipeline
    if pipeline is None or pipeline.status is not PipelineStatus.SUCCESS:
        found = "-" if pipeline is None else pipeline.status.value
        number = str(pipeline.id if pipeline else "-")
        return {"plan": found, "outlines": {}, "pipeline": number}
    raw = await plan_of(operation, request, client=client, token=token, back=back)
    return {
        "plan": plan_digest(raw),
        "outlines": digests({operation.environment.value: outline(raw)}),
        "pipeline": str(pipeline.id),
    }


async def _ready(
    operation: Operation,
    request: MergeRequestState,
    raw: bytes,
    *,
    client: Client,
    back: Back,
) -> Ready:
    """Judge the plan and put together what is to be decided on."""
    change, drafted = change_of(operation), operation.progress.drafted
    if drafted is None or request.pipeline is None:
        raise Broken(f"operation {operation.id} has a merge request and no draft")
    refuse_foreign_paths(request, drafted)
    (edit,) = change.edits
    plan = read_plan(raw)
    report = guard(plan, intended=_intended(edit, drafted))
    state = await observe(operation, effect=change.effect, back=back)
    _refuse_less_than_there(edit, change.effect, state)
    catalog = back.catalog.current()
    before = Before(state=state, value=drafted.before)
    outlined = {operation.environment.value: outline(raw)}
    bound = Bound(
        client=client.id,
        command=operation.command,
        arguments=operation.arguments,
        target=operation.target,
        edits=drafted.edits,
        project=client.gitlab.project,
        paths=tuple(sorted(request.changed_paths)),
        target_branch=request.target_branch,
        base=drafted.base,
        head_sha=request.head_sha,
        plan=plan_digest(raw),
        outlines=digests(outlined),
        pipeline=str(request.pipeline.id),
        live_state=state.fingerprint,
        cost=cost_of(operation, before, report=report, back=back),
        credentials=f"act-{client.id}-gitlab-execute",
        policy=version_now(client.id, front=back),
        catalog=catalog.version_for(client.id),
        expires_at=operation.expires_at,
        scheduled_for=operation.scheduled_for,
    )
    undo = going_back(operation, before, back=back)
    accounts = await accounts_now(client.id, front=back)
    unknown = strangers(request, accounts)
    proposal = Proposal(
        bound=bound,
        # Whoever cannot be told from the deciders may be one of them.
        risk=Risk.HIGH if unknown else report.raised(operation.risk),
        findings=(*unknown, *(finding.message for finding in report.findings)),
        summary=plan_summary(plan),
        diff=drafted.diff,
        plan=plan_lines(plan),
        outlined=outlined,
        facts=facts(state),
        undo=undo.undo,
        way_back=undo.line,
        notes=undo.notes,
        shared_with=drafted.shared_with,
        authors=accounts.authors(request.authors),
        pipeline_url=request.pipeline.url,
        effects=effects_of(plan),
    )
    return Ready(operation, proposal)


def _intended(edit: TerraformEdit, drafted: Drafted) -> Intended | IntendedWhole:
    """Return what the plan is to do, and nothing else."""
    address = Address.parse(edit.address)
    if isinstance(edit, SetAttribute):
        return Intended(address, edit.attribute, drafted.before, edit.value)
    said = (
        (path, value)
        for name, argument in edit.arguments
        for path, value in _plain(name, argument)
    )
    return IntendedWhole(address, isinstance(edit, PutResource), tuple(said))


def _plain(name: str, argument: Written) -> tuple[tuple[str, Scalar], ...]:
    """Return the plain values of an argument, by the paths that a plan gives them."""
    if isinstance(argument, NameOf):
        return ()
    if isinstance(argument, tuple):
        return tuple((f"{name}[{at}]", one) for at, one in enumerate(argument))
    return ((name, argument),)


def _refuse_less_than_there(
    edit: TerraformEdit, effect: Effect, state: LiveState
) -> None:
    """Refuse to shrink what was made larger by hand since the code was written."""
    if isinstance(edit, SetAttribute):
        for name in effect.expected:
            refuse_less(edit, than=state.value(name), where=effect.observation)


def strangers(request: MergeRequestState, accounts: Accounts) -> tuple[Message, ...]:
    """Return a finding for each author who is nobody here."""
    unknown = sorted(
        name
        for name in request.authors - {request.opened_by}
        if accounts.person(name) is None
    )
    return tuple(Message.of("guard.unknown-author", {"who": name}) for name in unknown)
