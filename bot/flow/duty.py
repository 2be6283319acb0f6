"""
`/infra oncall`: who is on call, now and next; and taking the rota, or handing it over.

An override is a row of the provider's, with its audit in the provider's own chain. It
begins now and ends at a moment that is said: what is over can never be changed by it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from bot.domain.audit import Event, EventName
from bot.domain.catalog.duty import next_change, pool
from bot.domain.errors import BadArguments, NotAllowed, Refused
from bot.domain.message import Message
from bot.domain.outgoing import Outgoing, Way
from bot.domain.policy import Denied
from bot.domain.text import read_words
from bot.domain.timing.marks import Marks
from bot.domain.timing.rota import Duty
from bot.domain.timing.when import read_moment, shown, take_moment
from bot.domain.timing_policy import may_be_given, may_take
from bot.domain.writes import Delivery, Duplicate, Writes
from bot.flow.door import Knock, turn_away
from bot.flow.holding import standing_now

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from bot.domain.catalog import Person
    from bot.domain.policy import Answer
    from bot.domain.text import Word
    from bot.ports import Front

WORDS: Final = ("oncall",)
_LONGEST: Final = timedelta(days=14)
_USUAL: Final = timedelta(hours=12)


async def oncall(knock: Knock, *, front: Front) -> Message:
    """Answer who is on call, or record who takes over; return what to say."""
    try:
        person = _enter(knock, front=front)
        _, *words = read_words(knock.text)
        if not words:
            return await _shown(front=front)
        return await _handed(knock, person, words, front=front)
    except Refused as refusal:
        return await turn_away(knock, refusal=refusal, front=front)
    except Duplicate as duplicate:
        return duplicate.answer or Message.of("decided.already-delivered")


def _enter(knock: Knock, *, front: Front) -> Person:
    """Return who asks: a member, in a channel that Tandem knows."""
    catalog = front.catalog.current()
    if catalog.channel(knock.team, knock.channel) is None:
        raise NotAllowed(Message.of("refused.unknown-channel"), rule="unknown-channel")
    person = catalog.person(knock.team, knock.user)
    if person is None:
        told = Message.of("refused.unknown-person", {"client": catalog.provider.name})
        raise NotAllowed(told, rule="unknown-person")
    if person.deactivated:
        args = {"client": catalog.provider.name}
        raise NotAllowed(
            Message.of("refused.deactivated", {**args}), rule="deactivated"
        )
    return person


async def _shown(*, front: Front) -> Message:
    catalog, now = front.catalog.current(), front.now()
    standing = await standing_now(front)
    change = next_change(catalog.provider, standing=standing, at=now)
    then = catalog.on_call(change, standing=standing) if change else ()
    timezone = catalog.timezone("")
    args: dict[str, str | int | Message] = {
        "now": _names(catalog.on_call(now, standing=standing)),
        "next": _names(then),
        "from": shown(change, timezone=timezone) if change else "-",
    }
    return Message.of("oncall.shown" if change else "oncall.always", args)


def _names(people: Sequence[Person]) -> str:
    return ", ".join(person.name for person in people) or "-"


async def _handed(
    knock: Knock, person: Person, words: Sequence[Word], *, front: Front
) -> Message:
    catalog, now = front.catalog.current(), front.now()
    allowed, provider = pool(catalog.provider), catalog.provider.id
    _refuse(may_take(person, provider=provider, pool=allowed))
    to, rest = _to(knock, person, words, front=front)
    _refuse(may_be_given(to, provider=provider, pool=allowed))
    until = await _until(rest, optional=to is person, front=front)
    duty = Duty(id=front.new_id(), member=to.id, begins=now, until=until, by=person.id)
    args: dict[str, str | int | Message] = {
        "who": to.name,
        "by": person.name,
        "until": shown(until, timezone=catalog.timezone("")),
    }
    taken = to is person
    answer = Message.of("oncall.taken" if taken else "oncall.given", args)
    name = EventName.DUTY_CLAIMED if taken else EventName.DUTY_PASSED
    body: dict[str, object] = {
        "duty": duty.id,
        "member": to.id,
        "until": until.isoformat(),
        "slack": f"{knock.team}/{knock.user}",
    }
    room = catalog.provider.escalation_channel.id
    await front.store.write(
        Writes(
            client=catalog.provider.id,
            at=now,
            delivery=Delivery(key=knock.delivery, answer=answer),
            timing=Marks(duties=(duty,)),
            events=(Event(name=name, actor=person.id, source=knock.source, body=body),),
            says=(
                Outgoing(way=Way.ANNOUNCE, place=room, message=answer),
                *(() if taken else _direct(to, answer, team=knock.team)),
            ),
        )
    )
    return answer


def _refuse(verdict: Answer) -> None:
    if isinstance(verdict, Denied):
        raise NotAllowed(verdict.reason, rule=verdict.rule)


def _direct(to: Person, message: Message, *, team: str) -> tuple[Outgoing, ...]:
    return tuple(
        Outgoing(way=Way.DIRECT, place=one.user, user=one.user, message=message)
        for one in to.slack
        if one.team == team
    )


def _to(
    knock: Knock, person: Person, words: Sequence[Word], *, front: Front
) -> tuple[Person, Sequence[Word]]:
    """Return who is to be on call, and the words that say until when."""
    first, *rest = words
    if first.text == "take":
        return person, rest
    if first.text != "give" or not rest:
        raise BadArguments(Message.of("refused.oncall-usage"))
    mention = rest[0].mention
    if mention is None or mention.kind != "member" or rest[0].text:
        raise BadArguments(Message.of("refused.oncall-usage"))
    found = front.catalog.current().person(knock.team, mention.id)
    if found is None:
        raise BadArguments(Message.of("refused.nobody-known"))
    return found, rest[1:]


async def _until(words: Sequence[Word], *, optional: bool, front: Front) -> datetime:
    """Return the moment that the words say; without any, the next handover."""
    catalog, now = front.catalog.current(), front.now()
    if not words and optional:
        standing = await standing_now(front)
        change = next_change(catalog.provider, standing=standing, at=now)
        return min(change or now + _USUAL, now + _USUAL)
    text, rest = take_moment([one.text for one in words[1:]])
    if not words or words[0].text != "until" or not text or rest:
        raise BadArguments(Message.of("refused.oncall-usage"))
    until = read_moment(text, now=now, timezone=catalog.timezone(""))
    if until - now > _LONGEST:
        raise BadArguments(Message.of("refused.oncall-long"))
    return until
