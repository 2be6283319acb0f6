"""What is loud about a card that goes past freeze and approval, and its review."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.domain.glass import is_over
from bot.domain.operation import State
from bot.outbound.slack import blocks
from bot.outbound.slack.card_people import needs_of, person
from bot.outbound.slack.escape import Token, cut, mrkdwn, plain
from bot.outbound.slack.looks import EMERGENCY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.domain.card import CardView
    from bot.domain.operation import Operation
    from bot.outbound.slack.blocks import Json
    from bot.outbound.slack.pen import Pen

_LONGEST: Final = 300


def titled(operation: Operation, pen: Pen) -> str:
    """Return the operation's title; an emergency's cannot be taken for another's."""
    title = pen.plain(operation.change.title)
    if operation.glass is None:
        return title
    return f"{EMERGENCY} {pen.label('card.glass-title', {'title': title})}"


def emergency(view: CardView, pen: Pen) -> Iterator[Json]:
    """Say why it cannot wait, past what it goes, and who has it in hand."""
    operation = view.operation
    if operation.glass is None:
        return
    lines = [pen.words("card.glass-reason", {"reason": _data(operation.glass)})]
    if operation.state is State.PROPOSED:
        args = {
            "who": person(view, operation.requester),
            "until": pen.moment(operation.decide_by),
        }
        lines.append(pen.words("card.glass-who", args))
        if view.missing:
            needs = Token(needs_of(view, pen))
            lines.append(pen.words("card.glass-past", {"needs": needs}))
    yield blocks.section("\n".join(lines))


def reviewed(view: CardView, pen: Pen) -> Iterator[Json]:
    """Say who broke the glass and when, and how its review stands."""
    found = view.broken
    if found is None:
        return
    args = {"who": person(view, found.member), "at": pen.moment(found.at)}
    lines = [f"{EMERGENCY} {pen.words('card.glass-broken', args)}"]
    if found.closed_by is not None and found.closed_at is not None:
        closed = {
            "who": person(view, found.closed_by),
            "at": pen.moment(found.closed_at),
            "finding": _data(found.finding or ""),
        }
        lines.append(f"🔎 {pen.words('card.review-closed', closed)}")
    elif is_over(view.operation.state):
        short = {"id": view.operation.short}
        lines.append(f"🔎 {pen.words('card.review-open', short)}")
    yield blocks.section("\n".join(lines))


def _data(text: str) -> Token:
    return Token(mrkdwn(cut(plain(text), most=_LONGEST)))
