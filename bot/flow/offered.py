"""
What this person may do here: the one place that is asked.

Lists, help and a target's own sheet all show what comes from here, so that none of them
offers what `ask` would refuse.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.flow.rights import doable

if TYPE_CHECKING:
    from bot.domain.catalog import Target
    from bot.domain.command import Spec
    from bot.flow.door import Caller
    from bot.ports import Front


def targets_for(caller: Caller) -> tuple[Target, ...]:
    """Return the targets of the channel's client that this person may know of."""
    return caller.client.targets


def commands_for(caller: Caller, *, target: Target, front: Front) -> tuple[Spec, ...]:
    """Return the commands that this person may ask for on this target, by name."""
    commands = front.registry.commands
    mine = doable(caller, front=front, targets=(target,))
    return tuple(commands[name].spec for name in sorted(mine))
