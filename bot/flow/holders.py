"""Who holds the roles of an operation's route, and which places are still empty."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.change import TrustMove
from bot.domain.policy import own_people, still_approved
from bot.domain.route import missing
from bot.domain.timing.lent import lent, one_voice
from bot.flow.rights import deciders

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from bot.domain.decision import Decision
    from bot.domain.operation import Operation
    from bot.domain.route import Need
    from bot.domain.timing.rota import Standing
    from bot.ports import Front


def holders_now(
    operation: Operation, *, standing: Standing, front: Front
) -> Mapping[str, frozenset[str]]:
    """Return who holds each role of the route now, and may decide as that."""
    route, at = operation.route, front.now()
    return {
        need.role: _holding(need.role, operation, at=at, standing=standing, front=front)
        for need in (route.needs if route else ())
    }


def _holding(
    role: str,
    operation: Operation,
    *,
    at: datetime,
    standing: Standing,
    front: Front,
) -> frozenset[str]:
    """Return who held a role at a moment, and may decide by today's policies."""
    catalog = front.catalog.current()
    people = catalog.holders(role, client=operation.client, at=at, standing=standing)
    borrowed = borrowers(role, operation, at=at, standing=standing, front=front)
    takers = [person for one in borrowed if (person := catalog.member(one))]
    return deciders(
        (*people, *takers), operation, at=at, standing=standing, front=front
    )


def borrowers(
    role: str,
    operation: Operation,
    *,
    at: datetime,
    standing: Standing,
    front: Front,
) -> Mapping[str, str]:
    """Return who held a role at a moment by having it lent for this, and by whom."""
    if not standing.delegations:
        return {}
    holders = front.catalog.current().holders(
        role, client=operation.client, at=at, standing=standing
    )
    return lent(
        standing.delegations,
        role=role,
        holders={one.id for one in holders},
        barred=own_people(operation),
        at=at,
    )


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
    route = operation.route
    if route is None:
        return ()
    moments = {one.member: one.at for one in decisions}
    if isinstance(operation.change, TrustMove):
        # Whoever asks for it has spoken for the own company; the other one decides.
        moments[operation.requester] = operation.asked_at
    then = {
        member: {
            need.role: _holding(
                need.role, operation, at=at, standing=standing, front=front
            )
            for need in route.needs
        }
        for member, at in moments.items()
    }
    approvers = still_approved(operation, decisions=decisions, holders_then=then)
    if isinstance(operation.change, TrustMove):
        approvers = (operation.requester, *approvers)
    holders = {}
    for need in route.needs:
        through = {
            member: giver
            for member in approvers
            for taker, giver in borrowers(
                need.role,
                operation,
                at=moments[member],
                standing=standing,
                front=front,
            ).items()
            if taker == member
        }
        heard = one_voice(approvers, through=through)
        holders[need.role] = frozenset(
            member for member in heard if member in then[member][need.role]
        )
    return missing(route, approvers=approvers, holders=holders)
