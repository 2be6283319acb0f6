"""
Which requests are decided by whom: routes.yaml.

The first rule that matches is the one; where none does, nobody may decide (threats
I14). What a chosen route means, and when it is fulfilled, is in `bot.domain.route`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from bot.domain.catalog.names import CommandName, Count, Duration, RiskName
from bot.domain.frozen import Frozen
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


class Match(Frozen):
    """Which requests a rule is for; what is not given does not matter to it."""

    risk: Annotated[RiskName | None, Field(description="Exactly this risk.")] = None
    environment: Annotated[
        Environment | None, Field(description="Only in this environment.")
    ] = None
    command: Annotated[
        CommandName | None, Field(description="Only for this command.")
    ] = None

    def fits(self, *, risk: Risk, environment: Environment, command: str) -> bool:
        """Whether the rule is for such a request."""
        if self.risk not in (None, risk):
            return False
        if self.environment not in (None, environment):
            return False
        return self.command in (None, command)

    def takes_all_of(self, other: Match) -> bool:
        """Whether every request that `other` fits also fits this."""
        if self.risk not in (None, other.risk):
            return False
        if self.environment not in (None, other.environment):
            return False
        return self.command in (None, other.command)


class RouteRule(Frozen):
    """For such requests: who must approve, how long it waits, when to remind."""

    match: Annotated[Match, Field(description="Which requests; all, if not given.")] = (
        Match()
    )
    needs: Annotated[
        tuple[Place, ...], Field(min_length=1, description="Who must approve.")
    ]
    expires: Annotated[
        Duration | None,
        Field(description="How long it may be decided on; else the client's own."),
    ] = None
    remind_before: Annotated[
        Duration | None,
        Field(description="How long before that Tandem reminds; else the client's."),
    ] = None


class Routes(Frozen):
    """All rules, the first that matches being the one: routes.yaml."""

    routes: Annotated[
        tuple[RouteRule, ...],
        Field(description="In order. Where none matches, nobody may decide."),
    ]
