"""
`/infra trust`: where the client stands on the ladder, what that means, what is next.

Only reads. The suggestion is `bot.domain.ladder_advice`'s and moves nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.audit_filter import AuditFilter
from bot.domain.errors import Refused
from bot.domain.ladder import COMMAND, next_up, target_of
from bot.domain.ladder_advice import ENOUGH, PERIOD, suggested
from bot.domain.message import Message
from bot.domain.query import Section, Sheet
from bot.domain.rights import Action
from bot.domain.scope import Environment
from bot.domain.views import Answered, Said
from bot.flow.door import arrive, turn_away
from bot.flow.explaining import refused
from bot.flow.holding import standing_now
from bot.flow.protect import drift_args
from bot.flow.questions import drawn
from bot.flow.rights import about_client, ruling
from bot.flow.trusting import levels_now

if TYPE_CHECKING:
    from bot.domain.catalog import RouteRule
    from bot.domain.ladder import TrustLevel
    from bot.domain.ladder_advice import Numbers
    from bot.domain.message import Language
    from bot.domain.views import View
    from bot.flow.door import Caller, Knock
    from bot.ports import Front

_MOVES = 3


async def ladder(knock: Knock, *, front: Front) -> View:
    """Return where the channel's client stands; a refusal is an answer too."""
    language: Language = "en"
    try:
        caller = await arrive(knock, front=front)
        language = caller.client.language
        asked = about_client(Action.SEE, caller=caller, front=front)
        ruled = ruling(asked, front=front)
        if not ruled.allowed:
            standing = await standing_now(front)
            raise refused(asked, ruled, standing=standing, front=front)
        return await _shown(caller, front=front)
    except Refused as refusal:
        return Said(await turn_away(knock, refusal=refusal, front=front), language)


async def _shown(caller: Caller, *, front: Front) -> Answered:
    client = caller.client
    levels = await levels_now(client, front=front)
    sections = [
        await _environment(environment, levels[environment], caller, front=front)
        for environment in Environment
    ]
    sections.append(await _branch(caller, front=front))
    title = Message.of("trust.sheet", {"client": client.name})
    hint = Message.of("trust.hint")
    sheet = Sheet(title=title, sections=tuple(sections), hint=hint)
    return drawn(sheet, caller=caller, front=front)


async def _environment(
    environment: Environment, level: TrustLevel, caller: Caller, *, front: Front
) -> Section:
    """Return where it stands in one environment, with its latest moves."""
    client = caller.client
    numbers = await front.store.numbers(
        client.id, environment=environment, since=front.now() - PERIOD
    )
    page = await front.store.search(
        client.id,
        wanted=AuditFilter(on=target_of(environment)),
        since=None,
        before=None,
        most=_MOVES,
    )
    above, advised = next_up(level), suggested(level, numbers)
    lines = [_unlocks("trust.now-unlocked", level)]
    lines += _rules(level, environment, front=front)
    if client.trust.level(environment) is not level:
        declared = client.trust.level(environment)
        lines.append(Message.of("trust.declared", {"level": _level(declared)}))
    lines.append(
        _unlocks("trust.next-unlocks", above) if above else Message.of("trust.top")
    )
    lines += _rules(above, environment, front=front) if above else []
    lines += [_told(numbers), _suggestion(level, advised, numbers)]
    heading = Message.of(
        "trust.heading",
        {
            "environment": Message.of(f"environment.{environment.value}"),
            "level": _level(level),
        },
    )
    typed = (
        (f"{COMMAND} {environment.value} {advised.value} <reason>",) if advised else ()
    )
    return Section(heading=heading, lines=tuple(lines), typed=typed, hits=page.hits)


def _level(level: TrustLevel) -> Message:
    return Message.of(f"trust.level-{level.value}")


def _unlocks(key: str, level: TrustLevel) -> Message:
    what = Message.of(f"trust.unlocks-{level.value}")
    return Message.of(key, {"level": _level(level), "what": what})


def _rules(
    level: TrustLevel, environment: Environment, *, front: Front
) -> list[Message]:
    """Return what the catalog's own rules make of a level there."""
    return [
        _rule(rule)
        for rule in front.catalog.current().routes
        if rule.match.trust is level and rule.match.environment in (None, environment)
    ]


def _rule(rule: RouteRule) -> Message:
    match = rule.match
    args: dict[str, str | int | Message] = {
        "risk": Message.of(f"risk.{match.risk.name.lower()}")
        if match.risk is not None
        else Message.of("trust.any-risk"),
        "roles": ", ".join(f"{one.count} x {one.role.value}" for one in rule.needs),
        "per_day": rule.envelope.per_day if rule.envelope else 0,
    }
    told = Message.of("trust.rule-envelope" if rule.envelope else "trust.rule", args)
    narrows: dict[str, str | int | None] = {
        "trust.rule-command": match.command,
        "trust.rule-costs": match.costs_up_to,
        "trust.rule-history": match.after_success,
    }
    for key, limit in narrows.items():
        if limit is not None:
            told = Message.of(key, {"rule": told, "limit": limit})
    return told


def _told(numbers: Numbers) -> Message:
    args: dict[str, str | int | Message] = {
        "days": PERIOD.days,
        "decided": numbers.decided,
        "approval": numbers.approval,
        "carried": numbers.carried,
        "failing": numbers.failing,
        "done": numbers.done,
        "undoing": numbers.undoing,
    }
    return Message.of("trust.numbers", args)


def _suggestion(
    level: TrustLevel, advised: TrustLevel | None, numbers: Numbers
) -> Message:
    if advised is None:
        key = "trust.stay" if numbers.carried >= ENOUGH else "trust.too-few"
        return Message.of(key, {"enough": ENOUGH})
    key = "trust.suggest-up" if advised.rung > level.rung else "trust.suggest-down"
    return Message.of(key, {"level": _level(advised)})


async def _branch(caller: Caller, *, front: Front) -> Section:
    """Return how GitLab was last seen to protect the branch."""
    seen = await front.store.protection(caller.client.id)
    heading = Message.of("trust.branch-heading")
    if seen is None:
        return Section(heading=heading, lines=(Message.of("trust.branch-unseen"),))
    args = drift_args(seen, caller.client)
    key = "trust.branch-drifted" if seen.has_drifted else "trust.branch-fits"
    return Section(heading=heading, lines=(Message.of(key, args),))
