"""
`/infra delegate`: a role is lent for a while, taken back, or shown.

It counts where people decide, freeze or break glass; what one may ask for stays one's
own. A row of the client's with its audit and its announcement, in one transaction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.domain.audit import Event, EventName
from bot.domain.catalog import DeciderRole
from bot.domain.delegation import may_delegate
from bot.domain.errors import BadArguments, NotAllowed, Refused
from bot.domain.message import Message
from bot.domain.outgoing import Outgoing, Way
from bot.domain.people import members
from bot.domain.policy import Denied
from bot.domain.rights import Action, Asked
from bot.domain.text import read_words
from bot.domain.timing.lent import Delegation
from bot.domain.timing.when import read_moment, shown, take_moment
from bot.domain.writes import Delivery, Duplicate, Lending, Overtaken, Writes
from bot.flow.door import Caller, Knock, arrive, turn_away
from bot.flow.explaining import refused
from bot.flow.holding import standing_now
from bot.flow.naming import in_names
from bot.flow.rights import acting, ruling

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from bot.domain.catalog import Person
    from bot.domain.text import Word
    from bot.ports import Front

WORDS: Final = ("delegate",)
_BACK: Final = "back"
_SHORTEST: Final = 3


async def delegate(knock: Knock, *, front: Front) -> Message:
    """Lend a role, take it back, or say what is lent; return what to say of it."""
    try:
        caller = await arrive(knock, front=front)
        _, *words = read_words(knock.text)
        if not words:
            return await _shown(caller, front=front)
        role = _role(words[0])
        if [one.text for one in words[1:]] == [_BACK]:
            writes, answer = await _taken_back(caller, role, front=front)
        else:
            writes, answer = await _given(caller, role, words[1:], front=front)
        await front.store.write(writes)
    except Overtaken:
        return await turn_away(knock, refusal=_none(), front=front)
    except Refused as refusal:
        return await turn_away(knock, refusal=refusal, front=front)
    except Duplicate as duplicate:
        return duplicate.answer or Message.of("decided.already-delivered")
    return answer


def _role(word: Word) -> str:
    if word.text not in set(DeciderRole):
        args: dict[str, str | int | Message] = {
            "got": word.text[:40],
            "known": ", ".join(DeciderRole),
        }
        raise BadArguments(Message.of("refused.delegate-role", args))
    return word.text


async def _shown(caller: Caller, *, front: Front) -> Message:
    """Return what is lent at this client now or later, one line each."""
    client, now = caller.client.id, front.now()
    open_ones = [
        one
        for one in await front.store.delegations(client, after=now)
        if one.revoked_at is None
    ]
    told: Message | None = None
    for one in reversed(open_ones):
        line = Message.of("delegation.line", _args(one, caller, front=front))
        told = Message.of("delegation.and", {"one": line, "rest": told or ""})
    found = told or Message.of("delegation.nothing")
    return in_names(found, team=caller.knock.team, front=front)


def _none() -> NotAllowed:
    return NotAllowed(Message.of("refused.delegate-none"), rule="delegate-none")


async def _given(
    caller: Caller, role: str, words: Sequence[Word], *, front: Front
) -> tuple[Writes, Message]:
    taker, begins, until = _read(caller, words, front=front)
    holders = [
        one.id
        for one in front.catalog.current().holders(
            role, client=caller.client.id, at=front.now(), standing=caller.standing
        )
    ]
    verdict = may_delegate(
        caller.person, taker, role=role, holders=holders, begins=begins, until=until
    )
    if isinstance(verdict, Denied):
        raise NotAllowed(verdict.reason, rule=verdict.rule)
    asked = Asked(
        action=Action.DELEGATE,
        actor=acting(caller, front=front),
        client=caller.client.id,
        role=role,
        holds=True,
    )
    ruled = ruling(asked, front=front)
    if not ruled.allowed:
        standing = await standing_now(front)
        raise refused(asked, ruled, standing=standing, front=front)
    made = Delegation(
        id=front.new_id(),
        client=caller.client.id,
        role=role,
        giver=caller.person.id,
        taker=taker.id,
        begins=begins,
        until=until,
    )
    answer = Message.of("delegation.made", _args(made, caller, front=front))
    lending = Lending(given=(made,))
    return _writes(
        caller, made, EventName.DELEGATION_MADE, answer, lending, front=front
    )


async def _taken_back(
    caller: Caller, role: str, *, front: Front
) -> tuple[Writes, Message]:
    mine = [
        one
        for one in await front.store.delegations(caller.client.id, after=front.now())
        if one.revoked_at is None and one.role == role and one.giver == caller.person.id
    ]
    if not mine:
        raise _none()
    answer = Message.of("delegation.ended", _args(mine[0], caller, front=front))
    lending = Lending(revoked=tuple(one.id for one in mine))
    return _writes(
        caller, mine[0], EventName.DELEGATION_ENDED, answer, lending, front=front
    )


def _read(
    caller: Caller, words: Sequence[Word], *, front: Front
) -> tuple[Person, datetime, datetime]:
    """Return to whom, from when and until when; BadArguments says how to type it."""
    usage = BadArguments(Message.of("refused.delegate-usage"))
    if len(words) < _SHORTEST or words[0].text != "to":
        raise usage
    mention = words[1].mention
    if mention is None or mention.kind != "member" or words[1].text:
        raise usage
    taker = front.catalog.current().person(caller.knock.team, mention.id)
    if taker is None:
        raise BadArguments(Message.of("refused.nobody-known"))
    now = begins = front.now()
    timezone = front.catalog.current().timezone(caller.client.id)
    rest: Sequence[str] = [one.text for one in words[2:]]
    if rest[0] == "from":
        text, rest = take_moment(rest[1:])
        begins = read_moment(text, now=now, timezone=timezone)
    if not rest or rest[0] != "until":
        raise usage
    text, rest = take_moment(rest[1:])
    if rest or not text:
        raise usage
    return taker, begins, read_moment(text, now=now, timezone=timezone)


def _args(
    one: Delegation, caller: Caller, *, front: Front
) -> dict[str, str | int | Message]:
    timezone = front.catalog.current().timezone(caller.client.id)
    return {
        "role": Message.of(f"role.{one.role}"),
        "giver": members((one.giver,)),
        "taker": members((one.taker,)),
        "begins": shown(one.begins, timezone=timezone),
        "until": shown(one.until, timezone=timezone),
    }


def _writes(
    caller: Caller,
    one: Delegation,
    name: EventName,
    answer: Message,
    lending: Lending,
    *,
    front: Front,
) -> tuple[Writes, Message]:
    """Return it all: the row, who is told, and the audit that says who lent what."""
    told = in_names(answer, team=caller.knock.team, front=front)
    body: dict[str, object] = {
        "delegations": [*(a.id for a in lending.given), *lending.revoked],
        "role": one.role,
        "giver": one.giver,
        "taker": one.taker,
        "begins": one.begins.isoformat(),
        "until": one.until.isoformat(),
        "slack": f"{caller.knock.team}/{caller.knock.user}",
    }
    event = Event(
        name=name, actor=caller.person.id, source=caller.knock.source, body=body
    )
    taker = front.catalog.current().member(one.taker)
    handles = [
        identity.user
        for identity in (taker.slack if taker else ())
        if identity.team == caller.knock.team
    ]
    direct = tuple(
        Outgoing(way=Way.DIRECT, place=user, user=user, message=told)
        for user in handles
    )
    writes = Writes(
        client=caller.client.id,
        at=front.now(),
        delivery=Delivery(key=caller.knock.delivery, answer=told),
        lending=lending,
        events=(event,),
        says=(
            Outgoing(way=Way.ANNOUNCE, place=caller.place.channel, message=told),
            *direct,
        ),
    )
    return writes, told
