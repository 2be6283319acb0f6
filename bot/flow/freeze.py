"""
`/infra freeze` and `/infra unfreeze`: people stop the clock of a client, and start it.

A freeze is a row of that client with who, why and until when, written together with the
audit, the announcement, and every card it changes. Asking goes on meanwhile.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from bot.domain.audit import Event, EventName
from bot.domain.errors import BadArguments, NotAllowed, Refused
from bot.domain.message import Message
from bot.domain.outgoing import Outgoing, Way
from bot.domain.policy import Denied
from bot.domain.rights import Action
from bot.domain.scope import Environment
from bot.domain.text import read_words
from bot.domain.timing.freeze import Freeze
from bot.domain.timing.marks import Lift, Marks
from bot.domain.timing.when import read_moment, shown, take_moment
from bot.domain.timing_policy import may_lift
from bot.domain.writes import Delivery, Duplicate, Overtaken, Writes
from bot.flow.door import Caller, Knock, enter, turn_away
from bot.flow.explaining import others_able, refused
from bot.flow.holding import standing_for
from bot.flow.rights import about_client, ruling
from bot.flow.saying import card

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.text import Word
    from bot.ports import Front

WORDS: Final = ("freeze", "unfreeze")
_ALL: Final = "all"
_LONGEST: Final = 200


async def freeze(knock: Knock, *, front: Front) -> Message:
    """Declare or lift a freeze of the channel's client; return what to say of it."""
    try:
        caller = await _entered(knock, front=front)
        word, *rest = read_words(knock.text)
        make = _declared if word.text == "freeze" else _lifted
        writes, answer = await make(caller, rest, front=front)
        await front.store.write(writes)
    except Overtaken:
        return await turn_away(knock, refusal=_none(), front=front)
    except Refused as refusal:
        return await turn_away(knock, refusal=refusal, front=front)
    except Duplicate as duplicate:
        return duplicate.answer or Message.of("decided.already-delivered")
    return answer


async def _entered(knock: Knock, *, front: Front) -> Caller:
    """Return who asks, with the roles that are lent to them; NotAllowed by policy."""
    caller = enter(knock, front=front)
    standing = await standing_for(caller.client.id, front=front)
    caller = replace(caller, standing=standing)
    asked = about_client(Action.FREEZE, caller=caller, front=front)
    ruled = ruling(asked, front=front)
    if not ruled.allowed:
        raise refused(asked, ruled, standing=standing, front=front)
    return caller


def _none() -> NotAllowed:
    return NotAllowed(Message.of("refused.freeze-none"), rule="freeze-none")


def _able(caller: Caller, freeze: Freeze, *, front: Front) -> tuple[str, ...]:
    """Return who of the company that declared a freeze may end it."""
    asked = about_client(Action.FREEZE, caller=caller, front=front)
    everybody = front.catalog.current().people(caller.client.id)
    theirs = {one.id for one in everybody if one.organisation == freeze.organisation}
    others = others_able(asked, standing=caller.standing, front=front)
    return tuple(one for one in others if one in theirs)


async def _declared(
    caller: Caller, words: Sequence[Word], *, front: Front
) -> tuple[Writes, Message]:
    catalog, now = front.catalog.current(), front.now()
    timezone = catalog.timezone(caller.client.id)
    environment, until, reason = _read(words)
    made = Freeze(
        id=front.new_id(),
        client=caller.client.id,
        environment=environment,
        begins=now,
        until=read_moment(until, now=now, timezone=timezone),
        reason=reason,
        by=caller.person.id,
        organisation=caller.person.organisation,
    )
    args: dict[str, str | int | Message] = {
        "environment": environment.value if environment else _ALL,
        "until": shown(made.until, timezone=timezone),
        "reason": reason,
        "who": caller.person.name,
    }
    answer = Message.of("freeze.declared", args)
    body: dict[str, object] = {
        "freeze": made.id,
        "environment": args["environment"],
        "until": made.until.isoformat(),
        "reason": reason,
        "organisation": made.organisation,
    }
    writes = await _writes(
        caller,
        marks=Marks(freezes=(made,)),
        event=_event(EventName.FREEZE_DECLARED, caller, body),
        said=(Message.of("freeze.announced", args), answer),
        environments=(environment,),
        front=front,
    )
    return writes, answer


def _read(words: Sequence[Word]) -> tuple[Environment | None, str, str]:
    """Return where, until when and why; BadArguments says how to type it."""
    usage = BadArguments(Message.of("refused.freeze-usage"))
    if len(words) < 4 or words[1].text != "until":  # noqa: PLR2004 - where, until, when, why
        raise usage
    environment = _environment(words[0])
    until, rest = take_moment([one.text for one in words[2:]])
    reason = " ".join(rest).strip()
    if not 3 <= len(reason) <= _LONGEST:  # noqa: PLR2004 - as short as any reason may be
        raise usage
    return environment, until, reason


def _environment(word: Word) -> Environment | None:
    if word.text == _ALL:
        return None
    if word.text not in set(Environment):
        known = ", ".join((*Environment, _ALL))
        got = word.text[:30]
        raise BadArguments(
            Message.of("refused.freeze-where", {"got": got, "known": known})
        )
    return Environment(word.text)


async def _lifted(
    caller: Caller, words: Sequence[Word], *, front: Front
) -> tuple[Writes, Message]:
    if len(words) != 1:
        raise BadArguments(Message.of("refused.unfreeze-usage"))
    environment = _environment(words[0])
    found = [
        one
        for one in await front.store.freezes(caller.client.id, after=front.now())
        if environment in (None, one.environment)
    ]
    if not found:
        raise _none()
    for one in found:
        able = _able(caller, one, front=front)
        verdict = may_lift(caller.person, one, able=able)
        if isinstance(verdict, Denied):
            raise NotAllowed(verdict.reason, rule=verdict.rule)
    args: dict[str, str | int | Message] = {
        "environment": environment.value if environment else _ALL,
        "count": len(found),
        "who": caller.person.name,
    }
    answer = Message.of("freeze.lifted", args)
    body: dict[str, object] = {
        "freezes": [one.id for one in found],
        "environment": args["environment"],
        "organisation": caller.person.organisation,
    }
    lifts = tuple(Lift(id=one.id, by=caller.person.id) for one in found)
    writes = await _writes(
        caller,
        marks=Marks(lifts=lifts),
        event=_event(EventName.FREEZE_LIFTED, caller, body),
        said=(Message.of("freeze.over", args), answer),
        environments=tuple(one.environment for one in found),
        front=front,
    )
    return writes, answer


def _event(name: EventName, caller: Caller, body: dict[str, object]) -> Event:
    return Event(
        name=name, actor=caller.person.id, source=caller.knock.source, body=body
    )


async def _writes(
    caller: Caller,
    *,
    marks: Marks,
    event: Event,
    said: tuple[Message, Message],
    environments: Sequence[Environment | None],
    front: Front,
) -> Writes:
    """Return it all: what changed, who is told, and the cards that now read another."""
    announced, answer = said
    cards = tuple(
        card(one)
        for one in await front.store.unfinished(caller.client.id)
        if None in environments or one.environment in environments
    )
    announcement = Outgoing(
        way=Way.ANNOUNCE, place=caller.place.channel, message=announced
    )
    return Writes(
        client=caller.client.id,
        at=front.now(),
        delivery=Delivery(key=caller.knock.delivery, answer=answer),
        events=(event,),
        says=(announcement, *cards),
        timing=marks,
    )
