"""
Breaking the glass: acting at once in an emergency, alone and in everybody's sight.

It goes past a freeze and past the people a route asks for, and past nothing else: who
it is, what may be touched, what was shown and what is written down hold as always. It
is no approval, and who asked is the only one who can do it. Somebody else reviews it
afterwards, and until that is closed the same person breaks no other glass.

Pure questions with reasoned answers, as in `policy`; default is no.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from bot.domain.catalog.people import ClientRole, ProviderRole
from bot.domain.frozen import Frozen
from bot.domain.message import Message
from bot.domain.operation import ENDED, SHORT, State
from bot.domain.people import members
from bot.domain.policy import Allowed, Answer, Denied

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from bot.domain.catalog import Person
    from bot.domain.operation import Operation

# An emergency is now: what nobody confirms for so long was none.
LASTS: Final = timedelta(minutes=30)
# What came of an operation in doubt may stay unknown for long, and people may look.
_OVER: Final = ENDED | {State.IN_DOUBT}


class Break(Frozen):
    """A glass that was broken: by whom, why, on what was shown; and its review."""

    operation: str
    client: str
    member: str
    organisation: str
    reason: str
    digest: str
    at: datetime
    opened_at: datetime | None = None
    reminded_at: datetime | None = None
    closed_at: datetime | None = None
    closed_by: str | None = None
    finding: str | None = None


@dataclass(frozen=True, slots=True)
class Breaker:
    """
    A person about to break the glass, and everything the rules look at besides.

    `unreviewed` are this person's breaks whose review is open, at any client; `able`
    are those who review what this person does here.
    """

    person: Person
    digest: str
    now: datetime
    unreviewed: Sequence[Break] = ()
    able: Collection[str] = ()


def may_ask_to_break(
    client: str, *, unreviewed: Sequence[Break], able: Collection[str]
) -> Answer:
    """Tell whether a person with these open reviews may ask for a break here."""
    for one in unreviewed:
        if one.client == client:
            args: dict[str, str | int | Message] = {
                "id": one.operation[:SHORT],
                "who": members(sorted(able)),
            }
            return _no("glass-review-open", args)
    if unreviewed:
        # Which client that is, is not for this client's audit to say.
        return _no("glass-review-elsewhere")
    return Allowed()


def may_break_glass(operation: Operation, *, by: Breaker) -> Answer:  # noqa: PLR0911 - one condition a line, so that coverage shows each denial tested
    """Tell whether this click by this person breaks this very glass."""
    if operation.glass is None:
        return _no("glass-not-asked")
    if operation.state is not State.PROPOSED:
        return _no("glass-not-open", {"state": operation.state.value})
    if by.now >= operation.decide_by:
        return _no("expired")
    if by.digest != operation.digest:
        return _no("other-digest")
    if by.person.id != operation.requester:
        return _no("glass-of-another", {"who": members((operation.requester,))})
    if by.person.deactivated:
        return _no("deactivated", {"client": operation.client})
    return may_ask_to_break(operation.client, unreviewed=by.unreviewed, able=by.able)


def broken(operation: Operation, *, breaks: Iterable[Break]) -> Break | None:
    """Return the break by which the operation may run, if there is one."""
    for one in breaks:
        if (
            operation.glass is not None
            and one.operation == operation.id
            and one.member == operation.requester
            and one.digest == operation.digest
        ):
            return one
    return None


def reviewers(
    people: Iterable[Person], *, client: str, provider: str, of: str
) -> tuple[Person, ...]:
    """Return who may close the review of what this member did at this client."""
    return tuple(
        one
        for one in people
        if one.id != of
        and not one.deactivated
        and (
            (one.organisation == client and ClientRole.OWNER in one.roles)
            or (one.organisation == provider and ProviderRole.MANAGER in one.roles)
        )
    )


def may_review(
    found: Break, *, person: Person, state: State, able: Collection[str]
) -> Answer:
    """Tell whether this person may close this review now; `able` are its reviewers."""
    if found.closed_at is not None:
        return _no("review-closed", {"who": members((found.closed_by or "",))})
    if person.id == found.member:
        return _no("review-own", {"who": members(sorted(able))})
    if person.id not in able:
        return _no("review-not-yours", {"who": members(sorted(able))})
    if state not in _OVER:
        return _no("review-early")
    return Allowed()


def is_over(state: State) -> bool:
    """Whether what was done behind the glass can be looked at by now."""
    return state in _OVER


def _no(rule: str, args: dict[str, str | int | Message] | None = None) -> Denied:
    return Denied(rule, Message.of(f"refused.{rule}", args))
