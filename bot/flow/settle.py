"""
`/infra settle`: somebody who looked says what became of an operation in doubt.

Some effects leave no trace that a program could read, such as a reboot: asked for,
answered by silence, they would stay in doubt for good. Whoever could have decided on it
may end the doubt with their word, which is written down as theirs and as no more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.domain.audit import Event, EventName
from bot.domain.change import is_merged
from bot.domain.errors import BadArguments, Refused
from bot.domain.message import Message
from bot.domain.operation import State
from bot.domain.policy import may_settle
from bot.domain.rights import Action
from bot.domain.text import read_words
from bot.domain.writes import Delivery, Job, Task, Writes
from bot.flow.able import able_now, refuse_unless
from bot.flow.attempting import attempt
from bot.flow.door import turn_away
from bot.flow.saying import card, thread

if TYPE_CHECKING:
    from bot.domain.decision import Decision
    from bot.domain.operation import Operation
    from bot.flow.door import Caller, Knock
    from bot.flow.holding import Around
    from bot.ports import Front

WORD: Final = "settle"
_ENDS: Final = {"done": State.DONE, "failed": State.FAILED}
_SHORTEST: Final = 3
_LONGEST: Final = 500


async def settle(knock: Knock, *, front: Front) -> Message:
    """End a doubt by the word of whoever looked; return what to say of it."""
    try:
        short, verdict, found = _read(knock)
    except Refused as refusal:
        return await turn_away(knock, refusal=refusal, front=front)

    def make(
        operation: Operation, _: tuple[Decision, ...], caller: Caller, near: Around
    ) -> Writes:
        _refuse_others(operation, caller, near=near, front=front)
        return _settled(operation, caller, verdict=verdict, found=found, front=front)

    # A worker that looks right now may find the effect, or bring it about once more.
    return await attempt(knock, operation=short, make=make, front=front, at_rest=True)


def _read(knock: Knock) -> tuple[str, str, str]:
    """Return the id, the verdict and what was found; BadArguments says how."""
    words = [one.text for one in read_words(knock.text)]
    found = " ".join(words[3:])
    fits = _SHORTEST <= len(found) <= _LONGEST
    if not fits or words[2] not in _ENDS:
        raise BadArguments(Message.of("refused.settle-usage"))
    return words[1].lstrip("#").lower(), words[2], found


def _refuse_others(
    operation: Operation, caller: Caller, *, near: Around, front: Front
) -> None:
    holders = able_now(operation, near=near, front=front)
    verdict = may_settle(operation, person=caller.person, holders=holders)
    refuse_unless(
        verdict, operation, caller, action=Action.DECIDE, near=near, front=front
    )


def _settled(
    operation: Operation, caller: Caller, *, verdict: str, found: str, front: Front
) -> Writes:
    now, who = front.now(), caller.person
    why = Message.of(
        "settled.by", {"who": who.name, "verdict": verdict, "found": found}
    )
    ended = operation.to(_ENDS[verdict], at=now, outcome=why)
    done = ended.state is State.DONE
    unmerged = is_merged(operation.change) and operation.progress.merged_sha is None
    tidy = Job(task=Task.TIDY, operation=operation.id)
    body: dict[str, object] = {
        "verdict": verdict,
        "found": found,
        "organisation": who.organisation,
    }
    end = EventName.OPERATION_DONE if done else EventName.OPERATION_FAILED
    answer = "settled.done" if done else "settled.failed"
    return Writes(
        client=operation.client,
        at=now,
        delivery=Delivery(
            key=caller.knock.delivery,
            answer=Message.of(answer, {"id": operation.short}),
        ),
        saves=(ended,),
        events=(
            _event(EventName.DOUBT_SETTLED, operation, caller, body),
            _event(end, operation, caller, {"reason": why.model_dump(mode="json")}),
        ),
        says=(card(operation), thread(operation, why)),
        jobs=(tidy,) if unmerged and not done else (),
    )


def _event(
    name: EventName, operation: Operation, caller: Caller, body: dict[str, object]
) -> Event:
    return Event(
        name=name,
        actor=caller.person.id,
        source=caller.knock.source,
        operation=operation.id,
        body=body,
    )
