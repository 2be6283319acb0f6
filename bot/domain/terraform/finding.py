"""
What a look at a plan can find, as values.

Only shapes, their order and the risk they amount to: `guard` finds them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, Final

from bot.domain.scope import Risk

if TYPE_CHECKING:
    from bot.domain.message import Message
    from bot.domain.terraform.address import Address
    from bot.domain.terraform.literal import Scalar
    from bot.domain.terraform.plan import AttributeChange


class Severity(IntEnum):
    """How much a finding matters."""

    NOTE = 0
    WARNING = 1
    DANGER = 2


class Kind(StrEnum):
    """What was found; in the order in which findings of one severity are shown."""

    DESTROY = "destroy"
    FORGET = "forget"
    REPLACE = "replace"
    INVOKE = "invoke"
    NOT_PLANNED = "not-planned"
    CREATE = "create"
    IMPORT = "import"
    UPDATE = "update"
    MOVE = "move"
    OTHER_VALUE = "other-value"
    OTHER_ATTRIBUTE = "other-attribute"
    CHECK = "check"
    OUTPUT = "output"
    DRIFT = "drift"
    READ = "read"
    SIDE_EFFECT = "side-effect"


_RISK: Final = {
    Severity.NOTE: Risk.LOW,
    Severity.WARNING: Risk.MEDIUM,
    Severity.DANGER: Risk.HIGH,
}


@dataclass(frozen=True, slots=True)
class Intended:
    """The one changed attribute that was asked for."""

    address: Address
    attribute: str
    before: Scalar | None
    after: Scalar


@dataclass(frozen=True, slots=True)
class IntendedWhole:
    """The one resource that was asked to be created, or destroyed, saying this."""

    address: Address
    creates: bool
    values: tuple[tuple[str, Scalar], ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing the plan does besides what was intended, or fails to do."""

    kind: Kind
    severity: Severity
    address: str
    message: Message
    attributes: tuple[AttributeChange, ...] = ()


@dataclass(frozen=True, slots=True)
class GuardReport:
    """All findings, the dangerous first, and the risk they amount to."""

    findings: tuple[Finding, ...]

    @property
    def risk(self) -> Risk:
        """The least risk an operation with these findings has."""
        worst = max((each.severity for each in self.findings), default=Severity.NOTE)
        return _RISK[worst]

    @property
    def clean(self) -> bool:
        """Whether the plan does what was intended, side effects of that aside."""
        return all(each.kind is Kind.SIDE_EFFECT for each in self.findings)

    def raised(self, risk: Risk) -> Risk:
        """Return `risk`, or the findings' own where that is higher."""
        return max(risk, self.risk)
