"""
A move on the trust ladder is carried out: GitLab first where it matters, then the row.

The level counts from the transaction that writes its row, its audit and its
announcement; before that nothing has moved. Setting a protection again changes nothing,
and an operation has one row, so that going on after a crash does nothing twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.audit import EventName
from bot.domain.errors import Broken
from bot.domain.ladder import Agreed
from bot.domain.message import Message
from bot.domain.outgoing import Outgoing, Way
from bot.domain.people import members
from bot.domain.writes import Ladder, Writes
from bot.flow.carrying.ends import Done, Doubt, End
from bot.flow.carrying.fence import not_announced_yet
from bot.flow.changes.observing import client_of
from bot.flow.changes.trust import branch_change, move_of
from bot.flow.lending import borrowed
from bot.flow.naming import in_names
from bot.flow.saying import told
from bot.flow.trusting import level_now

if TYPE_CHECKING:
    from bot.domain.operation import Operation
    from bot.flow.changes.trust import BranchChange
    from bot.ports import Back


async def carry(operation: Operation, *, back: Back) -> End:
    """Set the branch's protection if it changes, then let the level count."""
    if not await _is_agreed(operation, back=back):
        branch = await branch_change(operation, back=back)
        if not operation.progress.announced:
            await _announce(operation, branch, back=back)
        if branch.is_one:
            await _protect(operation, branch, back=back)
        await _agree(operation, back=back)
    return await _verify(operation, back=back)


async def _is_agreed(operation: Operation, *, back: Back) -> bool:
    """Whether this very operation moved the level before a crash."""
    found = await back.store.agreed(operation.client)
    return any(one.operation == operation.id for one in found)


async def _announce(operation: Operation, branch: BranchChange, *, back: Back) -> None:
    latest = await back.store.operation(operation.client, id=operation.id)
    if latest is None:
        raise Broken(f"operation {operation.id} is gone")
    not_announced_yet(latest)
    progress = latest.progress.model_copy(update={"announced": True})
    body: dict[str, object] = {
        "level": move_of(operation).after.value,
        "protection": branch.after.model_dump() if branch.is_one else None,
    }
    await back.store.write(
        Writes(
            client=latest.client,
            at=back.now(),
            saves=(latest.advanced(progress),),
            events=(told(EventName.TRUST_ANNOUNCED, latest, body),),
        )
    )


async def _protect(operation: Operation, branch: BranchChange, *, back: Back) -> None:
    async with borrowed(
        back,
        client=operation.client,
        action="gitlab-execute",
        operation=operation.id,
    ) as minted:
        token = await back.lender.forge_token(
            minted, client=operation.client, purpose="gitlab-execute"
        )
        found = await back.forge.protect(
            branch.project, branch=branch.branch, wanted=branch.after, token=token
        )
    body: dict[str, object] = {"branch": branch.branch, "found": found.model_dump()}
    event = told(EventName.PROTECTION_SET, operation, body)
    await back.store.write(
        Writes(client=operation.client, at=back.now(), events=(event,))
    )


async def _agree(operation: Operation, *, back: Back) -> None:
    """Let the level count, say so, and write down who agreed, all in one."""
    client, change = client_of(operation, back=back), move_of(operation)
    decisions = await back.store.decisions(client.id, operation=operation.id)
    both = sorted({operation.requester, *(one.member for one in decisions)})
    agreed = Agreed(
        operation=operation.id,
        environment=operation.environment,
        level=change.after,
        declared=client.trust.level(operation.environment),
        at=back.now(),
    )
    said = Message.of(
        "trust.moved",
        {
            "client": client.name,
            "environment": Message.of(f"environment.{operation.environment.value}"),
            "level": Message.of(f"trust.level-{change.after.value}"),
            "who": members(both),
            "reason": change.reason,
        },
    )
    body: dict[str, object] = {
        "environment": operation.environment.value,
        "before": change.before.value,
        "level": change.after.value,
        "declared": agreed.declared.value,
        "reason": change.reason,
        "agreed_by": both,
    }
    announcement = Outgoing(
        way=Way.ANNOUNCE,
        place=operation.place.channel,
        message=in_names(said, team=operation.place.team, front=back),
    )
    await back.store.write(
        Writes(
            client=client.id,
            at=agreed.at,
            ladder=Ladder(agreed=(agreed,)),
            events=(told(EventName.TRUST_MOVED, operation, body),),
            says=(announcement,),
        )
    )


async def _verify(operation: Operation, *, back: Back) -> End:
    """Read the level back from where everything else reads it."""
    change = move_of(operation)
    found = await level_now(operation.client, operation.environment, front=back)
    key = f"trust.level-{found.value}" if found else "trust.gone"
    args: dict[str, str | int | Message] = {
        "environment": Message.of(f"environment.{operation.environment.value}"),
        "level": Message.of(key),
    }
    said = Message.of("trust.now", args)
    if found is not change.after:
        return Doubt(Message.of("doubt.effect", {"found": said}))
    return Done(said)
