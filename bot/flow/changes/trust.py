"""
A move on the trust ladder: what is shown of it, and looked at again before it counts.

The level in force and what the catalog declares are bound, so that a move, or a change
of the catalog, that came first voids what was agreed on top of the former.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.domain.change import TrustMove
from bot.domain.errors import Broken
from bot.domain.ladder import COMMAND, between, moved_to, wanted_protection
from bot.domain.message import Message
from bot.domain.proposal import Bound, Line, Proposal
from bot.flow.changes.gathered import Ready
from bot.flow.changes.observing import client_of
from bot.flow.rights import version_now
from bot.flow.trusting import levels_now

if TYPE_CHECKING:
    from bot.domain.ladder import Protection, TrustLevel
    from bot.domain.operation import Operation
    from bot.ports import Back


async def gather(operation: Operation, *, back: Back) -> Ready:
    """Put together what is to be decided on."""
    change = move_of(operation)
    where = operation.environment.value
    back_again = f"{COMMAND} {where} {change.before.value} takes back {operation.short}"
    args: dict[str, str | int | Message] = {"id": operation.short, "line": back_again}
    locked = tuple(
        Message.of("trust.locks", {"what": Message.of(f"trust.unlocks-{one.value}")})
        for one in reversed(between(change.after, change.before))
    )
    unlocked = tuple(
        Message.of("trust.opens", {"what": Message.of(f"trust.unlocks-{one.value}")})
        for one in between(change.before, change.after)
    )
    branch = await branch_change(operation, back=back)
    proposal = Proposal(
        bound=await _bound(operation, branch, back=back),
        risk=operation.risk,
        findings=(*unlocked, *_said(branch, opens=True)),
        notes=(
            *locked,
            *_said(branch, opens=False),
            Message.of("trust.both-sides"),
        ),
        summary=Message.of("trust.summary"),
        diff=_diff(operation),
        facts=(Line(label=Message.of("trust.reason"), value=change.reason),),
        calls=_calls(branch),
        undo=Message.of("undo.offered", args),
        way_back=back_again,
    )
    return Ready(operation, proposal)


async def rebound(operation: Operation, *, back: Back) -> Bound:
    """Return what would be bound now."""
    if operation.proposal is None:
        raise Broken(f"operation {operation.id} was never proposed")
    branch = await branch_change(operation, back=back)
    fresh = await _bound(operation, branch, back=back)
    return fresh.model_copy(update={"expires_at": operation.proposal.bound.expires_at})


def move_of(operation: Operation) -> TrustMove:
    """Return the change of an operation that moves a level of trust."""
    if not isinstance(operation.change, TrustMove):
        raise Broken(f"operation {operation.id} moves no level of trust")
    return operation.change


@dataclass(frozen=True, slots=True)
class BranchChange:
    """What the default branch is to allow before and after, and the level now."""

    project: str
    branch: str
    level: TrustLevel
    before: Protection
    after: Protection

    @property
    def is_one(self) -> bool:
        """Whether the move changes anything there."""
        return self.before != self.after


async def branch_change(operation: Operation, *, back: Back) -> BranchChange:
    """Return what the move means for the branch, by the levels in force now."""
    client, where = client_of(operation, back=back), operation.environment
    levels = await levels_now(client, front=back)
    after = moved_to(levels, where, move_of(operation).after)
    return BranchChange(
        project=client.gitlab.project,
        branch=client.gitlab.default_branch,
        level=levels[where],
        before=wanted_protection(levels.values()),
        after=wanted_protection(after.values()),
    )


def _said(change: BranchChange, *, opens: bool) -> tuple[Message, ...]:
    """Return what changes in GitLab, if it opens there, or if it closes."""
    if not change.is_one or change.after.developers_merge is not opens:
        return ()
    key = "trust.branch-opens" if opens else "trust.branch-closes"
    args: dict[str, str | int | Message] = {
        "project": change.project,
        "branch": change.branch,
    }
    return (Message.of(key, args),)


def _calls(change: BranchChange) -> tuple[str, ...]:
    """Return what would be asked of GitLab."""
    if not change.is_one:
        return ()
    who = "Developers + Maintainers" if change.after.developers_merge else "Maintainers"
    return (f"GitLab: protect {change.branch} of {change.project}; merge: {who}",)


async def _bound(operation: Operation, branch: BranchChange, *, back: Back) -> Bound:
    client, change = client_of(operation, back=back), move_of(operation)
    gitlab = f"{branch.before.developers_merge} to {branch.after.developers_merge}"
    return Bound(
        client=client.id,
        command=operation.command,
        arguments=operation.arguments,
        target=operation.target,
        project=branch.project,
        target_branch=branch.branch,
        plan=f"{change.before.value} to {change.after.value}, merging: {gitlab}",
        live_state=branch.level.value,
        credentials=f"act-{client.id}-gitlab-execute",
        policy=version_now(client.id, front=back),
        catalog=back.catalog.current().version_for(client.id),
        expires_at=operation.expires_at,
        scheduled_for=operation.scheduled_for,
    )


def _diff(operation: Operation) -> str:
    change, where = move_of(operation), operation.environment.value
    name = f"{operation.client}/{where}"
    return (
        f"--- {name}\n+++ {name}\n@@ trust @@\n"
        f"-{where}: {change.before.value}\n+{where}: {change.after.value}\n"
    )
