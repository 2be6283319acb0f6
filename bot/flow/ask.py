"""
Stage 1, `ask`: a typed line becomes an operation that is stored, or a refusal.

Nothing outside the database is touched, so that the row is durable before the chat
hears "ok", within its three seconds.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.domain.audit import Event, EventName
from bot.domain.catalog import Criticality
from bot.domain.change import MergeRequest
from bot.domain.errors import BadArguments, NotAllowed, Refused
from bot.domain.glass_text import Wanted, whole
from bot.domain.message import Message
from bot.domain.operation import Operation
from bot.domain.rights import Action, Asked
from bot.domain.scope import Risk
from bot.domain.suggest import look_alikes, near
from bot.domain.timing.when import read_moment, shown
from bot.domain.writes import Delivery, Duplicate, Job, Task, Writes
from bot.flow.agreeing import composed, is_move
from bot.flow.door import Caller, Knock, arrive, turn_away
from bot.flow.explaining import not_asked
from bot.flow.glass import in_emergency
from bot.flow.holding import standing_now
from bot.flow.line import read
from bot.flow.rights import acting, doable, ruling, thing
from bot.flow.saying import card, thread

if TYPE_CHECKING:
    from datetime import datetime

    from bot.domain.catalog import Target
    from bot.domain.change import DirectAction, ValueChange
    from bot.domain.command import Command
    from bot.domain.rights import Rule
    from bot.ports import Front


async def ask(
    knock: Knock,
    *,
    front: Front,
    undoes: Operation | None = None,
    glass: Wanted | None = None,
) -> Message:
    """
    Store what is asked for and return what to tell the person at once.

    `undoes` is the operation whose way back the line is; it is marked in the same
    transaction, and Overtaken means that somebody else moved it first. `glass` is what
    was typed as break-glass; whoever may ask for it must be let break it as well.

    A refusal is stored too, and returned like any answer: the person reads why, and
    what to do next. Unavailable means that nothing was stored.
    """
    try:
        caller = await arrive(knock, front=front)
        if glass is None:
            operation = await _composed(caller, front=front)
        else:  # of commands alone: what both companies agreed is no emergency
            caller = replace(caller, knock=replace(knock, text=glass.line))
            operation = await in_emergency(
                await _compose(caller, front=front),
                caller=caller,
                reason=glass.reason,
                front=front,
            )
        if undoes is not None:
            operation = operation.model_copy(update={"undoes": undoes.id})
    except Refused as refusal:
        return await turn_away(knock, refusal=refusal, front=front)
    answer = _noted(operation, caller=caller, front=front)
    try:
        await front.store.write(
            _writes(operation, caller=caller, answer=answer, undoes=undoes)
        )
    except Duplicate as duplicate:
        return duplicate.answer or answer
    return answer


def _title(operation: Operation, caller: Caller) -> Message:
    """Return what is asked for, with the names that it is not about."""
    title = operation.change.title
    alike = look_alikes(operation.target, caller.client.names)
    if not alike:
        return title
    return Message.of("asked.not-alike", {"title": title, "names": ", ".join(alike)})


def _noted(operation: Operation, *, caller: Caller, front: Front) -> Message:
    """Return what the person is told at once; a moment is said back in full."""
    args: dict[str, str | int | Message] = {
        "id": operation.short,
        "title": _title(operation, caller),
    }
    if operation.glass is not None:
        return Message.of("asked.glass", args)
    if operation.scheduled_for is None:
        return Message.of("asked.noted", args)
    timezone = front.catalog.current().timezone(operation.client)
    args["at"] = shown(operation.scheduled_for, timezone=timezone)
    return Message.of("asked.scheduled", args)


async def _composed(caller: Caller, *, front: Front) -> Operation:
    if is_move(caller.knock.text):
        return await composed(caller, front=front)
    return await _compose(caller, front=front)


async def _compose(caller: Caller, *, front: Front) -> Operation:
    command, moment = read_command(caller, front=front)
    target = target_of(command, caller=caller, front=front)
    await may_be_asked(command, target, caller=caller, front=front)
    change = change_of(command, target, caller=caller)
    now = front.now()
    scheduled = scheduled_for(moment, caller=caller, front=front)
    return Operation(
        id=front.new_id(),
        client=caller.client.id,
        command=command.spec.name,
        arguments={
            name: str(value)
            for name, value in command.model_dump(mode="json").items()
            if value is not None  # what nobody typed is nobody's word
        },
        line=caller.knock.text,
        target=target.name,
        environment=target.environment,
        requester=caller.person.id,
        place=caller.place,
        change=change,
        risk=risk_of(command, target),
        asked_at=now,
        expires_at=(scheduled or now) + caller.client.requests.expires,
        scheduled_for=scheduled,
    )


def scheduled_for(text: str | None, *, caller: Caller, front: Front) -> datetime | None:
    """Return the moment that the line asks it to run at, if it does."""
    if text is None:
        return None
    timezone = front.catalog.current().timezone(caller.client.id)
    return read_moment(text, now=front.now(), timezone=timezone)


def read_command(caller: Caller, *, front: Front) -> tuple[Command, str | None]:
    """Return the command and the moment that the line spells, or what does not fit."""
    return read(
        caller.knock.text,
        commands=front.registry.commands,
        offered=lambda: doable(caller, front=front),
    )


def target_of(command: Command, *, caller: Caller, front: Front) -> Target:
    """Return the client's own target of this exact name and of the right kind."""
    name, spec = command.target_name, command.spec
    target = caller.client.target(name)
    if target is not None and target.kind in spec.kinds:
        return target
    fitting = doable(caller, front=front).get(command.spec.name, ())
    known = near(name, fitting) or tuple(fitting[:5])
    key = "refused.no-target" if target is None else "refused.other-kind"
    raise BadArguments(
        Message.of(
            key,
            {
                "got": name,
                "kind": spec.kind,
                "is": target.kind if target else "",
                "client": caller.client.name,
                "known": ", ".join(known) or "-",
            },
        )
    )


