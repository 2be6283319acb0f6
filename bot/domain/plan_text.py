"""A plan in the signs that Terraform's readers know, one change a line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.domain.message import Message
from bot.domain.proposal import Effects
from bot.domain.terraform.plan import Action

if TYPE_CHECKING:
    from bot.domain.terraform.plan import AttributeChange, Plan

_UNTOUCHED: Final = (Action.READ, Action.NO_OP)
_SIGNS: Final = {
    Action.CREATE: "+",
    Action.UPDATE: "~",
    Action.DELETE: "-",
    Action.REPLACE: "-/+",
    Action.FORGET: "x",
}
# What would destroy comes first: a cut-off list must never hide it.
_ORDER: Final = (
    Action.DELETE,
    Action.REPLACE,
    Action.FORGET,
    Action.CREATE,
    Action.UPDATE,
)


def plan_lines(plan: Plan) -> tuple[str, ...]:
    """Return what the plan changes, the destructive first; sensitive values hidden."""
    lines: list[str] = []
    for action in _ORDER:
        for change in plan.changes:
            if change.action is action:
                lines.append(f"{_SIGNS[action]} {change.address}")
                if action in (Action.UPDATE, Action.REPLACE):
                    lines += [f"    {_attribute(one)}" for one in change.attributes]
    return tuple(lines)


def plan_summary(plan: Plan) -> Message:
    """Return the counts, as Terraform's closing line has them."""
    summary = plan.summary
    return Message.of(
        "card.plan",
        {
            "add": len(summary.add),
            "change": len(summary.change),
            "destroy": len(summary.destroy),
            "replace": len(summary.replace),
        },
    )


def effects_of(*plans: Plan) -> Effects:
    """Return how much the plans touch together, as the rules of routes count it."""
    changes = [
        (number, one) for number, plan in enumerate(plans) for one in plan.changes
    ]
    done = [one.action for _, one in changes]
    touched = {
        (number, one.address) for number, one in changes if one.action not in _UNTOUCHED
    }
    return Effects(
        # What Terraform forgets is as gone from its hands as what it destroys.
        destroys=done.count(Action.DELETE) + done.count(Action.FORGET),
        replaces=done.count(Action.REPLACE),
        addresses=len(touched),
    )


def _attribute(change: AttributeChange) -> str:
    if change.sensitive:
        return f"{change.path} = (sensitive)"
    after = change.after if change.known else "(known after apply)"
    return f"{change.path} = {change.before} -> {after}"
