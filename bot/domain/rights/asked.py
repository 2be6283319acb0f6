"""One question to the policies: may this person do this, to that, for that client."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.domain.scope import Environment, Risk


class Action(StrEnum):
    """Everything that policies speak of; the schema has the same list."""

    ASK = "ask"
    DECIDE = "decide"
    CANCEL = "cancel"
    SEE = "see"
    AUDIT = "audit"
    DELEGATE = "delegate"
    FREEZE = "freeze"
    BREAK_GLASS = "break-glass"
    ADMINISTER = "administer"


# These are about one request on one target; all others are about the client as a whole.
ON_TARGETS = frozenset(
    {Action.ASK, Action.DECIDE, Action.CANCEL, Action.BREAK_GLASS},
)


@dataclass(frozen=True, slots=True)
class Actor:
    """A person with the roles that count for this client at this moment."""

    id: str
    organisation: str
    roles: frozenset[str]


@dataclass(frozen=True, slots=True)
class Thing:
    """A target as policies see it; `kind` is unknown once it left the catalog."""

    name: str
    environment: Environment
    kind: str | None
    critical: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """
    The question, all of it.

    `thing`, `command`, `risk` and `requester` belong to actions on targets; `role` and
    `holds` (whether it is the actor's own) to delegating.
    """

    action: Action
    actor: Actor
    client: str
    thing: Thing | None = None
    command: str = ""
    risk: Risk | None = None
    requester: str = ""
    role: str = ""
    holds: bool = False
