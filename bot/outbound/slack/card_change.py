"""
What an operation would do, as blocks: findings, edit, plan, facts, calls, the way back.

Dangerous things come first and are never left out silently: what does not fit is
counted, and `whole` then says that the card must not be approved by a button.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.outbound.slack import blocks, listing
from bot.outbound.slack.escape import cut, mrkdwn, plain
from bot.outbound.slack.looks import DANGER, NOTE, WARNING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bot.domain.message import Message
    from bot.domain.operation import Operation
    from bot.domain.proposal import Line, Proposal
    from bot.outbound.slack.blocks import Json
    from bot.outbound.slack.listing import Listing
    from bot.outbound.slack.pen import Pen

# Slack refuses a message whose blocks hold more than some 13,000 characters in all
# (`msg_blocks_too_long`, a bound it does not document), so they share 12,000.
_FINDINGS: Final = 3600
_DIFF: Final = 2000
_PLAN: Final = 2400
_SHARED: Final = 600
_NOTED: Final = 600
_CALLS: Final = 800
_FACTS: Final = 10
_FACT: Final = 100

_DANGERS: Final = (
    "guard.destroy",
    "guard.forget",
    "guard.replace",
    "guard.replace-unexplained",
    "guard.invoke",
    "guard.not-planned",
    "guard.not-created",
    "guard.not-destroyed",
)
_NOTES: Final = ("guard.side-effect", "guard.read")
# How `bot.domain.plan_text` begins the lines that take something away.
_DESTRUCTIVE: Final = ("- ", "-/+ ", "x ")


@dataclass(frozen=True, slots=True)
class Change:
    """The blocks, and whether all that could make one say no is among them."""

    blocks: tuple[Json, ...]
    whole: bool


def change_of(operation: Operation, pen: Pen) -> Change:
    """Return what is proposed; before that only what would be edited, if known."""
    proposal = operation.proposal
    if proposal is None:
        drafted = operation.progress.drafted
        early = drafted.diff if drafted and not operation.ended else ""
        return Change(tuple(_diff(early, pen)), whole=True)
    found = listing.messages(
        proposal.findings,
        signs=[_sign(one) for one in proposal.findings],
        most=_FINDINGS,
        pen=pen,
    )
    noted = listing.messages(
        proposal.notes, signs=[NOTE] * len(proposal.notes), most=_NOTED, pen=pen
    )
    shared = listing.data(proposal.shared_with, most=_SHARED)
    plan = listing.data(proposal.plan, most=_PLAN)
    shown = (
        *_findings(found, pen),
        *_notes(noted, pen),
        *_shared(shared, pen),
        *_diff(proposal.diff, pen),
        *_plan(proposal, plan, pen),
        *_facts(proposal.facts, pen),
        *_calls(proposal.calls, pen),
        *_undo(proposal.undo, pen),
    )
    whole = found.whole and shared.whole and not _hides_danger(proposal.plan, plan)
    return Change(shown, whole)


def _sign(finding: Message) -> str:
    if finding.key in _DANGERS:
        return DANGER
    return NOTE if finding.key in _NOTES else WARNING


def _hides_danger(plan: Sequence[str], shown: Listing) -> bool:
    """Whether a line that takes something away is missing or shortened."""
    return any(
        line.startswith(_DESTRUCTIVE)
        and (at >= len(shown.lines) or shown.lines[at] != plain(line))
        for at, line in enumerate(plan)
    )


def _findings(found: Listing, pen: Pen) -> Iterator[Json]:
    if not found.lines and not found.hidden:
        return
    title = f"*{pen.words('card.findings')}*"
    for text in blocks.paragraphs((title, *found.lines)):
        yield blocks.section(text)
    yield from _missing(found, pen)


def _notes(noted: Listing, pen: Pen) -> Iterator[Json]:
    for text in blocks.paragraphs(noted.lines):
        yield blocks.section(text)
    yield from _missing(noted, pen)


def _shared(shared: Listing, pen: Pen) -> Iterator[Json]:
    if not shared.lines and not shared.hidden:
        return
    yield blocks.section(f"{WARNING} *{pen.words('card.shared')}*")
    yield blocks.preformatted("\n".join(shared.lines) or "…")
    yield from _missing(shared, pen)


def _diff(text: str, pen: Pen) -> Iterator[Json]:
    shown = listing.diff(text, most=_DIFF)
    if not shown.lines and not shown.hidden:
        return
    yield blocks.section(f"*{pen.words('card.diff')}*")
    yield blocks.preformatted("\n".join(shown.lines) or "…")
    yield from _missing(shown, pen)


def _plan(proposal: Proposal, shown: Listing, pen: Pen) -> Iterator[Json]:
    if proposal.summary is not None:
        yield blocks.section(f"*{pen.say(proposal.summary)}*")
    if shown.lines or shown.hidden:
        yield blocks.preformatted("\n".join(shown.lines) or "…")
        yield from _missing(shown, pen)


def _facts(facts: Sequence[Line], pen: Pen) -> Iterator[Json]:
    shown = [
        f"*{pen.say(fact.label)}*\n{mrkdwn(cut(plain(fact.value), most=_FACT)) or '-'}"
        for fact in facts[:_FACTS]
    ]
    yield from blocks.fields(shown)
    yield from _missing(listing.Listing((), len(facts) - len(shown)), pen)


def _calls(calls: Sequence[str], pen: Pen) -> Iterator[Json]:
    shown = listing.data(calls, most=_CALLS)
    if not shown.lines and not shown.hidden:
        return
    yield blocks.section(f"*{pen.words('card.calls')}*")
    yield blocks.preformatted("\n".join(shown.lines) or "…")
    yield from _missing(shown, pen)


def _undo(undo: Message | None, pen: Pen) -> Iterator[Json]:
    if undo is not None:
        yield blocks.context(f"↩️ {pen.say(undo)}")


def _missing(shown: Listing, pen: Pen) -> Iterator[Json]:
    """Say how many lines are not here, or not here in full."""
    if shown.hidden > 0:
        yield blocks.context(pen.words("card.hidden", {"count": shown.hidden}))
    if shown.shortened:
        yield blocks.context(pen.words("card.shortened", {"count": shown.shortened}))
