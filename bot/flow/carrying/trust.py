"""
A move on the trust ladder is carried out: GitLab first where it matters, then the row.

The level counts from the transaction that writes its row, its audit and its
announcement; before that nothing has moved. Setting a protection again changes nothing,
and an operation has one row, so that going on after a crash does nothing twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.audit import EventName
from bot.domain.errors import Broken, Refused
from bot.domain.ladder import Agreed
from bot.domain.message import Message
from bot.domain.operation import State
from bot.domain.outgoing import Outgoing, Way
from bot.domain.people import members
from bot.domain.writes import Ladder, Writes
from bot.flow.carrying.ends import Done, End, Failed
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
    from bot.ports import Back, ForgePurpose


async def carry(operation: Operation, *, back: Back) -> End:
    """Set the branch's protection if it changes, then let the level count."""
    if not await _is_agreed(operation, back=back):
        branch = await branch_change(operation, back=back)
        if not operation.progress.announced:
            await _announce(operation, branch, back=back)
        failed = await _branch(operation, branch, back=back)
        if failed is not None:
            return failed
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


async def _branch(
    operation: Operation, branch: BranchChange, *, back: Back
) -> Failed | None:
    """
    Have the branch protected as it is to be; say why if it is not.

    Of what is in doubt only GitLab is asked: its time to be done is over.
    """
    if not branch.is_one:
        return None
    doubted = operation.state is State.IN_DOUBT
    purpose: ForgePurpose = "gitlab-read" if doubted else "gitlab-execute"
    project, name, wanted = branch.project, branch.branch, branch.after
    async with borrowed(
        back, client=operation.client, action=purpose, operation=operation.id
    ) as minted:
        token = await back.lender.forge_token(
            minted, client=operation.client, purpose=purpose
        )
        try:
            if not doubted:
                await back.forge.protect(
                    project, branch=name, wanted=wanted, token=token
                )
            found = await back.forge.protection(project, branch=name, token=token)
        except Refused as refusal:
            return Failed(refusal.message)
    body: dict[str, object] = {"branch": name, "found": found.model_dump()}
    fits = found == wanted
    event = EventName.PROTECTION_SET if fits else EventName.EFFECT_MISSING
    await back.store.write(
        Writes(
            client=operation.client,
            at=back.now(),
            events=(told(event, operation, body),),
        )
    )
    return None if fits else Failed(Message.of("trust.unprotected", {"branch": name}))


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
    """Say the level that counts now, read from where everything else reads it."""
    where = operation.environment
    found = await level_now(operation.client, where, front=back)
    args: dict[str, str | int | Message] = {
        "environment": Message.of(f"environment.{where.value}"),
        "level": Message.of(f"trust.level-{found.value}"),
    }
    return Done(Message.of("trust.now", args))
