"""
Which requests are decided by whom: routes.yaml.

The first rule that matches is the one; where none does, nobody may decide (threats
I14). What a chosen route means, and when it is fulfilled, is in `bot.domain.route`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from bot.domain.catalog.names import CommandName, Count, Duration, RiskName
from bot.domain.frozen import Frozen
from bot.domain.ladder import TrustLevel
from bot.domain.route import Facts
from bot.domain.scope import Environment, Risk


class DeciderRole(StrEnum):
    """As what a person decides: by rota, or by a role of theirs."""

    PROVIDER_ONCALL = "provider.oncall"
    PROVIDER_ENGINEER = "provider.engineer"
    PROVIDER_MANAGER = "provider.manager"
    CLIENT_DEVELOPER = "client.developer"
    CLIENT_OWNER = "client.owner"


class Place(Frozen):
    """So many people who hold this role must approve."""

    role: Annotated[DeciderRole, Field(description="As what they approve.")]
    count: Annotated[Count, Field(description="How many of them; 1 if not given.")] = 1


class HoursState(StrEnum):
    """Whether client and provider are both there, by their calendars."""

    OPEN = "open"
    CLOSED = "closed"


class Envelope(Frozen):
    """What the policy itself approves: so many a day for each client, then no more."""

    name: Annotated[CommandName, Field(description="A short name; it is counted by.")]
    per_day: Annotated[
        int, Field(strict=True, ge=1, le=1000, description="So many a day, a client.")
    ]


_NO_FACTS = Facts()


class Match(Frozen):
    """Which requests a rule is for; what is not given does not matter to it."""

    risk: Annotated[RiskName | None, Field(description="Exactly this risk.")] = None
    environment: Annotated[
        Environment | None, Field(description="Only in this environment.")
    ] = None
    command: Annotated[
        CommandName | None, Field(description="Only for this command.")
    ] = None
    hours: Annotated[
        HoursState | None,
        Field(description="Only when it would run while all are there, or not."),
    ] = None
    trust: Annotated[
        TrustLevel | None, Field(description="Only for clients at this level there.")
    ] = None
    destroys: Annotated[
        bool | None, Field(description="Only if the plan destroys something, or not.")
    ] = None
    replaces: Annotated[
        bool | None, Field(description="Only if the plan replaces something, or not.")
    ] = None
    addresses_up_to: Annotated[
        int | None,
        Field(strict=True, ge=0, description="Only if it touches so many at most."),
    ] = None
    costs_up_to: Annotated[
        int | None,
        Field(
            strict=True,
            ge=0,
            description="Only if it adds so many US dollars a month at most; what no "
            "price is known of never fits.",
        ),
    ] = None
    after_success: Annotated[
        int | None,
        Field(
            strict=True,
            ge=1,
            le=50,
            description="Only if the last so many of its command went well there, "
            "within 90 days.",
        ),
    ] = None

    def fits(  # noqa: PLR0911 - one condition a line, so that coverage shows each
        self,
        *,
        risk: Risk,
        environment: Environment,
        command: str,
        trust: TrustLevel = TrustLevel.PROPOSE,
        facts: Facts = _NO_FACTS,
    ) -> bool:
        """Whether the rule is for such a request."""
        if self.risk not in (None, risk):
            return False
        if self.environment not in (None, environment):
            return False
        if self.command not in (None, command):
            return False
        if self.trust not in (None, trust):
            return False
        if self.hours not in (None, _hours(facts)):
            return False
        if self.destroys not in (None, facts.destroys > 0):
            return False
        if self.replaces not in (None, facts.replaces > 0):
            return False
        if self.addresses_up_to is not None and facts.addresses > self.addresses_up_to:
            return False
        if self.costs_up_to is not None and not _is_up_to(facts, self.costs_up_to):
            return False
        return facts.successes >= (self.after_success or 0)

    def takes_all_of(self, other: Match) -> bool:
        """Whether every request that `other` fits also fits this."""
        for name in _EXACT:
            if getattr(self, name) not in (None, getattr(other, name)):
                return False
        if not _at_most(other.addresses_up_to, self.addresses_up_to):
            return False
        if not _at_most(other.costs_up_to, self.costs_up_to):
            return False
        return (self.after_success or 0) <= (other.after_success or 0)


_LIMITS = ("addresses_up_to", "costs_up_to", "after_success")
_EXACT = tuple(name for name in Match.model_fields if name not in _LIMITS)


def _at_most(limit: int | None, most: int | None) -> bool:
    """Whether what is within the one limit is within the other; None is no limit."""
    return most is None or (limit is not None and limit <= most)


def _is_up_to(facts: Facts, dollars: int) -> bool:
    """Whether the price is known to be so low: what is unknown may be anything."""
    return facts.cost is not None and facts.cost.is_up_to(dollars)


def _hours(facts: Facts) -> HoursState:
    return HoursState.OPEN if facts.is_open else HoursState.CLOSED


class RouteRule(Frozen):
    """For such requests: who must approve, how long it waits, when to remind."""

    match: Annotated[Match, Field(description="Which requests; all, if not given.")] = (
        Match()
    )
    needs: Annotated[tuple[Place, ...], Field(description="Who must approve.")]
    envelope: Annotated[
        Envelope | None,
        Field(description="With `needs: []`: what is approved beforehand, a day."),
    ] = None
    expires: Annotated[
        Duration | None,
        Field(description="How long it may be decided on; else the client's own."),
    ] = None
    remind_before: Annotated[
        Duration | None,
        Field(description="How long before that Tandem reminds; else the client's."),
    ] = None

    @model_validator(mode="after")
    def _people_or_envelope(self) -> Self:
        if bool(self.needs) == (self.envelope is not None):
            raise PydanticCustomError(
                "catalog.needs-or-envelope", "wanted people, or an envelope"
            )
        return self

    @property
    def people(self) -> int:
        """How many people approve; none, where the policy does."""
        return sum(place.count for place in self.needs)


class Routes(Frozen):
    """All rules, the first that matches being the one: routes.yaml."""

    routes: Annotated[
        tuple[RouteRule, ...],
        Field(description="In order. Where none matches, nobody may decide."),
    ]
