"""
Who may lend a role of theirs to whom, and for how long.

What a lent role is worth at a moment is in `bot.domain.timing.lent`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from bot.domain.message import Message
from bot.domain.people import members
from bot.domain.policy import Allowed, Answer, Denied

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from bot.domain.catalog import Person

LONGEST: Final = timedelta(days=60)
# The rota is handed over with `/infra oncall give`, which takes it from the giver.
_BY_ROTA: Final = "provider.oncall"


def may_delegate(  # noqa: PLR0911 - one condition a line, so that coverage shows each denial tested
    giver: Person,
    taker: Person,
    *,
    role: str,
    holders: Collection[str],
    begins: datetime,
    until: datetime,
) -> Answer:
    """Tell whether this person may lend this role to that one for so long."""
    spoken = Message.of(f"role.{role}")
    if role == _BY_ROTA:
        return _no("delegate-rota", {"who": members(holders)})
    if giver.id not in holders:
        return _no("delegate-not-yours", {"role": spoken, "who": members(holders)})
    if taker.id == giver.id:
        return _no("delegate-self")
    if taker.deactivated:
        return _no("delegate-gone", {"who": members((taker.id,))})
    if taker.organisation != giver.organisation:
        # Two companies that both have to agree would be one.
        return _no("delegate-other-company", {"who": members((taker.id,))})
    if taker.id in holders:
        who = members((taker.id,))
        return _no("delegate-has-it", {"who": who, "role": spoken})
    if not begins < until <= begins + LONGEST:
        return _no("delegate-long", {"days": LONGEST.days})
    return Allowed()


def _no(rule: str, args: dict[str, str | int | Message] | None = None) -> Denied:
    return Denied(rule, Message.of(f"refused.{rule}", args))
