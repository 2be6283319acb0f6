"""
The audit trail: what is recorded, and the hash chain that makes it tamper-evident.

Each client has one chain. A record holds the hash of its own content and a hash over
the record before it, its place and that content, so that an edit, a removal, an
insertion or a swap breaks every hash after it. The database gives a record its place
and links it (`alembic/sql/0002_audit.sql`); here is the same rule for those who read. A
checkpoint is a signed statement of how long a chain was and what its last hash was;
kept elsewhere, it shows a chain that was cut off or rewritten whole. The stand-alone
verifier (`deploy/verify/`) implements the rule a third time without importing this
module.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field

from bot.domain.frozen import Frozen

FORMAT: Final = "tandem-audit/1"
_CANONICAL: Final = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=True
)
_LIST: Final = json.JSONEncoder(separators=(",", ":"), ensure_ascii=True)


class EventName(StrEnum):
    """Every event there is: `noun.verb`, past tense."""

    OPERATION_ASKED = "operation.asked"
    OPERATION_PROPOSED = "operation.proposed"
    OPERATION_REFUSED = "operation.refused"
    OPERATION_APPROVED = "operation.approved"
    OPERATION_DENIED = "operation.denied"
    OPERATION_CANCELLED = "operation.cancelled"
    OPERATION_EXPIRED = "operation.expired"
    OPERATION_VOIDED = "operation.voided"
    OPERATION_STARTED = "operation.started"
    OPERATION_DONE = "operation.done"
    OPERATION_FAILED = "operation.failed"
    OPERATION_DOUBTED = "operation.doubted"
    DOUBT_SETTLED = "doubt.settled"
    OPERATION_REMINDED = "operation.reminded"
    DECISION_MADE = "decision.made"
    DECISION_REFUSED = "decision.refused"
    REQUEST_REFUSED = "request.refused"
    MERGE_REQUEST_OPENED = "merge_request.opened"
    MERGE_REQUEST_CLOSED = "merge_request.closed"
    MERGE_ANNOUNCED = "merge.announced"
    MERGE_DONE = "merge.done"
    GATE_BYPASSED = "gate.bypassed"
    ACTION_ANNOUNCED = "action.announced"
    ACTION_DONE = "action.done"
    ACTION_RECONCILED = "action.reconciled"
    CERTIFICATE_ISSUED = "certificate.issued"
    CREDENTIALS_LENT = "credentials.lent"
    CREDENTIALS_ENDED = "credentials.ended"
    HANDOVER_MADE = "handover.made"
    EFFECT_VERIFIED = "effect.verified"
    EFFECT_MISSING = "effect.missing"
    PLAN_DIFFERED = "plan.differed"
    APPLY_REFUSED = "apply.refused"
    OPERATION_ESCALATED = "operation.escalated"
    OPERATION_PAUSED = "operation.paused"
    OPERATION_HALTED = "operation.halted"
    FREEZE_DECLARED = "freeze.declared"
    FREEZE_LIFTED = "freeze.lifted"
    DUTY_CLAIMED = "duty.claimed"
    DUTY_PASSED = "duty.passed"
    DELEGATION_MADE = "delegation.made"
    DELEGATION_ENDED = "delegation.ended"
    TRUST_ANNOUNCED = "trust.announced"
    TRUST_MOVED = "trust.moved"
    TRUST_LAPSED = "trust.lapsed"
    PROTECTION_SET = "protection.set"
    PROTECTION_DRIFTED = "protection.drifted"
    PROTECTION_RESTORED = "protection.restored"
    COMMITTER_MERGED = "committer.merged"
    GLASS_BROKEN = "glass.broken"
    REVIEW_OPENED = "review.opened"
    REVIEW_REMINDED = "review.reminded"
    REVIEW_CLOSED = "review.closed"
    ROTA_STALLED = "rota.stalled"
    ROTA_RESUMED = "rota.resumed"
    CHECKPOINT_SIGNED = "checkpoint.signed"
    INVENTORY_READ = "inventory.read"
    MESSAGE_UNDELIVERED = "message.undelivered"
    LOOK_ASKED = "look.asked"
    LOOK_DONE = "look.done"
    TICKET_ASKED = "ticket.asked"
    TICKET_ANNOUNCED = "ticket.announced"
    TICKET_OPENED = "ticket.opened"
    TICKET_REFUSED = "ticket.refused"
    TICKET_POSTPONED = "ticket.postponed"
    TICKET_LOST = "ticket.lost"
    LINK_ASKED = "link.asked"
    LINK_ANSWERED = "link.answered"
    LINK_NOTED = "link.noted"
    LINK_MADE = "link.made"
    LINK_REFUSED = "link.refused"
    LINK_EXPIRED = "link.expired"
    LINK_REMOVED = "link.removed"


class Event(Frozen):
    """Something that happened, before it has its place in a chain."""

    name: EventName
    actor: str
    source: str
    operation: str | None = None
    body: dict[str, object] = Field(default_factory=dict)


class Record(Frozen):
    """An event in its place; `hash` covers its place, its content and all before it."""

    client: str
    seq: Annotated[int, Field(ge=1)]
    at: datetime
    event: EventName
    actor: str
    source: str
    operation: str | None
    body: str
    content: str
    previous: str
    hash: str


class Checkpoint(Frozen):
    """How long a client's chain was, and its last hash, signed by a key kept apart."""

    client: str
    seq: int
    head: str
    at: datetime
    signature: str = ""

    def payload(self) -> bytes:
        """Return the exact bytes that are signed."""
        lines = (
            "tandem-checkpoint/1",
            self.client,
            str(self.seq),
            self.head,
            instant(self.at),
        )
        return "\n".join(lines).encode()


def genesis(client: str) -> str:
    """Return what stands before a client's first record."""
    return hashlib.sha256(f"{FORMAT}\n{client}".encode()).hexdigest()


def canonical(body: dict[str, object]) -> str:
    """Return the one spelling of a body; it is stored and hashed as this text."""
    return _CANONICAL.encode(body)


def instant(at: datetime) -> str:
    """Return the one spelling of a moment: UTC, microseconds, `Z`."""
    # Not strftime: several times slower, and this is on the way to every answer.
    plain = at.astimezone(UTC).replace(tzinfo=None)
    return f"{plain.isoformat(timespec='microseconds')}Z"


def content(event: Event, *, client: str, at: datetime) -> str:
    """
    Return the hash of all that an event says.

    The fields are hashed as one JSON list, so that no two lists of fields read the
    same.
    """
    return content_of(
        event, client=client, instant=instant(at), body=canonical(event.body)
    )


def content_of(event: Event, *, client: str, instant: str, body: str) -> str:
    """Return the same for who has the moment and the body spelled out already."""
    fields = (
        FORMAT,
        client,
        instant,
        event.name.value,
        event.actor,
        event.source,
        event.operation or "",
        body,
    )
    return hashlib.sha256(_LIST.encode(fields).encode()).hexdigest()


def link(previous: str, *, seq: int, content: str) -> str:
    """Return a record's hash: of the hash before it, its place, its content."""
    place = seq.to_bytes(8, "big", signed=True)
    return hashlib.sha256(
        bytes.fromhex(previous) + place + bytes.fromhex(content)
    ).hexdigest()
