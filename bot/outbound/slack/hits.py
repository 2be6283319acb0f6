"""One operation as a list shows it: what, how it stands, who, and where to look."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from bot.outbound.slack.escape import Token, cut, mrkdwn
from bot.outbound.slack.looks import EMERGENCY, SIGNS, VERDICTS, stands

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.domain.found import Hit
    from bot.outbound.slack.pen import Pen

_DAY: Final = "{date_short_pretty} {time}"
_NAME: Final = 80
_CHANNEL: Final = re.compile(r"[CDG][A-Z0-9]{1,30}")
_TS: Final = re.compile(r"[0-9]{1,12}\.[0-9]{6}")


def hit_lines(hit: Hit, *, names: Mapping[str, str], pen: Pen, site: str) -> str:
    """
    Return one operation in two short lines; `names` has who asked and who decided.

    `site` is where messages have their addresses; without it no card is linked.
    """
    operation = hit.operation
    state = pen.words(stands(operation))
    loud = f"{EMERGENCY} " if operation.glass is not None else ""
    first = (
        f"{loud}{SIGNS[operation.state]} *{pen.say(operation.change.title)}*"
        f"  ·  {state}"
        f"  ·  {mrkdwn(operation.target)}"
    )
    args = {
        "who": _name(names, operation.requester),
        "at": pen.moment(operation.asked_at, form=_DAY),
        "id": operation.short,
    }
    asked = pen.words("audit.asked", args)
    decided = [
        f"{VERDICTS[one.verdict]} {_name(names, one.member)} {pen.moment(one.at)}"
        for one in hit.decisions[-5:]
    ]
    number = str(operation.progress.merge_request or 0)
    label = pen.label("card.button-open", {"number": number})
    links = [
        _card_link(hit, pen, site),
        pen.link(operation.progress.url or "", label=label),
    ]
    second = "  ·  ".join((asked, *decided, *(link for link in links if link)))
    return f"{first}\n{second}"


def _card_link(hit: Hit, pen: Pen, site: str) -> Token | None:
    """Return a link to the card, as Slack itself forms a message's address."""
    channel, ts = hit.operation.place.channel, hit.card or ""
    if not site or not _CHANNEL.fullmatch(channel) or not _TS.fullmatch(ts):
        return None
    address = f"{site}archives/{channel}/p{ts.replace('.', '')}"
    return Token(f"<{address}|{pen.words('audit.card')}>")


def _name(names: Mapping[str, str], member: str) -> Token:
    return Token(mrkdwn(cut(names.get(member, member), most=_NAME)))
