"""
What an approval binds to, and what the people who approve are shown.

`Bound` is everything that decides what will run. It is gathered once for the card and
again right before acting; if the two differ in any field, the approvals are void and
`differences` says in words what changed. `Proposal` adds what is only shown.
"""

from __future__ import annotations

import hashlib
import json
import re
from datetime import datetime
from typing import Final

from pydantic import Field
from pydantic_core import to_jsonable_python

from bot.domain.cost import Cost
from bot.domain.frozen import Frozen
from bot.domain.message import Message
from bot.domain.scope import Risk, Scope

# Enough to tell two cards apart by eye; what is checked is the whole digest.
FINGERPRINT: Final = 8
_HASH: Final = re.compile(r"[0-9a-f]{40,64}")
# Longer words than this stand on a card as their hash.
_SHORT: Final = 60


class BoundEdit(Frozen):
    """One edited file, as the hash of its content before and after."""

    file: str
    before: str
    after: str


class Drafted(Frozen):
    """
    The edit as it was made, kept from the moment its merge request was opened.

    `base` is the hash of the edited directory on the target branch at that moment.
    """

    edits: tuple[BoundEdit, ...]
    base: str
    diff: str
    before: str | int | float | bool | None
    shared_with: tuple[str, ...] = ()


class Bound(Frozen):
    """Everything that decides what will run (DESIGN, "what was shown is what runs")."""

    client: str
    command: str
    arguments: dict[str, str]
    target: str
    edits: tuple[BoundEdit, ...] = ()
    paths: tuple[str, ...] = ()
    project: str = ""
    target_branch: str = ""
    base: str = ""
    head_sha: str = ""
    plan: str = ""
    pipeline: str = ""
    # By environment: what an apply job must find in its own plan before it applies.
    outlines: dict[str, str] = Field(default={})
    playbook: str = ""
    live_state: str = ""
    cost: Cost | None = None
    scope: Scope | None = None
    credentials: str
    policy: str
    catalog: str
    expires_at: datetime
    scheduled_for: datetime | None = None


class Effects(Frozen):
    """How much a plan touches, as rules count it."""

    destroys: int = 0
    replaces: int = 0
    addresses: int = 0


class Line(Frozen):
    """One labelled fact of the card; the value is plain data."""

    label: Message
    value: str


class Proposal(Frozen):
    """
    The bound part and what the card shows beside it.

    `findings` are what is dangerous or not as intended; `notes` are worth a look and
    raise no risk. `undo` says how to go back; `way_back` is the line that does.
    `outlined` has the lines that the bound outlines are the hashes of.
    """

    bound: Bound
    risk: Risk
    findings: tuple[Message, ...] = ()
    notes: tuple[Message, ...] = ()
    summary: Message | None = None
    diff: str = ""
    plan: tuple[str, ...] = ()
    outlined: dict[str, tuple[str, ...]] = Field(default={})
    facts: tuple[Line, ...] = ()
    calls: tuple[str, ...] = ()
    undo: Message | None = None
    way_back: str = ""
    shared_with: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    pipeline_url: str = ""
    effects: Effects = Effects()


def digest(bound: Bound) -> str:
    """Return the SHA-256, in hex, that an approval of exactly this carries."""
    canonical = json.dumps(
        bound.model_dump(mode="json"), sort_keys=True, separators=(",", ":")
    )
    return hashlib.sha256(canonical.encode()).hexdigest()


def fingerprint(of: str) -> str:
    """Return the short form of a digest that cards show."""
    return of[:FINGERPRINT]


def differences(before: Bound, after: Bound) -> tuple[Message, ...]:
    """Return, in words, every field in which two bound things differ."""
    return tuple(
        Message.of(
            f"changed.{name.replace('_', '-')}",
            {
                "before": _short(getattr(before, name)),
                "after": _short(getattr(after, name)),
            },
        )
        for name in Bound.model_fields
        if getattr(before, name) != getattr(after, name)
    )


def voided(found: tuple[Message, ...]) -> Message:
    """Return what is different now from what was shown, the first three in words."""
    args: dict[str, str | int | Message] = {"count": len(found)}
    for place in range(3):
        args[f"change{place + 1}"] = found[place] if place < len(found) else ""
    return Message.of("voided.changed", args)


def _short(value: object) -> str:
    """Return a value short enough for one line of a card; another one reads another."""
    if value is None:
        return "-"
    if isinstance(value, Cost):
        return value.told
    if isinstance(value, datetime):
        return value.isoformat(timespec="minutes")
    if isinstance(value, str):
        if _HASH.fullmatch(value):
            return value[:12]
        if len(value) <= _SHORT:
            return value or "-"
    text = json.dumps(to_jsonable_python(value), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
