"""
Stage 1, `ask`: a typed line becomes an operation that is stored, or a refusal.

Nothing outside the database is touched, so that the row is durable before the chat
hears "ok", within its three seconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError

from bot.domain.audit import Event, EventName
from bot.domain.binding import FieldSpec, bind
from bot.domain.catalog import Criticality
from bot.domain.change import MergeRequest
from bot.domain.errors import BadArguments, NotAllowed, Refused
from bot.domain.message import Message
from bot.domain.operation import Operation
from bot.domain.outgoing import Outgoing, Way
from bot.domain.scope import Risk
from bot.domain.suggest import look_alikes, near
from bot.domain.text import read_words
from bot.domain.writes import Delivery, Duplicate, Job, Task, Writes
from bot.flow.door import Caller, Knock, enter, turn_away

if TYPE_CHECKING:
    from bot.domain.catalog import Target
    from bot.domain.change import DirectAction, ValueChange
    from bot.domain.command import Command
    from bot.ports import Front


async def ask(knock: Knock, *, front: Front) -> Message:
    """
    Store what is asked for and return what to tell the person at once.

    A refusal is stored too, and returned like any answer: the person reads why, and
    what to do next. Unavailable means that nothing was stored.
    """
    try:
        caller = enter(knock, front=front)
        operation = _compose(caller, front=front)
    except Refused as refusal:
        return await turn_away(knock, refusal=refusal, front=front)
    answer = Message.of(
        "asked.noted", {"id": operation.short, "title": _title(operation, caller)}
    )
    try:
        await front.store.write(_writes(operation, caller=caller, answer=answer))
    except Duplicate as duplicate:
        return duplicate.answer or answer
    return answer


def _title(operation: Operation, caller: Caller) -> Message:
    """Return what is asked for, with the names that it is not about."""
    title = operation.change.title
    alike = look_alikes(operation.target, [one.name for one in caller.client.targets])
    if not alike:
        return title
    return Message.of("asked.not-alike", {"title": title, "names": ", ".join(alike)})


def _compose(caller: Caller, *, front: Front) -> Operation:
    command = read_command(caller, front=front)
    target = _target(command, caller=caller)
    change = command.change(target, caller.client)
    _refuse_protected(change, target)
    now = front.now()
    return Operation(
        id=front.new_id(),
        client=caller.client.id,
        command=command.spec.name,
        arguments={
            name: str(value) for name, value in command.model_dump(mode="json").items()
        },
        line=caller.knock.text,
        target=target.name,
        environment=target.environment,
        requester=caller.person.id,
        place=caller.place,
        change=change,
        risk=_risk(command, target),
        asked_at=now,
        expires_at=now + caller.client.requests.expires,
    )


def read_command(caller: Caller, *, front: Front) -> Command:
    """Return the command that the line spells, or say what does not fit."""
    commands = front.registry.commands
    words = read_words(caller.knock.text)
    name = words[0].text if words else ""
    if name not in commands:
        known = near(name, commands) or tuple(sorted(commands))
        raise BadArguments(
            Message.of("refused.no-command", {"got": name, "known": ", ".join(known)})
        )
    spec = commands[name].spec
    fields = tuple(
        FieldSpec(argument.name, argument.help) for argument in spec.arguments
    )
    given = bind(words[1:], fields, command=f"/infra {name}")
    try:
        return commands[name].model_validate(dict(given))
    except ValidationError as error:
        raise _misfit(error, commands[name]) from None


def _misfit(error: ValidationError, command: type[Command]) -> BadArguments:
    # A rule over the whole command names no field: then the target's is as good as any.
    place = error.errors()[0]["loc"]
    name = str(place[0]) if place else command.spec.target
    argument = next(one for one in command.spec.arguments if one.name == name)
    got = str(error.errors()[0].get("input", ""))[:60]
    return BadArguments(
        Message.of(
            "refused.bad-argument",
            {
                "name": name,
                "got": got,
                "help": argument.help,
                "example": f"/infra {command.spec.example}",
            },
        )
    )


def _target(command: Command, *, caller: Caller) -> Target:
    """Return the client's own target of this exact name and of the right kind."""
    name, kind = command.target_name, command.spec.kind
    target = caller.client.target(name)
    if target is not None and target.kind == kind:
        return target
    fitting = [one.name for one in caller.client.targets if one.kind == kind]
    known = near(name, fitting) or tuple(fitting[:5])
    key = "refused.no-target" if target is None else "refused.other-kind"
    raise BadArguments(
        Message.of(
            key,
            {
                "got": name,
                "kind": kind,
                "is": target.kind if target else "",
                "client": caller.client.name,
                "known": ", ".join(known) or "-",
            },
        )
    )


def _refuse_protected(
    change: MergeRequest | ValueChange | DirectAction, target: Target
) -> None:
    """Refuse an edit of what the operator's catalog protects, or of a part of it."""
    if not isinstance(change, MergeRequest):
        return
    for edit in change.edits:
        if edit.attribute.partition(".")[0] in target.protected:
            raise NotAllowed(
                Message.of(
                    "refused.protected",
                    {"attribute": edit.attribute, "target": target.name},
                )
            )


def _risk(command: Command, target: Target) -> Risk:
    risk = max(command.spec.risk, command.risk_now(target))
    if target.criticality is Criticality.HIGH:
        return Risk(min(risk + 1, Risk.HIGH))
    return risk


def _writes(operation: Operation, *, caller: Caller, answer: Message) -> Writes:
    return Writes(
        client=operation.client,
        at=operation.asked_at,
        delivery=Delivery(key=caller.knock.delivery, answer=answer),
        adds=(operation,),
        events=(
            Event(
                name=EventName.OPERATION_ASKED,
                actor=operation.requester,
                source=caller.knock.source,
                operation=operation.id,
                body={
                    "line": operation.line,
                    "command": operation.command,
                    "arguments": operation.arguments,
                    "target": operation.target,
                    "environment": operation.environment.value,
                    "risk": operation.risk.name.lower(),
                    "slack": f"{caller.knock.team}/{caller.knock.user}",
                    "organisation": caller.person.organisation,
                },
            ),
        ),
        says=(
            Outgoing(
                way=Way.CARD, place=operation.place.channel, operation=operation.id
            ),
        ),
        jobs=(Job(task=Task.PREPARE, operation=operation.id),),
    )
