"""
Everything this program raises on purpose.

TandemError
├── Refused          the person can act on it: shown to them word for word, no alert
│   ├── BadArguments     the words do not fit the command
│   ├── NotAllowed       a rule says no to this person, here, now
│   └── WrongState       the operation has moved on
├── Unavailable      a system we depend on failed or timed out: named, retried
│   ├── Throttled        it asks for patience, and says how much
│   ├── Unacknowledged   our own database took a write and did not answer
│   └── OutcomeUnknown   …and what we asked of it may or may not have happened
└── Broken           our own mistake: shown as a reference, always alerts
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.domain.message import Message


class TandemError(Exception):
    """Base of all errors raised on purpose; caught whole only at the edges."""


class Refused(TandemError):  # noqa: N818 - a refusal is an answer, not an error
    """The request is understood and will not be done; the message says why."""

    def __init__(self, message: Message) -> None:
        super().__init__(message.key or "refused")
        self.message = message


class BadArguments(Refused):
    """The words after the command do not fit its arguments."""


class NotAllowed(Refused):
    """A rule says no to this person, for this operation, now; the audit has which."""

    def __init__(self, message: Message, *, rule: str = "") -> None:
        super().__init__(message)
        self.rule = rule


class WrongState(Refused):
    """The operation has moved on since the button was drawn."""


class Unavailable(TandemError):  # noqa: N818 - names a condition, like the others
    """A system we depend on failed or timed out; nothing was done by this call."""

    def __init__(self, system: str, detail: str = "") -> None:
        super().__init__(f"{system} did not answer: {detail}" if detail else system)
        self.system = system
        self.detail = detail


class Throttled(Unavailable):
    """It asks to be left alone for so many seconds; nothing was done by this call."""

    def __init__(self, system: str, *, retry_after: float) -> None:
        super().__init__(system, f"asks to wait {retry_after:.0f} s")
        self.retry_after = retry_after


class Unacknowledged(Unavailable):
    """
    Our own database took a write and the connection was lost before it answered.

    Nobody may be told "nothing was recorded". Whoever repeats the request is told what
    it was told then, by the request's own key.
    """


class OutcomeUnknown(Unavailable):
    """The call was sent and no trustworthy answer came: ask the world, never repeat."""


class Broken(TandemError):  # noqa: N818 - names a condition, like the others
    """A promise inside this program was not kept."""
