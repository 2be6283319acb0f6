"""
One request, from being asked to having ended, and the only steps it may take.

`STEPS` is the state machine: the code moves by it, the database refuses anything else,
and `docs/flow.md` is printed from it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final

from pydantic import StringConstraints

from bot.domain.change import Change
from bot.domain.errors import WrongState
from bot.domain.frozen import Frozen
from bot.domain.message import Message
from bot.domain.proposal import Drafted, Proposal
from bot.domain.route import Route
from bot.domain.scope import Environment, Risk

OperationId = Annotated[str, StringConstraints(pattern=r"^[a-z2-7]{20}$")]

# So much of an id is shown and typed; a longer piece is asked for when two share it.
SHORT: Final = 7


class State(StrEnum):
    """Where an operation stands, in the order of the flow."""

    ASKED = "asked"
    PROPOSED = "proposed"
    APPROVED = "approved"
    RUNNING = "running"
    IN_DOUBT = "in_doubt"
    DONE = "done"
    FAILED = "failed"
    REFUSED = "refused"
    DENIED = "denied"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    VOIDED = "voided"


class Step(Frozen):
    """One allowed step, who takes it, and the audit event that tells of it."""

    to: State
    by: str
    event: str


STEPS: Final[dict[State, tuple[Step, ...]]] = {
    State.ASKED: (
        Step(to=State.PROPOSED, by="prepare", event="operation.proposed"),
        Step(to=State.REFUSED, by="prepare", event="operation.refused"),
        Step(to=State.CANCELLED, by="requester", event="operation.cancelled"),
        Step(to=State.EXPIRED, by="sweep", event="operation.expired"),
    ),
    State.PROPOSED: (
        Step(to=State.APPROVED, by="decider", event="operation.approved"),
        Step(to=State.APPROVED, by="break-glass", event="glass.broken"),
        Step(to=State.DENIED, by="decider", event="operation.denied"),
        Step(to=State.CANCELLED, by="requester", event="operation.cancelled"),
        Step(to=State.EXPIRED, by="sweep", event="operation.expired"),
        Step(to=State.VOIDED, by="watch", event="operation.voided"),
    ),
    State.APPROVED: (
        Step(to=State.RUNNING, by="execute", event="operation.started"),
        Step(to=State.VOIDED, by="execute, watch", event="operation.voided"),
        Step(to=State.CANCELLED, by="requester", event="operation.cancelled"),
        Step(to=State.EXPIRED, by="execute, sweep", event="operation.expired"),
    ),
    State.RUNNING: (
        Step(to=State.DONE, by="execute", event="operation.done"),
        Step(to=State.FAILED, by="execute", event="operation.failed"),
        Step(to=State.IN_DOUBT, by="execute, sweep", event="operation.doubted"),
    ),
    State.IN_DOUBT: (
        Step(to=State.DONE, by="reconcile, decider", event="operation.done"),
        Step(to=State.FAILED, by="reconcile, decider", event="operation.failed"),
    ),
    State.DONE: (),
    State.FAILED: (),
    State.REFUSED: (),
    State.DENIED: (),
    State.CANCELLED: (),
    State.EXPIRED: (),
    State.VOIDED: (),
}

ENDED: Final = frozenset(state for state, steps in STEPS.items() if not steps)


class Place(Frozen):
    """Where in the chat an operation lives."""

    team: str
    channel: str


class Progress(Frozen):
    """What has been brought about so far: the handles a restart picks up again."""

    branch: str | None = None
    merge_request: int | None = None
    url: str | None = None
    pipeline_url: str | None = None
    merged_sha: str | None = None
    apply_pipeline: int | None = None
    announced: bool = False
    # Whether it runs where it can be stopped, and who had it stopped while it ran.
    stoppable: bool = False
    halted_by: str | None = None
    # A secret that came of it was handed to the one who asked.
    handed: bool = False
    drafted: Drafted | None = None
    waiting_for: Message | None = None


class Operation(Frozen):
    """
    A request and all that has come of it.

    `version` is the store's: it grows with every save, and a save of an older version
    is refused (compare-and-set).
    """

    id: OperationId
    client: str
    command: str
    arguments: dict[str, str]
    line: str
    # The operation that this one takes back, when `/infra undo` asked for it.
    undoes: str | None = None
    # The operation that was last asked to take this one back.
    undone_by: str | None = None
    # Why it cannot wait for those who decide, if it was asked for as break-glass.
    glass: str | None = None
    target: str
    environment: Environment
    requester: str
    place: Place
    change: Change
    risk: Risk
    state: State = State.ASKED
    asked_at: datetime
    expires_at: datetime
    scheduled_for: datetime | None = None
    proposed_at: datetime | None = None
    reminded: bool = False
    called: bool = True
    escalated: int = 0
    route: Route | None = None
    proposal: Proposal | None = None
    digest: str | None = None
    progress: Progress = Progress()
    outcome: Message | None = None
    ended_at: datetime | None = None
    version: int = 1

    @property
    def short(self) -> str:
        """The part of the id that people see and type."""
        return self.id[:SHORT]

    @property
    def decide_by(self) -> datetime:
        """Until when it may be decided on: never past the time it was scheduled for."""
        return self.scheduled_for or self.expires_at

    def runs_at(self, now: datetime) -> datetime:
        """Return when it would run, were it approved now."""
        return max(now, self.scheduled_for or now)

    def wait(self, now: datetime) -> timedelta | None:
        """Return how long it is until its moment; None when it may run now."""
        ahead = self.runs_at(now) - now
        return ahead or None

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in ENDED

    def to(
        self,
        state: State,
        *,
        at: datetime | None = None,
        outcome: Message | None = None,
    ) -> Operation:
        """Return this operation one step on; WrongState if there is no such step."""
        step_to(self.state, state)
        update: dict[str, object] = {"state": state, "outcome": outcome or self.outcome}
        if state in ENDED:
            update["ended_at"] = at
        return self.model_copy(update=update)

    def proposed(self, proposal: Proposal, *, digest: str, route: Route) -> Operation:
        """Return this operation laid before its deciders."""
        update = {
            "proposal": proposal,
            "digest": digest,
            "risk": proposal.risk,
            "route": route,
            "expires_at": proposal.bound.expires_at,
            "progress": self.progress.model_copy(update={"waiting_for": None}),
        }
        return self.to(State.PROPOSED).model_copy(update=update)

    def advanced(self, progress: Progress) -> Operation:
        """Return this operation with more of it brought about."""
        return self.model_copy(update={"progress": progress})

    def undone(self, *, by: str) -> Operation:
        """Return this operation with the one that is to take it back."""
        return self.model_copy(update={"undone_by": by})

    def reminded_now(self) -> Operation:
        """Return this operation with its reminder sent; there is one only."""
        return self.model_copy(update={"reminded": True})


def step_to(before: State, after: State) -> Step:
    """Return the step between two states; WrongState says where it stands."""
    for step in STEPS[before]:
        if step.to is after:
            return step
    raise WrongState(
        Message.of(
            "refused.wrong-state", {"state": before.value, "wanted": after.value}
        )
    )
