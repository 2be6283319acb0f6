"""
Which rule of routes.yaml a request falls to.

In order, the first that fits; an envelope that is closed or used up is passed over.
Risk only raises: a rule for a greater risk that asks fewer people than one for a
smaller risk would is not taken, whatever the file says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.frozen import Frozen
from bot.domain.ladder import TrustLevel
from bot.domain.route import Facts, Passed
from bot.domain.scope import Environment, Risk

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.domain.catalog.routes import RouteRule


class Request(Frozen):
    """What rules look at, besides the risk."""

    environment: Environment
    command: str
    trust: TrustLevel = TrustLevel.PROPOSE
    facts: Facts = Facts()


def chosen_rule(
    rules: Sequence[RouteRule],
    *,
    risk: Risk,
    request: Request,
    used: Mapping[str, int],
) -> RouteRule | None:
    """
    Return the rule for this request; None where none fits, and so nobody may decide.

    `used` has how often each open envelope was used today; one it lacks is closed.
    """
    found = _compared(rules, risk=risk, request=request, used=used)
    # Of equals the request's own.
    return max(found, key=lambda one: one.people, default=None)


def relied_on(
    rules: Sequence[RouteRule],
    *,
    risk: Risk,
    request: Request,
    used: Mapping[str, int],
) -> int:
    """
    Return how many successes in a row the choice needs to stand as it is.

    Rules that only less risk would have led to are among what was compared: without
    what they count on, others might have asked for more people.
    """
    found = _compared(rules, risk=risk, request=request, used=used)
    return max((one.match.after_success or 0 for one in found), default=0)


def _compared(
    rules: Sequence[RouteRule],
    *,
    risk: Risk,
    request: Request,
    used: Mapping[str, int],
) -> tuple[RouteRule, ...]:
    """Return the request's own rule, if any, and then those of every smaller risk."""
    own = first_rule(rules, risk=risk, request=request, used=used)
    if own is None:
        return ()
    lower = (
        first_rule(rules, risk=one, request=request, used=used)
        for one in Risk
        if one < risk
    )
    return (own, *(one for one in lower if one))


def first_rule(
    rules: Sequence[RouteRule],
    *,
    risk: Risk,
    request: Request,
    used: Mapping[str, int],
) -> RouteRule | None:
    """Return the first rule that fits, as the file has them."""
    for rule in rules:
        if rule.envelope is not None and passed(rule, used) is None:
            continue
        if rule.match.fits(
            risk=risk,
            environment=request.environment,
            command=request.command,
            trust=request.trust,
            facts=request.facts,
        ):
            return rule
    return None


def plans_apart(rules: Sequence[RouteRule]) -> tuple[Facts, ...]:
    """
    Return a plan of every sort that the rules tell apart.

    Of what destroys and replaces they see whether, of addresses whether they are more
    than a number that one of them names.
    """
    named = {one for rule in rules if (one := rule.match.addresses_up_to) is not None}
    counts = sorted({1, 2} | {one + more for one in named for more in (0, 1)})
    return tuple(
        Facts(destroys=destroys, replaces=replaces, addresses=addresses)
        for addresses in counts
        for destroys in (0, 1)
        for replaces in (0, 1)
        if destroys + replaces <= addresses
    )


def passed(rule: RouteRule, used: Mapping[str, int]) -> Passed | None:
    """Return the envelope with this use counted; None if there is no place in it."""
    envelope = rule.envelope
    if envelope is None:
        return None
    before = used.get(envelope.name, envelope.per_day)
    if before >= envelope.per_day:
        return None
    return Passed(name=envelope.name, number=before + 1, per_day=envelope.per_day)
