"""
What would become of a request that was not made: who decides, or what lets it pass.

It is asked of the same rules as a real one, with what is known beforehand: the hours,
freezes, the level of trust, and how much of each envelope is used up. A plan is not
known, so every plan that the rules tell apart is tried, and nothing is guessed of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.domain.catalog.choosing import plans_apart
from bot.domain.rights import Action, Asked
from bot.domain.route import Facts
from bot.domain.timing.hours import all_open
from bot.domain.timing.lent import lent
from bot.flow.envelope import used_today
from bot.flow.holding import standing_for
from bot.flow.rights import actor, rulings, thing
from bot.flow.trusting import levels_now

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from bot.domain.catalog import Client, Target
    from bot.domain.ladder import TrustLevel
    from bot.domain.route import Need, Route
    from bot.domain.scope import Environment, Risk
    from bot.domain.timing.freeze import Freeze, Hold
    from bot.domain.timing.rota import Standing
    from bot.ports import Front


@dataclass(frozen=True, slots=True)
class Present:
    """What is known of a client at this moment, whatever is asked for."""

    at: datetime
    standing: Standing
    levels: Mapping[Environment, TrustLevel]
    freezes: tuple[Freeze, ...]
    used: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Foreseen:
    """A request that was not made; `runs_at` is when it would run, approved at once."""

    client: str
    command: str
    target: Target
    risk: Risk
    requester: str
    runs_at: datetime
    planned: bool = True


async def present(client: Client, *, front: Front) -> Present:
    """Return what is known of the client now."""
    return Present(
        at=front.now(),
        standing=await standing_for(client.id, front=front),
        levels=await levels_now(client, front=front),
        freezes=await front.store.freezes(client.id, after=front.now()),
        used=await used_today(client.id, front=front),
    )


def held_then(
    asked: Foreseen, *, at: datetime, now: Present, front: Front
) -> Hold | None:
    """Return the freeze that the request would meet at a moment, as known by now."""
    return front.catalog.current().hold(
        asked.client,
        freezes=now.freezes,
        environment=asked.target.environment,
        command=asked.command,
        at=at,
    )


def there(asked: Foreseen, *, now: Present, front: Front) -> bool:
    """Whether nobody's calendar is closed, now and when it would run."""
    calendars = front.catalog.current().calendars(asked.client)
    return all(all_open(calendars, at) for at in (now.at, asked.runs_at))


def courses(asked: Foreseen, *, now: Present, front: Front) -> tuple[Route | None, ...]:
    """
    Return every route that it may take: one, unless that depends on the plan.

    None among them means that nobody could decide on it.
    """
    moments = (now.at, asked.runs_at)
    free = there(asked, now=now, front=front) and not any(
        held_then(asked, at=at, now=now, front=front) for at in moments
    )
    calendars = front.catalog.current().calendars(asked.client)
    return _courses(
        asked,
        used=now.used if free else {},
        is_open=all_open(calendars, asked.runs_at),
        now=now,
        front=front,
    )


def fresh_courses(
    asked: Foreseen, *, now: Present, front: Front
) -> tuple[Route | None, ...]:
    """Return the same for when all are there and no envelope was used yet."""
    unused = dict.fromkeys(now.used, 0)
    return _courses(asked, used=unused, is_open=True, now=now, front=front)


def _courses(
    asked: Foreseen,
    *,
    used: Mapping[str, int],
    is_open: bool,
    now: Present,
    front: Front,
) -> tuple[Route | None, ...]:
    catalog = front.catalog.current()
    plans = plans_apart(catalog.routes) if asked.planned else (Facts(),)
    environment = asked.target.environment
    found = (
        catalog.route(
            client=asked.client,
            risk=asked.risk,
            environment=environment,
            command=asked.command,
            facts=plan.model_copy(update={"is_open": is_open}),
            used=used,
            trust=now.levels[environment],
        )
        for plan in plans
    )
    return tuple(dict.fromkeys(found))


def able(need: Need, asked: Foreseen, *, now: Present, front: Front) -> tuple[str, ...]:
    """Return who could decide by this need, were it asked now; first called first."""
    catalog = front.catalog.current()
    holders = catalog.holders(
        need.role, client=asked.client, at=now.at, standing=now.standing
    )
    borrowed = lent(
        now.standing.delegations,
        role=need.role,
        holders={one.id for one in holders},
        barred={asked.requester},
        at=now.at,
    )
    takers = (person for one in borrowed if (person := catalog.member(one)))
    people = [one for one in (*holders, *takers) if one.id != asked.requester]
    questions = [
        Asked(
            action=Action.DECIDE,
            actor=actor(
                one,
                client=asked.client,
                at=now.at,
                standing=now.standing,
                front=front,
            ),
            client=asked.client,
            thing=thing(asked.target),
            command=asked.command,
            risk=asked.risk,
            requester=asked.requester,
        )
        for one in people
    ]
    found = zip(people, rulings(questions, front=front), strict=True)
    return tuple(one.id for one, ruled in found if ruled.allowed)
