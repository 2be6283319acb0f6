"""
All that one stage leaves behind: the unit that is committed whole or not at all.

A stage reads, decides, and hands over one of these. Operations are saved by
compare-and-set on their version, so a stage that was overtaken leaves nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.audit import Checkpoint, Event
from bot.domain.decision import Decision
from bot.domain.errors import TandemError
from bot.domain.frozen import Frozen
from bot.domain.glass import Break
from bot.domain.ladder import Agreed, Seen
from bot.domain.link import Link
from bot.domain.message import Message
from bot.domain.operation import Operation
from bot.domain.outgoing import Outgoing
from bot.domain.timing.lent import Delegation
from bot.domain.timing.marks import Marks


class Task(StrEnum):
    """The worker's tasks; a job is a task's name, a client and an operation."""

    PREPARE = "prepare"
    EXECUTE = "execute"
    WATCH = "watch"
    TIDY = "tidy"
    NOTICE = "notice"
    LOOK = "look"
    TICKET = "ticket"
    LINK = "link"
    PROTECT = "protect"


class Job(Frozen):
    """
    The next stage of one operation, now or after a while.

    `once` leaves it out when such a job waits or runs already.
    """

    task: Task
    operation: str
    after: timedelta | None = None
    once: bool = False


class Delivery(Frozen):
    """A signed request, by its own key, and the answer that its repetition gets."""

    key: str
    answer: Message


class Lent(Frozen):
    """
    Credentials that were lent, by the handle that takes them back.

    `session_dies_at` is when an AWS session made of them ends, which nobody can hasten.
    """

    accessor: str
    operation: str
    purpose: str
    expires_at: datetime
    session_dies_at: datetime | None = None
    lent_at: datetime | None = None


class Ended(Frozen):
    """How lent credentials ended, in the words of `lease.Ending`."""

    accessor: str
    ending: str


class Lending(Frozen):
    """Roles that are lent from now on, and the ids of those taken back early."""

    given: tuple[Delegation, ...] = ()
    revoked: tuple[str, ...] = ()


class Ladder(Frozen):
    """
    What was agreed on the trust ladder, what lapsed, and what GitLab was seen to say.

    `lapsed` are ids of the operations by which it had been agreed.
    """

    agreed: tuple[Agreed, ...] = ()
    lapsed: tuple[str, ...] = ()
    seen: Seen | None = None


class Closing(Frozen):
    """A review that is closed: of which operation, by whom, and what was found."""

    operation: str
    by: str
    finding: str


class Glass(Frozen):
    """Glasses that were broken, and how their reviews go on, by operation."""

    broken: tuple[Break, ...] = ()
    opened: tuple[str, ...] = ()
    reminded: tuple[str, ...] = ()
    closed: tuple[Closing, ...] = ()


class Links(Frozen):
    """Links that are asked for, and the next versions of others."""

    adds: tuple[Link, ...] = ()
    saves: tuple[Link, ...] = ()


class Writes(Frozen):
    """State, decisions, credentials, audit, outbox and next jobs of one client."""

    client: str
    at: datetime
    delivery: Delivery | None = None
    adds: tuple[Operation, ...] = ()
    saves: tuple[Operation, ...] = ()
    decisions: tuple[Decision, ...] = ()
    lent: tuple[Lent, ...] = ()
    ended: tuple[Ended, ...] = ()
    checkpoints: tuple[Checkpoint, ...] = ()
    events: tuple[Event, ...] = ()
    says: tuple[Outgoing, ...] = ()
    jobs: tuple[Job, ...] = ()
    timing: Marks | None = None
    lending: Lending | None = None
    ladder: Ladder | None = None
    glass: Glass | None = None
    links: Links | None = None


class Overtaken(TandemError):  # noqa: N818 - names what happened, like its siblings
    """Somebody else moved the operation first: read it again and decide again."""


class Duplicate(TandemError):  # noqa: N818 - as above
    """The request was already delivered; `answer` is what it was told then."""

    def __init__(self, answer: Message | None) -> None:
        super().__init__("already delivered")
        self.answer = answer
