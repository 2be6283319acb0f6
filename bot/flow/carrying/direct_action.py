"""
A playbook is run with credentials lent for this one operation, and its effect read
back.

The call is announced before it is made. After a crash the playbook is asked whether it
happened: yes or a safe repetition goes on, anything else is in doubt. What somebody had
stopped is asked the same, and never repeated.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.audit import EventName
from bot.domain.aws_error import AwsRefusal
from bot.domain.errors import Broken, OutcomeUnknown, Refused
from bot.domain.message import Message
from bot.domain.playbook import Happened, Verified
from bot.domain.writes import Writes
from bot.flow.carrying.ends import Done, Doubt, End, Failed, aws_refused
from bot.flow.carrying.fence import not_announced_yet
from bot.flow.changes.direct_action import playbook_of
from bot.flow.changes.observing import lent_run
from bot.flow.naming import name_of
from bot.flow.saying import card, told

if TYPE_CHECKING:
    from bot.domain.operation import Operation
    from bot.domain.playbook import Playbook
    from bot.flow.run import WorkerRun
    from bot.ports import Back


async def carry(operation: Operation, *, back: Back) -> End:
    """Run the playbook, or find out what came of running it."""
    playbook = playbook_of(operation, back=back)
    scope = playbook.scope(operation.id)
    async with lent_run(operation, scope=scope, back=back) as run:
        if operation.progress.announced:
            doubt = await _reconcile(operation, playbook, run, back=back)
            if doubt is not None:
                return doubt
        else:
            await _announce(operation, playbook, run, back=back)
        try:
            await playbook.run(run)
        except OutcomeUnknown:
            by = await _halter(operation, back=back)
            if by is None:
                raise
            return _unknown(operation, by)
        except Refused as refusal:
            return Failed(refusal.message)
        except AwsRefusal as refusal:
            # It tells of one call; what was begun by an earlier one is asked of AWS.
            if refusal.expired or await playbook.happened(run) is not Happened.NO:
                raise
            return Failed(aws_refused(refusal))
        return await _verify(operation, playbook, run, back=back)


async def _announce(
    operation: Operation, playbook: Playbook, run: WorkerRun, *, back: Back
) -> None:
    latest = await back.store.operation(operation.client, id=operation.id)
    if latest is None or latest.proposal is None:
        raise Broken(f"operation {operation.id} is gone")
    not_announced_yet(latest)
    progress = latest.progress.model_copy(
        update={
            "announced": True,
            "stoppable": run.host_session is not None,
            "waiting_for": Message.of("waiting.playbook"),
        }
    )
    body: dict[str, object] = {
        "playbook": playbook.name,
        "calls": list(latest.proposal.calls),
    }
    await back.store.write(
        Writes(
            client=latest.client,
            at=back.now(),
            saves=(latest.advanced(progress),),
            events=(told(EventName.ACTION_ANNOUNCED, latest, body),),
            # With the button that stops it.
            says=(card(latest),) if progress.stoppable else (),
        )
    )


async def _reconcile(
    operation: Operation, playbook: Playbook, run: WorkerRun, *, back: Back
) -> End | None:
    """Return why it may not go on, or None when going on cannot do it twice."""
    happened = await playbook.happened(run)
    event = told(EventName.ACTION_RECONCILED, operation, {"happened": happened.value})
    await back.store.write(
        Writes(client=operation.client, at=back.now(), events=(event,))
    )
    by = await _halter(operation, back=back)
    if by is None and playbook.repeatable and happened is not Happened.UNKNOWN:
        return None
    if happened is Happened.YES:
        return await _verify(operation, playbook, run, back=back)
    if by is not None and happened is Happened.NO:
        args: dict[str, str | int | Message] = {"who": by, "system": operation.target}
        return Failed(Message.of("ended.halted", args))
    if by is not None:
        return _unknown(operation, by)
    system = "AWS" if run.aws_session is not None else operation.target
    return Doubt(Message.of("doubt.unknown", {"system": system}))


async def _halter(operation: Operation, *, back: Back) -> str | None:
    """Return the name of who had it stopped, if anybody had."""
    latest = await back.store.operation(operation.client, id=operation.id)
    if latest is None or latest.progress.halted_by is None:
        return None
    return name_of(latest.progress.halted_by, front=back)


def _unknown(operation: Operation, by: str) -> Doubt:
    args: dict[str, str | int | Message] = {"who": by, "system": operation.target}
    return Doubt(Message.of("doubt.halted", args))


async def _verify(
    operation: Operation, playbook: Playbook, run: WorkerRun, *, back: Back
) -> End:
    found = await playbook.verify(run)
    ok = isinstance(found, Verified)
    name = EventName.EFFECT_VERIFIED if ok else EventName.EFFECT_MISSING
    await back.store.write(
        Writes(
            client=operation.client,
            at=back.now(),
            events=(told(name, operation, found.model_dump(mode="json")),),
        )
    )
    if isinstance(found, Verified):
        facts = ", ".join(line.value for line in found.facts)
        return Done(Message.of("done.verified", {"effect": facts}))
    return Failed(found.reason)
