"""
An operation as a card: what a person on call reads on a phone before saying yes.

Pure: a view and a pen in, blocks out. The order is the order of questions at night:
what is it, where does it stand, what is dangerous, what changes, who decides. What
would change is drawn by `card_change`, people by `card_people`, buttons by `buttons`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.domain.operation import State
from bot.domain.proposal import fingerprint
from bot.outbound.slack import blocks
from bot.outbound.slack.buttons import buttons
from bot.outbound.slack.card_change import change_of
from bot.outbound.slack.card_glass import emergency, reviewed, titled
from bot.outbound.slack.card_people import decided, deciding, facts_of
from bot.outbound.slack.escape import Token, cut, mrkdwn
from bot.outbound.slack.looks import environment, stands, state_word

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.domain.card import CardView
    from bot.domain.message import Message
    from bot.domain.operation import Operation
    from bot.outbound.slack.blocks import Drawn, Json
    from bot.outbound.slack.pen import Pen

_LONGEST: Final = 500
# A freeze stops what has not begun; asking and preparing go on.
_HOLDABLE: Final = (State.ASKED, State.PROPOSED, State.APPROVED)


def card(view: CardView, *, pen: Pen) -> Drawn:
    """Return the operation's card as it stands."""
    return blocks.Drawn(fallback(view, pen), tuple(_blocks(view, pen)))


def fallback(view: CardView, pen: Pen) -> str:
    """Return the card in one line, for notifications and screen readers."""
    operation = view.operation
    return pen.words(
        "card.fallback",
        {
            "title": titled(operation, pen),
            "state": Token(pen.words(stands(operation))),
            "client": view.client_name,
            "environment": Token(environment(operation, pen)),
        },
    )


def bounded(message: Message, pen: Pen) -> str:
    """Return a message in words, shortened if it is absurdly long."""
    text = pen.say(message)
    if len(text) <= blocks.SECTION - _LONGEST:
        return text
    return mrkdwn(cut(pen.plain(message), most=_LONGEST))


def status(view: CardView, pen: Pen) -> str:
    """Return the one line that says where it stands, and where it would act."""
    operation = view.operation
    client, where = pen.data(view.client_name), environment(operation, pen)
    return f"{state_word(operation, pen)}  ·  {client}  ·  {where}"


def _blocks(view: CardView, pen: Pen) -> Iterator[Json]:
    operation = view.operation
    change = change_of(operation, pen)
    yield blocks.header(titled(operation, pen))
    yield blocks.section(status(view, pen))
    yield from emergency(view, pen)
    if operation.outcome is not None:
        yield blocks.section(bounded(operation.outcome, pen))
    if view.scheduled is not None and operation.state in _HOLDABLE:
        yield blocks.section(f"🕙 {bounded(view.scheduled, pen)}")
    if view.quiet is not None and operation.state is State.PROPOSED:
        yield blocks.context(f"🌙 {bounded(view.quiet, pen)}")
    if view.held is not None and operation.state in _HOLDABLE:
        yield blocks.section(f"🧊 {bounded(view.held, pen)}")
    if view.held is None or operation.glass is not None:
        yield from _waiting(operation, pen)
    yield from change.blocks
    yield from facts_of(view, pen)
    yield from deciding(view, pen)
    yield from decided(view, pen)
    yield from reviewed(view, pen)
    if operation.state is State.PROPOSED and not change.whole:
        yield blocks.section(f"⛔ {_withheld(operation, pen)}")
    yield blocks.context(_small_print(operation, pen))
    yield from buttons(view, pen=pen, approvable=change.whole)


def _waiting(operation: Operation, pen: Pen) -> Iterator[Json]:
    """Say what is waited for, unless all is over."""
    waiting = operation.progress.waiting_for
    if waiting is not None and not operation.ended:
        yield blocks.context(f"⏳ {bounded(waiting, pen)}")


def _withheld(operation: Operation, pen: Pen) -> str:
    """Say why there is no Approve, and what to do."""
    shown = fingerprint(operation.digest or "")
    key = "card.withheld" if operation.glass is None else "card.withheld-glass"
    return pen.words(key, {"id": operation.short, "fingerprint": shown})


def _small_print(operation: Operation, pen: Pen) -> str:
    """Return id, fingerprint, and the way to where it is written in full."""
    parts = [pen.words("card.id", {"id": operation.short})]
    if operation.digest is not None:
        shown = fingerprint(operation.digest)
        parts.append(pen.words("card.fingerprint", {"fingerprint": shown}))
    number = str(operation.progress.merge_request or 0)
    label = pen.label("card.button-open", {"number": number})
    pipeline = operation.proposal.pipeline_url if operation.proposal else ""
    links = (
        pen.link(operation.progress.url or "", label=label),
        pen.link(pipeline, label=pen.label("card.pipeline")),
        pen.link(operation.progress.pipeline_url or "", label=pen.label("card.apply")),
    )
    return "  ·  ".join((*parts, *(link for link in links if link)))
