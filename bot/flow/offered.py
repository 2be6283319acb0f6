"""
What this person may do here: the one place that is asked.

Lists, help and a target's own sheet all show what comes from here, so that none of them
offers what `ask` would refuse.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.policy import Denied, may_ask

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
    provider = front.catalog.current().provider.id
    verdict = may_ask(caller.person, client=caller.client.id, provider=provider)
    if isinstance(verdict, Denied):
        return ()
    commands = front.registry.commands
    specs = (commands[name].spec for name in sorted(commands))
    return tuple(spec for spec in specs if spec.kind == target.kind)
