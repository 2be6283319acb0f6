"""
The rules that no policy can relax. Pure questions, reasoned answers; nothing raises.

Who else may do what is the operator's to say, in Cedar (`bot.domain.rights`); both have
to say yes. A verdict is a value. Its reason is shown to the person word for word and
names the rule and who could do it instead; default is no.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.domain.decision import Decision, Verdict
from bot.domain.message import Message
from bot.domain.operation import Operation, State
from bot.domain.people import members

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from bot.domain.catalog import Person

# Part of every digest: a change of these rules voids what was shown under the old ones.
VERSION: Final = "kernel-1"
NOT_A_DECIDER: Final = "not-a-decider"


def version(policies: str) -> str:
    """Return the version of all rules together, given that of the policies in force."""
    return hashlib.sha256(f"{VERSION}\n{policies}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Allowed:
    """Yes."""


@dataclass(frozen=True, slots=True)
class Denied:
    """No, by this rule, for this reason."""

    rule: str
    reason: Message


Answer = Allowed | Denied


def _no(rule: str, args: dict[str, str | int | Message] | None = None) -> Denied:
    return Denied(rule, Message.of(f"refused.{rule}", args))


def may_ask(person: Person, *, client: str, provider: str) -> Answer:
    """Tell whether this person may ask for anything on this client at all."""
    if person.organisation in (client, provider):
        return Allowed()
    return _no("other-client")


def may_cancel(operation: Operation, *, person: Person) -> Answer:
    """Tell whether this person may call the operation off."""
    if operation.state not in (State.ASKED, State.PROPOSED, State.APPROVED):
        return _no("too-late-to-cancel", {"state": operation.state.value})
    if person.id != operation.requester:
        return _no("not-the-requester", {"requester": members((operation.requester,))})
    return Allowed()


def may_halt(
    operation: Operation, *, person: Person, holders: Mapping[str, frozenset[str]]
) -> Answer:
    """Tell whether this person may have stopped what runs: that is no decision."""
    if operation.state is not State.RUNNING:
        return _no("not-running", {"state": operation.state.value})
    if not operation.progress.stoppable:
        return _no("not-stoppable")
    may = (operation.requester, *able_to_decide(operation, holders=holders))
    if person.id not in may:
        return _no("not-a-halter", {"who": members(may)})
    return Allowed()


def may_settle(
    operation: Operation, *, person: Person, holders: Mapping[str, frozenset[str]]
) -> Answer:
    """Tell whether this person may say what became of an operation in doubt."""
    able = able_to_decide(operation, holders=holders)
    if operation.state is not State.IN_DOUBT:
        return _no("not-in-doubt", {"state": operation.state.value})
    if person.id in own_people(operation):
        return _no("own-doubt", {"who": members(able)})
    if person.id not in able:
        return _no("not-a-settler", {"who": members(able)})
    return Allowed()


@dataclass(frozen=True, slots=True)
class Decider:
    """A person about to decide, and everything the rules look at besides."""

    person: Person
    digest: str
    verdict: Verdict
    now: datetime
    holders: Mapping[str, frozenset[str]]
    decisions: Sequence[Decision]


def may_decide(operation: Operation, *, by: Decider) -> Answer:  # noqa: PLR0911 - one condition a line, so that coverage shows each denial tested
    """Tell whether this click by this person counts for this very proposal."""
    if operation.state is not State.PROPOSED:
        return _ended(operation, by.decisions)
    if operation.glass is not None:
        return _no("glass-not-decided", {"who": members((operation.requester,))})
    if by.now >= operation.decide_by:
        return _no("expired")
    if by.digest != operation.digest:
        return _no("other-digest")
    if by.person.id == operation.requester:
        return _no("self-decision", {"who": _who(operation, by)})
    if operation.proposal is None or by.person.id in operation.proposal.authors:
        return _no("author-decision", {"who": _who(operation, by)})
    if not any(by.person.id in holding for holding in by.holders.values()):
        return _no(NOT_A_DECIDER, {"who": _who(operation, by)})
    if any(_same(by, decision, operation) for decision in by.decisions):
        return _no("already-decided-by-you")
    return Allowed()


def still_approved(
    operation: Operation,
    *,
    decisions: Sequence[Decision],
    holders_then: Mapping[str, Mapping[str, frozenset[str]]],
) -> tuple[str, ...]:
    """
    Return the approvers who count right before acting.

    `holders_then` has, for each approver, who held which role at the moment of that
    approval *by today's catalog*: a handover of the shift takes nothing away, a role or
    a membership that was withdrawn does.
    """
    return tuple(
        decision.member
        for decision in decisions
        if decision.verdict is Verdict.APPROVE
        and decision.digest == operation.digest
        and any(
            decision.member in holding
            for holding in holders_then.get(decision.member, {}).values()
        )
    )


def _same(by: Decider, decision: Decision, operation: Operation) -> bool:
    return decision.member == by.person.id and decision.digest == operation.digest


def own_people(operation: Operation) -> frozenset[str]:
    """Return whose own the operation is: who asked, and who wrote a commit in it."""
    authors = operation.proposal.authors if operation.proposal is not None else ()
    return frozenset((operation.requester, *authors))


def able_to_decide(
    operation: Operation, *, holders: Mapping[str, frozenset[str]]
) -> tuple[str, ...]:
    """Return who could decide on this operation now, by id, sorted."""
    able = {member for holding in holders.values() for member in holding}
    return tuple(sorted(able - own_people(operation)))


def _who(operation: Operation, by: Decider) -> Message:
    """Return who could decide instead; the person who may not is none of them."""
    return members(able_to_decide(operation, holders=by.holders))


def _ended(operation: Operation, decisions: Sequence[Decision]) -> Denied:
    """Tell the second click who decided, and when."""
    last = max(decisions, key=lambda decision: decision.at, default=None)
    if last is None or operation.state in (State.VOIDED, State.EXPIRED, State.ASKED):
        return _no("not-open", {"state": operation.state.value})
    return _no(
        "decided-already",
        {
            "state": operation.state.value,
            "who": members((last.member,)),
            "verdict": last.verdict.value,
            "at": last.at.strftime("%H:%M:%S UTC"),
        },
    )
