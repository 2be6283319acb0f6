"""
A line after `/infra`: a question, a decision in words, or something that is asked for.

Deciding in words wants the fingerprint of what was shown, as a button carries it: who
types an id alone may not have seen what it stands for.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from bot.domain.catalog import Client
from bot.domain.decision import Verdict
from bot.domain.decode import seen
from bot.domain.errors import BadArguments, Refused, Unavailable
from bot.domain.glass_text import WORD as BREAK_GLASS
from bot.domain.glass_text import read_break
from bot.domain.ladder import COMMAND as TRUST
from bot.domain.link import WORD as LINK
from bot.domain.message import Language, Message
from bot.domain.proposal import FINGERPRINT
from bot.domain.text import read_words
from bot.domain.views import Said, View
from bot.domain.writes import Overtaken
from bot.flow.agreeing import is_move
from bot.flow.answer import WORDS, answer
from bot.flow.ask import ask
from bot.flow.break_glass import Shown, break_glass
from bot.flow.can_i import WORD as CAN_I
from bot.flow.can_i import can_i
from bot.flow.decide import Choice, cancel, decide
from bot.flow.delegate import WORDS as DELEGATE_WORDS
from bot.flow.delegate import delegate
from bot.flow.door import Knock, enter, turn_away
from bot.flow.duty import WORDS as DUTY_WORDS
from bot.flow.duty import oncall
from bot.flow.freeze import WORDS as FREEZE_WORDS
from bot.flow.freeze import freeze
from bot.flow.halt import WORD as HALT
from bot.flow.halt import halt
from bot.flow.ladder import ladder
from bot.flow.link import link
from bot.flow.review import WORDS as REVIEW_WORDS
from bot.flow.review import review
from bot.flow.settle import WORD as SETTLE
from bot.flow.settle import settle
from bot.flow.ticket import WORD as TICKET
from bot.flow.ticket import ticket
from bot.flow.undoing import way_back

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from bot.domain.text import Word
    from bot.ports import Front

SHORTEST_REASON: Final = 3
LONGEST_REASON: Final = 500
UNDO: Final = "undo"
_TRIES: Final = 8
_ID: Final = re.compile(r"[a-z2-7]{4,20}")
_FINGERPRINT: Final = re.compile(rf"[0-9a-f]{{{FINGERPRINT},64}}")
_USAGE: Final = {
    "approve": "refused.approve-usage",
    "deny": "refused.deny-usage",
    "cancel": "refused.cancel-usage",
}


# Words that are done by one function each, which answers with one message.
_TOLD: Final[dict[str, Callable[..., Awaitable[Message]]]] = {
    SETTLE: settle,
    HALT: halt,
    TICKET: ticket,
    LINK: link,
    **dict.fromkeys(FREEZE_WORDS, freeze),
    **dict.fromkeys(DELEGATE_WORDS, delegate),
    **dict.fromkeys(DUTY_WORDS, oncall),
    **dict.fromkeys(REVIEW_WORDS, review),
}


async def typed(knock: Knock, *, front: Front) -> View:
    """Do what the line says and return what it is answered with."""
    word = (knock.text.split(maxsplit=1) or [""])[0]
    if not word or word in WORDS or word in front.registry.queries:
        return await answer(knock, front=front)
    if word == TRUST and not is_move(knock.text):
        return await ladder(knock, front=front)
    if word == CAN_I:
        return await can_i(knock, front=front)
    if word == UNDO:
        told = await _undone(knock, front=front)
    elif word == BREAK_GLASS:
        told = await _broken(knock, front=front)
    elif word in _USAGE:
        told = await _decided(knock, front=front)
    elif word in _TOLD:
        told = await _TOLD[word](knock, front=front)
    else:
        told = await ask(knock, front=front)
    return Said(told, language_of(knock, front=front))


async def _undone(knock: Knock, *, front: Front) -> Message:
    """Ask for the way back of an operation, as if its line had been typed."""
    try:
        _, *words = read_words(knock.text)
        if len(words) != 1:
            raise BadArguments(Message.of("refused.undo-usage"))
        short = _short(words, key="refused.undo-usage")
    except Refused as refusal:
        return await turn_away(knock, refusal=refusal, front=front)
    for _ in range(_TRIES):
        asked = await way_back(knock, short=short, front=front)
        if isinstance(asked, Message):
            return asked
        with suppress(Overtaken):
            return await ask(asked.knock, front=front, undoes=asked.undoes)
    raise Unavailable("the database", "too many undo it at once")


async def _broken(knock: Knock, *, front: Front) -> Message:
    """Ask for something in an emergency, or break the glass of what was shown."""
    try:
        _, *rest = knock.text.lower().split()
        if len(rest) == len(("id", "fingerprint")) and _FINGERPRINT.fullmatch(rest[1]):
            short = _short(read_words(rest[0]), key="refused.glass-usage")
            digest = await _digest(knock, short, rest[1], front=front)
            shown = Shown(operation=short, digest=digest)
            return await break_glass(knock, shown=shown, front=front)
        wanted = read_break(knock.text)
    except Refused as refusal:
        return await turn_away(knock, refusal=refusal, front=front)
    return await ask(knock, front=front, glass=wanted)


def language_of(knock: Knock, *, front: Front) -> Language:
    """Return the language of the client whose channel it is; English elsewhere."""
    room = front.catalog.current().channel(knock.team, knock.channel)
    return room.language if isinstance(room, Client) else "en"


def fit_reason(reason: str) -> None:
    """Raise Refused for a reason too short, too long, or with unseen characters."""
    for column, character in enumerate(reason, start=1):
        seen(character, column)
    if not SHORTEST_REASON <= len(reason) <= LONGEST_REASON:
        raise BadArguments(Message.of("refused.reason-length", {"length": len(reason)}))


async def _decided(knock: Knock, *, front: Front) -> Message:
    try:
        name, *rest = read_words(knock.text)
        choice = await _choice(knock, name.text, rest, front=front)
    except Refused as refusal:
        return await turn_away(knock, refusal=refusal, front=front)
    if isinstance(choice, Choice):
        return await decide(knock, choice=choice, front=front)
    return await cancel(knock, operation=choice, front=front)


def _short(words: Sequence[Word], *, key: str) -> str:
    """Return the id that was typed, as much of it as was."""
    if not words:
        raise BadArguments(Message.of(key))
    short = words[0].text.lstrip("#").lower()
    if _ID.fullmatch(short) is None:
        raise BadArguments(Message.of("refused.no-operation", {"got": short[:20]}))
    return short


async def _choice(
    knock: Knock, name: str, words: Sequence[Word], *, front: Front
) -> Choice | str:
    """Return what is decided on what was shown, or the id of what is cancelled."""
    key = _USAGE[name]
    short = _short(words, key=key)
    if name == "cancel":
        if len(words) > 1:
            raise BadArguments(Message.of(key))
        return short
    shown = words[1].text.lower() if len(words) > 1 else ""
    if _FINGERPRINT.fullmatch(shown) is None:
        raise BadArguments(Message.of(key))
    reason = " ".join(word.text for word in words[2:])
    verdict = Verdict(name)
    if verdict is Verdict.DENY:
        fit_reason(reason)
    elif reason:
        raise BadArguments(Message.of(key))
    digest = await _digest(knock, short, shown, front=front)
    return Choice(operation=short, digest=digest, verdict=verdict, reason=reason)


async def _digest(knock: Knock, short: str, shown: str, *, front: Front) -> str:
    """Return the digest that the fingerprint is of; one that fits none stays as is."""
    caller = enter(knock, front=front)
    found = await front.store.operations_like(caller.client.id, short=short)
    fitting = (one.digest for one in found if (one.digest or "").startswith(shown))
    return next(fitting, None) or shown
