"""Who may say something about an operation besides deciding on it, and who may not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.catalog.rights import ON_CALL
from bot.domain.errors import NotAllowed
from bot.domain.policy import Denied
from bot.flow.explaining import refused
from bot.flow.holders import holders_now
from bot.flow.rights import about_operation, deciders, ruling

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.domain.operation import Operation
    from bot.domain.policy import Answer
    from bot.domain.rights import Action
    from bot.flow.door import Caller
    from bot.flow.holding import Around
    from bot.ports import Front


def able_now(
    operation: Operation, *, near: Around, front: Front
) -> Mapping[str, frozenset[str]]:
    """Return who may decide on it; on call, where the policy alone approved it."""
    holders = holders_now(operation, standing=near.standing, front=front)
    if holders:
        return holders
    at = front.now()
    people = front.catalog.current().on_call(at, standing=near.standing)
    able = deciders(people, operation, at=at, standing=near.standing, front=front)
    return {ON_CALL: able}


def refuse_unless(
    verdict: Answer,
    operation: Operation,
    caller: Caller,
    *,
    action: Action,
    near: Around,
    front: Front,
) -> None:
    """Raise NotAllowed by the built-in rule that denies it, or by the policies."""
    if isinstance(verdict, Denied):
        raise NotAllowed(verdict.reason, rule=verdict.rule)
    asked = about_operation(
        action,
        operation,
        person=caller.person,
        at=front.now(),
        standing=near.standing,
        front=front,
    )
    ruled = ruling(asked, front=front)
    if not ruled.allowed:
        raise refused(asked, ruled, standing=near.standing, front=front)
