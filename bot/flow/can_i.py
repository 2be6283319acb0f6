"""
Whether a person may ask for something, before it is asked for.

Answers yes or no with the rule, who would decide, how long that took so far, and when
it would expire. Nothing is stored: no operation is made, and like help and status the
question is not recorded, since it shows people their own rights and nothing else.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from statistics import median
from typing import TYPE_CHECKING, Final

from bot.domain.change import MergeRequest
from bot.domain.errors import BadArguments, Refused
from bot.domain.message import Message
from bot.domain.views import Said
from bot.flow.ask import (
    change_of,
    may_be_asked,
    read_command,
    risk_of,
    scheduled_for,
    target_of,
)
from bot.flow.door import arrive, turn_away
from bot.flow.foreseen import Foreseen, present
from bot.flow.foretelling import Foretold, joined, span
from bot.flow.naming import in_names

if TYPE_CHECKING:
    from bot.domain.message import Language
    from bot.domain.rights import Rule
    from bot.domain.views import View
    from bot.flow.door import Caller, Knock
    from bot.ports import Front

WORD: Final = "can-i"
_HISTORY: Final = 200


async def can_i(knock: Knock, *, front: Front) -> View:
    """Return the answer to `can-i <command…>`; who is nobody here is turned away."""
    language: Language = "en"
    try:
        caller = await arrive(knock, front=front)
        language = caller.client.language
        line = knock.text.strip().removeprefix(WORD).strip()
        if not line:
            raise BadArguments(Message.of("refused.can-i-usage"))
        return Said(await foretold(caller, line, front=front), language)
    except Refused as refusal:
        return Said(await turn_away(knock, refusal=refusal, front=front), language)


async def foretold(caller: Caller, line: str, *, front: Front) -> Message:
    """Return what would come of this line; Refused if it is not a command at all."""
    caller = replace(caller, knock=replace(caller.knock, text=line))
    command, moment = read_command(caller, front=front)
    target = target_of(command, caller=caller, front=front)
    scheduled = scheduled_for(moment, caller=caller, front=front)
    try:
        rule = await may_be_asked(command, target, caller=caller, front=front)
        change = change_of(command, target, caller=caller)
    except Refused as refusal:
        no = Message.of("policy.no", {"line": line, "reason": refusal.message})
        return in_names(no, team=caller.place.team, front=front)
    now = await present(caller.client, front=front)
    asked = Foreseen(
        client=caller.client.id,
        command=command.spec.name,
        target=target,
        risk=risk_of(command, target),
        requester=caller.person.id,
        runs_at=max(now.at, scheduled or now.at),
        planned=isinstance(change, MergeRequest),
    )
    return await _yes(Foretold(asked, now, front), rule, caller=caller, front=front)


async def _yes(found: Foretold, rule: Rule, *, caller: Caller, front: Front) -> Message:
    told = [found.course(), *found.in_the_way()]
    expiring = found.expiring()
    if expiring:
        told += [await _wait(caller, front=front), *expiring]
    yes = Message.of(
        "policy.yes",
        {
            "line": caller.knock.text,
            "rule": rule.id,
            "place": rule.place,
            "because": rule.because,
            "course": joined("policy.then", told),
        },
    )
    return in_names(yes, team=caller.place.team, front=front)


async def _wait(caller: Caller, *, front: Front) -> Message:
    """Return how long decisions took here; said as what it is, a median of so many."""
    waits = await front.store.waits(caller.client.id, most=_HISTORY)
    if not waits:
        return Message.of("policy.wait-unknown")
    middle = timedelta(seconds=median(one.total_seconds() for one in waits))
    return Message.of("policy.wait", {"span": span(middle), "count": len(waits)})
