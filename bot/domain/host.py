"""
One host as a playbook sees it: a play goes in, what became of each task comes out.

Owns the closed shapes of both. What runs the play is `bot/outbound/ansible`; what is
in it is the playbook's folder. Text that a host sends back is data, cut and redacted
before it gets here.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from bot.domain.frozen import Frozen

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from pydantic import SecretStr

    from bot.domain.change import Scalar


class Play(Frozen):
    """
    The files of a playbook as they were hashed, and which of them is to be run.

    `foreign` says that they are not ours but a client's: then only what is known to
    stay on the host is run, and `Refused` says where it does not.
    """

    files: tuple[tuple[str, str], ...]
    entry: str
    foreign: bool = False


class StepStatus(StrEnum):
    """What became of a task."""

    OK = "ok"
    CHANGED = "changed"
    SKIPPED = "skipped"
    FAILED = "failed"
    RESCUED = "rescued"


class Step(Frozen):
    """One task that has ended."""

    task: str
    status: StepStatus


class TaskFailed(Frozen):
    """The task at which a play ended, and the host's own words, redacted and cut."""

    task: str
    reason: str


class Played(Frozen):
    """
    What a whole play came to.

    `said` is what the playbook chose to tell by `set_stats`, text by name. `diff` is
    what changed or, when only checked, what would.
    """

    changed: bool
    said: tuple[tuple[str, str], ...] = ()
    diff: str = ""
    failed: TaskFailed | None = None

    def value(self, name: str) -> str | None:
        """Return what was told by that name."""
        return dict(self.said).get(name)


class HostSession(Protocol):
    """One host, as far as a lent certificate reaches, until it ends."""

    async def play(
        self,
        play: Play,
        *,
        variables: Mapping[str, Scalar],
        secrets: Mapping[str, SecretStr] | None = None,
        check: bool = False,
        hear: Callable[[Step], Awaitable[None]] | None = None,
    ) -> Played:
        """
        Run the play on this host and no other; with `check` change nothing.

        Variables reach the play as text that is never evaluated. A task that failed is
        told in the answer. Raises `Refused` if the host is not the one that was meant
        or a foreign play is not one that may run (nothing happened),
        `Unavailable` if it was not reached (nothing happened), `OutcomeUnknown` if it
        was lost on the way of a play that changes things.
        """
