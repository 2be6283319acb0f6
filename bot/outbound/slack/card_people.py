"""Who asked, who must decide and still may, who did: the people of a card."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.domain.operation import State
from bot.outbound.slack import blocks
from bot.outbound.slack.escape import Token, cut, mrkdwn, plain
from bot.outbound.slack.looks import RISKS, VERDICTS
from bot.outbound.slack.pen import mention

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.domain.card import CardView
    from bot.domain.decision import Decision
    from bot.domain.message import Message
    from bot.domain.operation import Operation
    from bot.domain.route import Need
    from bot.outbound.slack.blocks import Json
    from bot.outbound.slack.pen import Pen

_NAMED: Final = 12
_DECISIONS: Final = 10
_REASON: Final = 200
_ROLES: Final = frozenset(
    {
        "provider.oncall",
        "provider.engineer",
        "provider.manager",
        "client.developer",
        "client.owner",
    }
)


def person(view: CardView, member: str) -> Token:
    """Return a mention of the member in the operation's workspace, else the name."""
    team = view.operation.place.team
    return mention(view.people.get(member), team=team, name=member)


def facts_of(view: CardView, pen: Pen) -> Iterator[Json]:
    """Who asked, on what, and how much care it needs."""
    operation = view.operation
    risk = operation.risk
    word = pen.words(f"risk.{risk.name.lower()}")
    yield from blocks.fields(
        [
            f"*{pen.words('card.requester')}*\n{person(view, operation.requester)}",
            f"*{pen.words('card.risk')}*\n{RISKS[risk]} {word}",
            f"*{pen.words('card.target')}*\n{pen.data(operation.target)}",
        ]
    )


def deciding(view: CardView, pen: Pen) -> Iterator[Json]:
    """While it waits: whose approval is missing, who may give it, and until when."""
    operation = view.operation
    if operation.state is not State.PROPOSED or operation.glass is not None:
        return
    args = {
        "needs": Token(needs_of(view, pen)),
        "until": pen.moment(operation.decide_by),
    }
    lines = [f"*{pen.words('card.needs', args)}*"]
    if view.able:
        some = " ".join(person(view, one) for one in view.able[:_NAMED])
        more = len(view.able) - _NAMED
        key = "card.able-and-more" if more > 0 else "card.able"
        lines.append(pen.words(key, {"people": Token(some), "more": max(more, 0)}))
    else:
        lines.append(f"⛔ {pen.words('card.nobody')}")
    yield blocks.section("\n".join(lines))
    yield from _grounds(operation, pen)


def _grounds(operation: Operation, pen: Pen) -> Iterator[Json]:
    """Say which rule chose who decides, and what of this request it looked at."""
    grounds = operation.route.grounds if operation.route else None
    if grounds is None:
        return
    said = [pen.words("card.rule", {"rule": grounds.rule})]
    cost = operation.proposal.bound.cost if operation.proposal else None
    if grounds.costs_up_to is not None and cost is not None:
        args: dict[str, str | int | Message] = {
            "most": grounds.costs_up_to,
            "cost": cost.told,
        }
        said.append(pen.words("card.rule-cost", args))
    if grounds.after_success is not None:
        counts = {"wanted": grounds.after_success, "count": grounds.successes}
        said.append(pen.words("card.rule-history", counts))
    yield blocks.context(f"📏 {' '.join(said)}")


def decided(view: CardView, pen: Pen) -> Iterator[Json]:
    """Who said what, when; the latest are shown if there are many."""
    passed = view.operation.route.envelope if view.operation.route else None
    if passed is not None:
        said = pen.words(
            "card.envelope",
            {
                "envelope": passed.name,
                "number": passed.number,
                "most": passed.per_day,
            },
        )
        yield blocks.section(f"📜 {said}")
        yield from _grounds(view.operation, pen)
    lines = [decision_line(view, one, pen) for one in view.decisions[-_DECISIONS:]]
    for text in blocks.paragraphs(lines):
        yield blocks.section(text)


def decision_line(view: CardView, decision: Decision, pen: Pen) -> str:
    reason = mrkdwn(cut(plain(decision.reason), most=_REASON))
    key = f"card.{decision.verdict.value}" + ("-because" if reason else "")
    said = pen.words(
        key,
        {
            "who": person(view, decision.member),
            "at": pen.moment(decision.at),
            "reason": Token(reason),
        },
    )
    return f"{VERDICTS[decision.verdict]} {said}"


def needs_of(view: CardView, pen: Pen) -> str:
    """Return whose approval is missing, in one line."""
    return ", ".join(_need(need, pen) for need in view.missing)


def _need(need: Need, pen: Pen) -> str:
    role = (
        pen.words(f"role.{need.role.replace('.', '-')}")
        if need.role in _ROLES
        else mrkdwn(need.role)
    )
    return f"{need.count} × {role}"  # noqa: RUF001 - a multiplication sign is meant
