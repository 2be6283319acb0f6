"""
`/infra halt`: what runs on a host is stopped where it stands.

Whoever asked may do it, and whoever could have decided: to stop something is no
decision on it. What was done by then stays done, and how far it came is looked at
afterwards, never done again. What runs at AWS, in a database or in a pipeline is not
stopped: those calls cannot be taken back, and half an apply is worse than a whole one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.domain.audit import EventName
from bot.domain.errors import BadArguments, Refused
from bot.domain.message import Message
from bot.domain.policy import may_halt
from bot.domain.rights import Action
from bot.domain.text import read_words
from bot.domain.writes import Delivery, Writes
from bot.flow.able import able_now, refuse_unless
from bot.flow.attempting import attempt
from bot.flow.door import turn_away
from bot.flow.naming import name_of
from bot.flow.saying import card, thread, told

if TYPE_CHECKING:
    from bot.domain.decision import Decision
    from bot.domain.operation import Operation
    from bot.flow.door import Caller, Knock
    from bot.flow.holding import Around
    from bot.ports import Front

WORD: Final = "halt"
_WORDS: Final = 2


async def halt(knock: Knock, *, front: Front) -> Message:
    """Have what was named in a typed line stopped; return what to say of it."""
    try:
        words = read_words(knock.text)
        if len(words) != _WORDS:
            raise BadArguments(Message.of("refused.halt-usage"))
    except Refused as refusal:
        return await turn_away(knock, refusal=refusal, front=front)
    short = words[1].text.lstrip("#").lower()
    return await halted(knock, operation=short, front=front)


async def halted(knock: Knock, *, operation: str, front: Front) -> Message:
    """Have this operation stopped; return what to say of it."""

    def make(
        found: Operation, _: tuple[Decision, ...], caller: Caller, near: Around
    ) -> Writes:
        _refuse_others(found, caller, near=near, front=front)
        return _halted(found, caller, front=front)

    return await attempt(knock, operation=operation, make=make, front=front)


def _refuse_others(
    operation: Operation, caller: Caller, *, near: Around, front: Front
) -> None:
    holders = able_now(operation, near=near, front=front)
    verdict = may_halt(operation, person=caller.person, holders=holders)
    own = caller.person.id == operation.requester
    action = Action.CANCEL if own else Action.DECIDE
    refuse_unless(verdict, operation, caller, action=action, near=near, front=front)


def _halted(operation: Operation, caller: Caller, *, front: Front) -> Writes:
    """Write down that it is to stop; the worker that runs it looks here."""
    knock, who = caller.knock, caller.person
    if operation.progress.halted_by is not None:
        by = name_of(operation.progress.halted_by, front=front)
        again = Delivery(
            key=knock.delivery, answer=Message.of("halt.already", {"who": by})
        )
        return Writes(client=operation.client, at=front.now(), delivery=again)
    progress = operation.progress.model_copy(
        update={"halted_by": who.id, "waiting_for": Message.of("waiting.halted")}
    )
    event = told(
        EventName.OPERATION_HALTED, operation, actor=who.id, source=knock.source
    )
    answer = Message.of("halt.told", {"id": operation.short})
    said = Message.of("thread.halted", {"who": who.name})
    return Writes(
        client=operation.client,
        at=front.now(),
        delivery=Delivery(key=knock.delivery, answer=answer),
        saves=(operation.advanced(progress),),
        events=(event,),
        says=(card(operation), thread(operation, said)),
    )
