"""
Who may start the clock of others again, and take or hand over the rota.

Pure questions with reasoned answers, as in `policy`; default is no. Who may stop the
clock is no rule of the program but the operator's own, in Cedar.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.message import Message
from bot.domain.people import members
from bot.domain.policy import Allowed, Answer, Denied

if TYPE_CHECKING:
    from collections.abc import Collection

    from bot.domain.catalog import Person
    from bot.domain.timing.freeze import Freeze


def may_lift(person: Person, freeze: Freeze, *, able: Collection[str]) -> Answer:
    """
    Tell whether it is for this person's company to end this freeze early.

    `able` are the people of the company that declared it who may.
    """
    if person.organisation == freeze.organisation:
        return Allowed()
    args: dict[str, str | int | Message] = {
        "by": members((freeze.by,)),
        "reason": freeze.reason,
        "who": members(able),
    }
    return _no("freeze-of-others", args)


def may_take(person: Person, *, provider: str, pool: Collection[str]) -> Answer:
    """Tell whether this person may be on call, and so take or hand over the rota."""
    who = members(sorted(pool))
    if person.organisation != provider:
        return _no("rota-not-yours", {"who": who})
    if person.id not in pool:
        return _no("rota-not-yours", {"who": who})
    return Allowed()


def may_be_given(person: Person, *, provider: str, pool: Collection[str]) -> Answer:
    """Tell whether the rota may be handed over to this person."""
    if may_take(person, provider=provider, pool=pool) == Allowed():
        return Allowed()
    args: dict[str, str | int | Message] = {
        "to": members((person.id,)),
        "who": members(sorted(pool)),
    }
    return _no("rota-not-theirs", args)


def _no(rule: str, args: dict[str, str | int | Message]) -> Denied:
    return Denied(rule, Message.of(f"refused.{rule}", args))
