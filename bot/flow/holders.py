"""Who holds the roles of an operation's route, and which places are still empty."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.policy import still_approved
from bot.domain.route import missing
from bot.flow.rights import deciders

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.domain.decision import Decision
    from bot.domain.operation import Operation
    from bot.domain.route import Need
    from bot.domain.timing.rota import Standing
    from bot.ports import Front


def holders_now(
    operation: Operation, *, standing: Standing, front: Front
) -> Mapping[str, frozenset[str]]:
    """Return who holds each role of the route now, and may decide as that."""
    catalog = front.catalog.current()
    route = operation.route
    return {
        need.role: deciders(
            catalog.holders(
                need.role,
                client=operation.client,
                at=front.now(),
                standing=standing,
            ),
            operation,
            at=front.now(),
            standing=standing,
            front=front,
        )
        for need in (route.needs if route else ())
    }


def still_missing(
    operation: Operation,
    *,
    decisions: Sequence[Decision],
    standing: Standing,
    front: Front,
) -> tuple[Need, ...]:
    """
    Return the places of the route that no approval fills.

    An approval counts by who held which role at its moment, as today's catalog tells,
    and what chat and feeds said of that moment (`standing`): a handover of the shift
    takes nothing away; a role that was withdrawn, a person who was deactivated and a
    policy that says no by now do.
    """
    catalog, route = front.catalog.current(), operation.route
    if route is None:
        return ()
    then = {
        one.member: {
            need.role: deciders(
                catalog.holders(
                    need.role,
                    client=operation.client,
                    at=one.at,
                    standing=standing,
                ),
                operation,
                at=one.at,
                standing=standing,
                front=front,
            )
            for need in route.needs
        }
        for one in decisions
    }
    approvers = still_approved(operation, decisions=decisions, holders_then=then)
    holders = {
        need.role: frozenset(
            member for member in approvers if member in then[member][need.role]
        )
        for need in route.needs
    }
    return missing(route, approvers=approvers, holders=holders)
