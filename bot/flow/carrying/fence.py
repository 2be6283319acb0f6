"""
The fence before acting: an operation is announced once, and only while it runs.

The lock that keeps two workers apart dies with the connection that holds it, and a
worker can outlive that: frozen, or cut off, it comes back to an operation that another
has meanwhile carried out or ended. The announcement is saved by compare-and-set, so of
all who come to it one passes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.operation import State
from bot.domain.writes import Overtaken

if TYPE_CHECKING:
    from bot.domain.operation import Operation


def not_announced_yet(latest: Operation) -> None:
    """Raise Overtaken when another worker has begun to act, or has ended it."""
    if latest.progress.announced or latest.state is not State.RUNNING:
        raise Overtaken(f"operation {latest.id} was carried on by another worker")
