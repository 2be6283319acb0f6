"""
The buttons of a card: which there are, what they carry, what is asked before the click.

A button carries which operation and what was shown, nothing about who clicks: that is
in the signed request.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from bot.domain.operation import State
from bot.domain.proposal import fingerprint
from bot.outbound.slack import blocks
from bot.outbound.slack.escape import cut

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.domain.card import CardView
    from bot.domain.message import Message
    from bot.domain.operation import Operation, Progress
    from bot.outbound.slack.blocks import Json
    from bot.outbound.slack.pen import Pen

BLOCK: Final = "decide"
APPROVE: Final = "approve"
BREAK: Final = "break_glass"
DENY: Final = "deny"
CANCEL: Final = "cancel"
HALT: Final = "halt"
OPEN: Final = "open"
OLDER: Final = "audit_older"

_CANCELLABLE: Final = (State.ASKED, State.PROPOSED, State.APPROVED)
_TITLE: Final = 120


def buttons(view: CardView, *, pen: Pen, approvable: bool) -> Iterator[Json]:
    """The actions block, if anything can be done."""
    operation = view.operation
    elements = []
    if operation.state is State.PROPOSED and operation.glass is not None:
        if approvable:
            elements.append(_break(view, pen))
    elif operation.state is State.PROPOSED:
        if approvable and view.held is None:
            elements.append(_approve(view, pen))
        elements.append(_deny(operation, pen))
    if operation.progress.url and pen.trusts(operation.progress.url):
        number = operation.progress.merge_request or 0
        label = pen.label("card.button-open", {"number": str(number)})
        elements.append(blocks.button(label, action=OPEN, url=operation.progress.url))
    if operation.state in _CANCELLABLE:
        elements.append(_cancel(operation, pen))
    if operation.state is State.RUNNING and _may_stop(operation.progress):
        elements.append(_halt(operation, pen))
    if elements:
        yield blocks.actions(BLOCK, elements)


def carried(operation: Operation) -> str:
    """Return what a button of this card carries."""
    value = {"o": operation.id, "d": operation.digest or ""}
    return json.dumps(value, separators=(",", ":"))


def _what(view: CardView, pen: Pen) -> dict[str, str | int | Message]:
    """Return what is asked once more before a click that lets something run."""
    operation = view.operation
    return {
        "title": cut(pen.plain(operation.change.title), most=_TITLE),
        "target": cut(operation.target, most=64),
        "environment": pen.label(f"environment.{operation.environment.value}"),
        "client": cut(view.client_name, most=40),
        "fingerprint": fingerprint(operation.digest or ""),
    }


def _break(view: CardView, pen: Pen) -> Json:
    return blocks.button(
        pen.label("card.button-break"),
        action=BREAK,
        value=carried(view.operation),
        style="danger",
        confirm=blocks.confirmation(
            title=pen.label("card.break-title"),
            text=pen.label("card.break-text", _what(view, pen)),
            yes=pen.label("card.button-break"),
            no=pen.label("card.confirm-no"),
            style="danger",
        ),
    )


def _approve(view: CardView, pen: Pen) -> Json:
    operation = view.operation
    text = pen.label("card.confirm-text", _what(view, pen))
    return blocks.button(
        pen.label("card.button-approve"),
        action=APPROVE,
        value=carried(operation),
        style="primary",
        confirm=blocks.confirmation(
            title=pen.label("card.confirm-title"),
            text=text,
            yes=pen.label("card.button-approve"),
            no=pen.label("card.confirm-no"),
        ),
    )


def _deny(operation: Operation, pen: Pen) -> Json:
    return blocks.button(
        pen.label("card.button-deny"),
        action=DENY,
        value=carried(operation),
        style="danger",
    )


def _may_stop(progress: Progress) -> bool:
    return progress.stoppable and progress.halted_by is None


def _halt(operation: Operation, pen: Pen) -> Json:
    what = {"target": cut(operation.target, most=64)}
    return blocks.button(
        pen.label("card.button-halt"),
        action=HALT,
        value=carried(operation),
        style="danger",
        confirm=blocks.confirmation(
            title=pen.label("card.halt-title"),
            text=pen.label("card.halt-text", what),
            yes=pen.label("card.halt-yes"),
            no=pen.label("card.halt-no"),
            style="danger",
        ),
    )


def _cancel(operation: Operation, pen: Pen) -> Json:
    return blocks.button(
        pen.label("card.button-cancel"),
        action=CANCEL,
        value=carried(operation),
        confirm=blocks.confirmation(
            title=pen.label("card.cancel-title"),
            text=pen.label("card.cancel-text"),
            yes=pen.label("card.cancel-yes"),
            no=pen.label("card.cancel-no"),
            style="danger",
        ),
    )
