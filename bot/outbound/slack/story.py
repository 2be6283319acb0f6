"""
The story of an operation: one line an audit event, in words.

The audit's own text stays as it is written; here it is only told. Each event has a text
`event.<noun>-<verb>`. Loans of rights that only read come with every look at the world;
they are counted, so that the lines that matter are seen.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from bot.domain.audit import EventName
from bot.domain.decision import Verdict
from bot.domain.message import Message
from bot.domain.proposal import fingerprint
from bot.outbound.slack.card_people import person
from bot.outbound.slack.escape import Token, cut, mrkdwn, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bot.domain.audit import Record
    from bot.domain.views import Story
    from bot.outbound.slack.pen import Pen, Words

_MOST: Final = 9000
_LONGEST: Final = 400
_LOANS: Final = frozenset({EventName.CREDENTIALS_LENT, EventName.CREDENTIALS_ENDED})
_COMMIT: Final = 8
_BY_ITSELF: Final = "tandem"


def story_lines(view: Story, pen: Pen) -> tuple[str, ...]:
    """Return the story in mrkdwn, oldest first; what does not fit is counted."""
    told = [one for one in view.records if not _only_reads(one)]
    lines = [_line(one, view, pen) for one in told]
    before, after = _ends(lines, gap=_gap(view, told))
    hidden = len(lines) - before - after + view.left_out
    shown = lines[:before]
    if hidden:
        shown.append(pen.words("story.hidden", {"count": hidden}))
        shown += lines[len(lines) - after :]
    reads = sum(one.event is EventName.CREDENTIALS_LENT for one in view.records)
    reads -= sum(one.event is EventName.CREDENTIALS_LENT for one in told)
    if reads:
        shown.append(pen.words("story.reads", {"count": reads}))
    return tuple(shown)


def event_key(name: EventName) -> str:
    """Return the key of the text that tells of such an event."""
    return f"event.{name.value.replace('.', '-').replace('_', '-')}"


def _line(record: Record, view: Story, pen: Pen) -> str:
    by = record.actor
    who = Token("Tandem") if by == _BY_ITSELF else person(view.card, by)
    at = pen.moment(record.at, form="{date_short_pretty} {time_secs}")
    said = pen.words(event_key(record.event), {"who": who, **_details(record, pen)})
    return f"{at}  {said}"


def _details(record: Record, pen: Pen) -> Mapping[str, Words]:
    """Return what this kind of event tells besides who did it."""
    details = _DETAILS.get(record.event)
    body: dict[str, Any] = json.loads(record.body)
    return details(body, pen) if details is not None else {}


def _asked(body: dict[str, Any], _: Pen) -> Mapping[str, Words]:
    return {"line": _data(f"/infra {body.get('line', '')}")}


def _reason(body: dict[str, Any], pen: Pen) -> Mapping[str, Words]:
    """The reason is a message, stored as such; what it quotes is data."""
    try:
        message = Message.model_validate(body.get("reason"))
    except ValidationError:
        return {"reason": "-"}
    return {"reason": _data(pen.plain(message))}


def _decision(body: dict[str, Any], _: Pen) -> Mapping[str, Words]:
    said = body.get("verdict") == Verdict.APPROVE
    return {
        "verdict": Verdict.APPROVE.value if said else Verdict.DENY.value,
        "reason": _data(str(body.get("reason", ""))),
        "why": "yes" if body.get("reason") else "no",
    }


def _handed(body: dict[str, Any], pen: Pen) -> Mapping[str, Words]:
    """Never the token: it is not in the audit."""
    what = _reason({"reason": body.get("what")}, pen)["reason"]
    return {"what": what, **_of("to", "until")(body, pen)}


def _proposed(body: dict[str, Any], _: Pen) -> Mapping[str, Words]:
    return {
        "digest": _data(fingerprint(str(body.get("digest", "")))),
        "risk": _data(str(body.get("risk", ""))),
    }


def _commit(body: dict[str, Any], _: Pen) -> Mapping[str, Words]:
    return {"sha": _data(str(body.get("sha", ""))[:_COMMIT])}


def _plans(body: dict[str, Any], _: Pen) -> Mapping[str, Words]:
    return {
        name: _data(fingerprint(str(body.get(name) or "-")))
        for name in ("approved", "applied")
    }


def _of(*names: str) -> Callable[[dict[str, Any], Pen], Mapping[str, Words]]:
    def named(body: dict[str, Any], _: Pen) -> Mapping[str, Words]:
        return {name.replace("_", "-"): _data(_text(body.get(name))) for name in names}

    return named


def _text(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    if isinstance(value, dict):
        return ", ".join(f"{name} = {one}" for name, one in value.items())
    return str(value) if value is not None else "-"


def _data(text: str) -> Token:
    return Token(mrkdwn(cut(plain(text), most=_LONGEST)))


_DETAILS: Final[
    dict[EventName, Callable[[dict[str, Any], Pen], Mapping[str, Words]]]
] = {
    EventName.OPERATION_ASKED: _asked,
    EventName.OPERATION_PROPOSED: _proposed,
    EventName.OPERATION_REFUSED: _reason,
    EventName.OPERATION_VOIDED: _reason,
    EventName.OPERATION_DONE: _reason,
    EventName.OPERATION_FAILED: _reason,
    EventName.OPERATION_DOUBTED: _reason,
    EventName.DOUBT_SETTLED: _of("verdict", "found"),
    EventName.OPERATION_REMINDED: _of("people"),
    EventName.OPERATION_ESCALATED: _of("people"),
    EventName.OPERATION_PAUSED: _of("until", "by", "reason"),
    EventName.DECISION_MADE: _decision,
    EventName.DECISION_REFUSED: _reason,
    EventName.REQUEST_REFUSED: _reason,
    EventName.GLASS_BROKEN: _of("reason"),
    EventName.REVIEW_OPENED: _of("people"),
    EventName.REVIEW_REMINDED: _of("people"),
    EventName.REVIEW_CLOSED: _of("finding"),
    EventName.MERGE_REQUEST_OPENED: _of("iid"),
    EventName.MERGE_REQUEST_CLOSED: _of("iid"),
    EventName.MERGE_ANNOUNCED: _commit,
    EventName.MERGE_DONE: _commit,
    EventName.GATE_BYPASSED: _of("merged_by"),
    EventName.ACTION_ANNOUNCED: _of("calls"),
    EventName.ACTION_RECONCILED: _of("happened", "merged"),
    EventName.CERTIFICATE_ISSUED: _of("domain", "serial", "until"),
    EventName.CREDENTIALS_LENT: _of("action", "expires_at"),
    EventName.CREDENTIALS_ENDED: _of("action", "ending"),
    EventName.HANDOVER_MADE: _handed,
    EventName.PLAN_DIFFERED: _plans,
    EventName.APPLY_REFUSED: _of("job", "environment", "departures"),
    EventName.EFFECT_VERIFIED: _of("state"),
    EventName.EFFECT_MISSING: _of("state"),
    EventName.LOOK_ASKED: _of("target"),
    EventName.LOOK_DONE: _of("target"),
    EventName.LINK_ASKED: _of("gitlab"),
    EventName.LINK_ANSWERED: _of("gitlab"),
    EventName.LINK_NOTED: _of("url"),
    EventName.LINK_MADE: _of("gitlab"),
    EventName.LINK_REFUSED: _reason,
    EventName.LINK_EXPIRED: _of("gitlab"),
    EventName.LINK_REMOVED: _of("gitlab"),
    EventName.TICKET_OPENED: _of("url"),
    EventName.TICKET_REFUSED: _reason,
    EventName.TICKET_POSTPONED: _of("system"),
}


def _only_reads(record: Record) -> bool:
    if record.event not in _LOANS:
        return False
    return str(json.loads(record.body).get("action", "")).endswith("-read")


def _gap(view: Story, told: Sequence[Record]) -> int | None:
    """Return before which of the lines records were left out, if any were."""
    if not view.left_out:
        return None
    # As many were read from the beginning as from the end.
    last_of_first = view.records[len(view.records) // 2 - 1].seq
    return sum(one.seq <= last_of_first for one in told)


def _ends(lines: list[str], *, gap: int | None) -> tuple[int, int]:
    """Return how many lines from the start and from the end are shown together."""
    size = sum(len(line) + 1 for line in lines)
    if size <= _MOST:
        return (len(lines), 0) if gap is None else (gap, len(lines) - gap)
    first = lines if gap is None else lines[:gap]
    before = _count(first, _MOST // 2)
    rest = lines[before + 1 :] if gap is None else lines[gap:]
    return before, _count(rest[::-1], _MOST // 2)


def _count(lines: list[str], most: int) -> int:
    size = 0
    for at, line in enumerate(lines):
        size += len(line) + 1
        if size > most:
            return at
    return len(lines)
