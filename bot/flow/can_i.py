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

from bot.domain.errors import BadArguments, NotAllowed, Refused
from bot.domain.message import Message
from bot.domain.people import members
from bot.domain.rights import Action, Asked
from bot.domain.views import Said
from bot.flow.ask import may_be_asked, read_command, risk_of, target_of
from bot.flow.door import arrive, turn_away
from bot.flow.holding import standing_for
from bot.flow.naming import in_names
from bot.flow.rights import actor, rulings, thing
from bot.flow.trusting import level_now

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.catalog import Target
    from bot.domain.message import Language
    from bot.domain.route import Need, Route
    from bot.domain.scope import Risk
    from bot.domain.timing.rota import Standing
    from bot.domain.views import View
    from bot.flow.door import Caller, Knock
    from bot.ports import Front

WORD: Final = "can-i"
_HISTORY: Final = 200
_MINUTES: Final = timedelta(minutes=90)
_HOURS: Final = timedelta(hours=36)


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
    command, _ = read_command(caller, front=front)
    target = target_of(command, caller=caller, front=front)
    team = caller.place.team
    try:
        rule = may_be_asked(command, target, caller=caller, front=front)
    except NotAllowed as refusal:
        no = in_names(refusal.message, team=team, front=front)
        return Message.of("policy.no", {"line": line, "reason": no})
    risk = risk_of(command, target)
    route = front.catalog.current().route(
        client=caller.client.id,
        risk=risk,
        environment=target.environment,
        command=command.spec.name,
        trust=await level_now(caller.client.id, target.environment, front=front),
    )
    args: dict[str, str | int | Message] = {
        "line": line,
        "rule": rule.id,
        "place": rule.place,
        "because": rule.because,
        "risk": Message.of(f"risk.{risk.name.lower()}"),
    }
    if route is None:
        return Message.of("policy.yes-no-route", args)
    asked = _Foreseen(
        command.spec.name,
        target,
        risk=risk,
        caller=caller,
        standing=await standing_for(caller.client.id, front=front),
    )
    args["route"] = _route(route, asked, front=front)
    args["wait"] = await _wait(caller, front=front)
    args["expires"] = _span(route.expires)
    return in_names(Message.of("policy.yes", args), team=team, front=front)


class _Foreseen:
    """A request that was not made."""

    def __init__(
        self,
        command: str,
        target: Target,
        *,
        risk: Risk,
        caller: Caller,
        standing: Standing,
    ) -> None:
        self.command = command
        self.target = target
        self.risk = risk
        self.caller = caller
        self.standing = standing


def _route(route: Route, asked: _Foreseen, *, front: Front) -> Message:
    """Return every need of the route, one after another, as one message."""
    told: Message | None = None
    for need in reversed(route.needs):
        part = _need(need, _able(need, asked, front=front))
        told = Message.of("policy.and", {"one": part, "rest": told}) if told else part
    return told or Message.of("policy.who-nobody")


def _need(need: Need, able: Sequence[str]) -> Message:
    return Message.of(
        "policy.need",
        {
            "count": need.count,
            "role": Message.of(f"role.{need.role.replace('.', '-')}"),
            "who": members(able),
        },
    )


def _able(need: Need, asked: _Foreseen, *, front: Front) -> tuple[str, ...]:
    """Return who could decide by this need, were it asked now."""
    caller, at = asked.caller, front.now()
    client = caller.client.id
    people = [
        one
        for one in front.catalog.current().holders(
            need.role, client=client, at=at, standing=asked.standing
        )
        if one.id != caller.person.id
    ]
    questions = [
        Asked(
            action=Action.DECIDE,
            actor=actor(
                one, client=client, at=at, standing=asked.standing, front=front
            ),
            client=client,
            thing=thing(asked.target),
            command=asked.command,
            risk=asked.risk,
            requester=caller.person.id,
        )
        for one in people
    ]
    found = zip(people, rulings(questions, front=front), strict=True)
    return tuple(one.id for one, ruled in found if ruled.allowed)


async def _wait(caller: Caller, *, front: Front) -> Message:
    """Return how long decisions took here; said as what it is, a median of so many."""
    waits = await front.store.waits(caller.client.id, most=_HISTORY)
    if not waits:
        return Message.of("policy.wait-unknown")
    middle = timedelta(seconds=median(one.total_seconds() for one in waits))
    return Message.of("policy.wait", {"span": _span(middle), "count": len(waits)})


def _span(length: timedelta) -> Message:
    """Return a length of time in the unit that fits it."""
    if length < _MINUTES:
        return Message.of("span.minutes", {"count": round(length.total_seconds() / 60)})
    if length < _HOURS:
        hours = round(length / timedelta(hours=1))
        return Message.of("span.hours", {"count": hours})
    return Message.of("span.days", {"count": round(length / timedelta(days=1))})
