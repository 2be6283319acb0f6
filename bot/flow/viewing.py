"""Gathering what a card shows: the operation, its decisions, and who is who."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.card import CardView
from bot.domain.message import Message
from bot.domain.policy import able_to_decide
from bot.domain.timing.when import shown
from bot.flow.holders import holders_now, still_missing
from bot.flow.holding import Around, around, told_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.decision import Decision
    from bot.domain.glass import Break
    from bot.domain.operation import Operation
    from bot.domain.route import Need
    from bot.ports import Front


async def view_of(operation: Operation, *, front: Front) -> CardView:
    """Return the operation with everything a card shows around it."""
    catalog = front.catalog.current()
    decisions = await front.store.decisions(operation.client, operation=operation.id)
    near = await around(operation, front=front)
    empty = still_missing(
        operation, decisions=decisions, standing=near.standing, front=front
    )
    able = _able(operation, decisions, empty, near=near, front=front)
    broken = await _broken(operation, front=front)
    named = {operation.requester, *able, *(one.member for one in decisions)}
    named |= {broken.closed_by} if broken and broken.closed_by else set()
    people = {one: catalog.member(one) for one in sorted(named)}
    owner = catalog.client(operation.client)
    return CardView(
        operation=operation,
        decisions=decisions,
        missing=empty,
        able=able,
        people={one: person for one, person in people.items() if person},
        client_name=owner.name if owner else operation.client,
        language=owner.language if owner else "en",
        held=_held(operation, near=near, front=front),
        scheduled=_scheduled(operation, front=front),
        quiet=None if operation.called else Message.of("card.quiet"),
        broken=broken,
    )


def _able(
    operation: Operation,
    decisions: Sequence[Decision],
    empty: Sequence[Need],
    *,
    near: Around,
    front: Front,
) -> tuple[str, ...]:
    """Return who could fill a place that is still empty, and has not decided yet."""
    holders = holders_now(operation, standing=near.standing, front=front)
    wanted = {need.role: holders[need.role] for need in empty}
    said = {one.member for one in decisions if one.digest == operation.digest}
    able = able_to_decide(operation, holders=wanted)
    return tuple(one for one in able if one not in said)


async def _broken(operation: Operation, *, front: Front) -> Break | None:
    """Return the glass that was broken for it, if it is an emergency."""
    if operation.glass is None:
        return None
    found = await front.store.breaks(operation.client, operation=operation.id)
    return found[0] if found else None


def _held(operation: Operation, *, near: Around, front: Front) -> Message | None:
    """Return that it is frozen, and whether that holds it back."""
    if near.hold is None:
        return None
    key = "card.frozen" if operation.glass is None else "card.frozen-past"
    return told_of(near.hold, operation.client, key=key, front=front)


def _scheduled(operation: Operation, *, front: Front) -> Message | None:
    if operation.scheduled_for is None:
        return None
    timezone = front.catalog.current().timezone(operation.client)
    at = shown(operation.scheduled_for, timezone=timezone)
    return Message.of("card.scheduled", {"at": at})
