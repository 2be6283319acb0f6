"""
Who may stop the clock, start it again, and take or hand over the rota.

Pure questions with reasoned answers, as in `policy`; default is no.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.catalog.people import ClientRole, ProviderRole
from bot.domain.message import Message
from bot.domain.policy import Allowed, Answer, Denied

if TYPE_CHECKING:
    from collections.abc import Collection

    from bot.domain.catalog import Person
    from bot.domain.timing.freeze import Freeze


def may_freeze(
    person: Person, *, client: str, provider: str, on_call: Collection[str]
) -> Answer:
    """Tell whether this person may declare a freeze of this client, or lift one."""
    if person.organisation == client and ClientRole.OWNER in person.roles:
        return Allowed()
    if person.organisation != provider:
        return _no("freeze-not-yours")
    if ProviderRole.MANAGER in person.roles:
        return Allowed()
    if person.id in on_call:
        return Allowed()
    return _no("freeze-not-yours")


def may_lift(person: Person, freeze: Freeze) -> Answer:
    """Tell whether it is for this person's company to end this freeze early."""
    if person.organisation == freeze.organisation:
        return Allowed()
    return _no("freeze-of-others", {"who": freeze.by, "reason": freeze.reason})


def may_take(person: Person, *, provider: str, pool: Collection[str]) -> Answer:
    """Tell whether this person may be on call, and so take or hand over the rota."""
    if person.organisation != provider:
        return _no("rota-not-yours")
    if person.id not in pool:
        return _no("rota-not-yours")
    return Allowed()


def _no(rule: str, args: dict[str, str | int | Message] | None = None) -> Denied:
    return Denied(rule, Message.of(f"refused.{rule}", args))
