"""One person's approve or deny of one digest."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from bot.domain.frozen import Frozen


class Verdict(StrEnum):
    """The two things one can say to a proposal."""

    APPROVE = "approve"
    DENY = "deny"


class Decision(Frozen):
    """Who said what about which digest, when, and by which way they came in."""

    operation: str
    member: str
    organisation: str
    verdict: Verdict
    digest: str
    reason: str = ""
    at: datetime
    source: str
    shown_in: str = ""