async def may_be_asked(
    command: Command, target: Target, *, caller: Caller, front: Front
) -> Rule:
    """Return the policy by which the caller may ask; NotAllowed has which says no."""
    client = caller.client.id
    asked = Asked(
        action=Action.ASK,
        actor=acting(caller, front=front),
        client=client,
        thing=thing(target),
        command=command.spec.name,
        risk=risk_of(command, target),
    )
    ruled = ruling(asked, front=front)
    if ruled.allowed:
        return ruled.rules[0]
    raise not_asked(
        command,
        target,
        asked=asked,
        ruled=ruled,
        caller=caller,
        # Of a client's people no rota is read, but of those who are named instead.
        standing=await standing_now(front),
        front=front,
    )


def change_of(
    command: Command, target: Target, *, caller: Caller
) -> MergeRequest | ValueChange | DirectAction:
    """
    Return what the command would do.

    NotAllowed for an edit of what the operator's catalog protects, or of a part of it.
    """
    change = command.change(target, caller.client)
    _refuse_protected(change, target)
    return change


def _refuse_protected(
    change: MergeRequest | ValueChange | DirectAction, target: Target
) -> None:
    if not isinstance(change, MergeRequest):
        return
    for edit in change.edits:
        if edit.attribute.partition(".")[0] in target.protected:
            raise NotAllowed(
                Message.of(
                    "refused.protected",
                    {"attribute": edit.attribute, "target": target.name},
                ),
                rule="protected",
            )


def risk_of(command: Command, target: Target) -> Risk:
    """Return the risk as far as it is known before anything was looked at."""
    risk = max(command.spec.risk, command.risk_now(target))
    if target.criticality is Criticality.HIGH:
        return Risk(min(risk + 1, Risk.HIGH))
    return risk


def _writes(
    operation: Operation, *, caller: Caller, answer: Message, undoes: Operation | None
) -> Writes:
    undone = [undoes] if undoes is not None else []
    return Writes(
        client=operation.client,
        at=operation.asked_at,
        delivery=Delivery(key=caller.knock.delivery, answer=answer),
        adds=(operation,),
        saves=tuple(one.undone(by=operation.id) for one in undone),
        events=(
            Event(
                name=EventName.OPERATION_ASKED,
                actor=operation.requester,
                source=caller.knock.source,
                operation=operation.id,
                body={
                    "line": _typed(operation),
                    **({"undoes": operation.undoes} if operation.undoes else {}),
                    "command": operation.command,
                    "arguments": operation.arguments,
                    "target": operation.target,
                    "environment": operation.environment.value,
                    "risk": operation.risk.name.lower(),
                    "slack": f"{caller.knock.team}/{caller.knock.user}",
                    "organisation": caller.person.organisation,
                    "scheduled_for": (
                        operation.scheduled_for.isoformat()
                        if operation.scheduled_for
                        else None
                    ),
                },
            ),
        ),
        says=(
            card(operation),
            *(thread(one, _undoing(operation, caller)) for one in undone),
        ),
        jobs=(Job(task=Task.PREPARE, operation=operation.id),),
    )


def _typed(operation: Operation) -> str:
    """Return the whole line: of an emergency, with what makes it one."""
    if operation.glass is None:
        return operation.line
    return whole(Wanted(operation.line, operation.glass))


def _undoing(operation: Operation, caller: Caller) -> Message:
    args: dict[str, str | int | Message] = {
        "who": caller.person.name,
        "id": operation.short,
        "line": operation.line,
    }
    return Message.of("thread.undo-asked", args)
