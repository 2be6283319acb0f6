"""What a merge request adds a month, as its command says and routes count it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.way_back import Before
from bot.flow.changes.observing import client_of

if TYPE_CHECKING:
    from bot.domain.cost import Cost
    from bot.domain.operation import Operation
    from bot.domain.playbook import LiveState
    from bot.domain.proposal import Bound
    from bot.domain.terraform.finding import GuardReport
    from bot.ports import Back


def cost_of(
    operation: Operation, before: Before, *, report: GuardReport, back: Back
) -> Cost | None:
    """
    Return what it adds a month; None where that is not known.

    The price is that of what was asked for. Of a plan that does anything besides, such
    as changing a second machine by a shared value, it would tell a part only.
    """
    return _priced(operation, before, back=back) if report.clean else None


def cost_again(
    operation: Operation, bound: Bound, *, state: LiveState, back: Back
) -> Cost | None:
    """Return what it adds a month as things are now, if that was known before."""
    drafted = operation.progress.drafted
    if bound.cost is None or drafted is None:
        return None
    before = Before(state=state, value=drafted.before)
    return _priced(operation, before, back=back)


def _priced(operation: Operation, before: Before, *, back: Back) -> Cost | None:
    asked = back.registry.commands[operation.command]
    command = asked.model_validate(operation.arguments)
    return command.cost(before, client_of(operation, back=back))
