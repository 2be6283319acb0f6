"""
`/infra link`: a member says which GitLab user they are, and proves it from both sides.

Here is the side of the chat: the wish, which is told a code; the other code, which is
said back; what stands; and its end. All of it is in the chain of the member's own
organisation, refusals too. No line that was typed here is ever kept, since there may be
a code in it; a code itself is in the answer to the one who asked, and nowhere else.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from bot.domain.audit import EventName
from bot.domain.errors import BadArguments, NotAllowed, Refused, Unavailable
from bot.domain.link import (
    CONFIRM,
    LASTS,
    TITLE,
    WORD,
    Ending,
    Link,
    Unfit,
    digest,
    is_name,
    judged,
)
from bot.domain.message import Message
from bot.domain.text import read_words
from bot.domain.timing.when import shown
from bot.domain.writes import Duplicate, Job, Links, Overtaken, Task, Writes
from bot.flow.door import enter, turn_away
from bot.flow.link_writes import link_changed, link_event, link_refused, repeated
from bot.flow.linked import accounts_now

if TYPE_CHECKING:
    from bot.domain.accounts import Accounts
    from bot.flow.door import Caller, Knock
    from bot.ports import Front

_REMOVE: Final = "remove"
_TRIES: Final = 4


async def link(knock: Knock, *, front: Front) -> Message:
    """Do what the line says of one's GitLab user, and return what to say of it."""
    line, knock = knock.text, replace(knock, text=WORD)
    try:
        caller = enter(knock, front=front)
    except Refused as refusal:
        return await turn_away(knock, refusal=refusal, front=front)
    for _ in range(_TRIES):
        with suppress(Overtaken):
            return await _done(caller, line, front=front)
    raise Unavailable("the database", "too many link themselves at once")


async def _done(caller: Caller, line: str, *, front: Front) -> Message:
    try:
        words = _words(line)
        if not words:
            return await _shown(caller, front=front)
        writes, answer = await _what(caller, words, front=front)
    except Refused as refusal:
        writes, answer = link_refused(caller, refusal.message, front=front)
    try:
        await front.store.write(writes)
    except Duplicate as duplicate:
        return duplicate.answer or Message.of("decided.already-delivered")
    return answer


def _words(line: str) -> tuple[str, ...]:
    """Return the words after `link`; why a line cannot be read may quote a code."""
    try:
        _, *words = read_words(line)
    except BadArguments:
        raise BadArguments(Message.of("refused.link-usage")) from None
    return tuple(word.text for word in words)


async def _what(
    caller: Caller, words: tuple[str, ...], *, front: Front
) -> tuple[Writes, Message]:
    match words:
        case (word, code) if word == CONFIRM:
            return await _confirmed(caller, code, front=front)
        case (word,) if word == _REMOVE:
            return await _removed(caller, front=front)
        case (word,) if is_name(name := word.removeprefix("@")) and name != CONFIRM:
            return await _asked(caller, name, front=front)
        case _:
            raise BadArguments(Message.of("refused.link-usage"))


async def _asked(caller: Caller, name: str, *, front: Front) -> tuple[Writes, Message]:
    """Write the wish down; only its answer, which is not kept, has the code."""
    person = caller.person
    accounts = await accounts_now(caller.client.id, front=front)
    no = accounts.refusal(person, name)
    if no is not None:
        return link_refused(caller, no, gitlab=name, front=front)
    code = front.new_code()
    made = _wish(caller, name, code, front=front)
    before = await front.store.link_asked(person.organisation, member=person.id)
    saves = (
        (before.ended(Ending.REPLACED, at=made.asked_at),)
        if before is not None and before.open
        else ()
    )
    writes = Writes(
        client=person.organisation,
        at=made.asked_at,
        delivery=repeated(caller, Message.of("link.told", {"name": name})),
        events=(link_event(caller, EventName.LINK_ASKED, made),),
        links=Links(adds=(made,), saves=saves),
        jobs=(Job(task=Task.LINK, operation=made.id),),
    )
    return writes, _told(caller, name, code, front=front)


def _told(caller: Caller, name: str, code: str, *, front: Front) -> Message:
    """Return what to do in GitLab; the only text that has the code."""
    project = caller.client.gitlab.project
    args: dict[str, str | int | Message] = {
        "name": name,
        "project": project,
        "url": f"{front.gitlab_url.rstrip('/')}/{project}/-/issues/new",
        "title": f"{TITLE}{code}",
        "minutes": int(LASTS.total_seconds()) // 60,
    }
    return Message.of("link.asked", args)


def _wish(caller: Caller, name: str, code: str, *, front: Front) -> Link:
    now = front.now()
    return Link(
        id=front.new_id(),
        client=caller.person.organisation,
        member=caller.person.id,
        team=caller.knock.team,
        user=caller.knock.user,
        gitlab=name,
        room=caller.client.id,
        channel=caller.knock.channel,
        asked_code=digest(code),
        asked_at=now,
        expires_at=now + LASTS,
    )


async def _confirmed(
    caller: Caller, code: str, *, front: Front
) -> tuple[Writes, Message]:
    """Make the link, if the code says so and nothing has come to speak against it."""
    person, knock, now = caller.person, caller.knock, front.now()
    found = await front.store.link_asked(person.organisation, member=person.id)
    said = judged(found, team=knock.team, user=knock.user, code=code, now=now)
    if isinstance(said, Unfit):
        return link_refused(caller, said.reason, of=found, tried=said.link, front=front)
    accounts = await accounts_now(said.room, front=front)
    no = accounts.refusal(person, said.gitlab)
    if no is not None:
        return link_refused(caller, no, of=found, front=front)
    answer = Message.of("link.made", {"name": said.gitlab})
    return link_changed(caller, said, EventName.LINK_MADE, answer, front=front)


async def _removed(caller: Caller, *, front: Front) -> tuple[Writes, Message]:
    accounts = await accounts_now(caller.client.id, front=front)
    mine = accounts.mine(caller.person)
    if mine is None:
        raise NotAllowed(Message.of("refused.link-none"))
    over = mine.ended(Ending.REMOVED, at=front.now())
    answer = Message.of("link.removed", {"name": mine.gitlab})
    return link_changed(caller, over, EventName.LINK_REMOVED, answer, front=front)


async def _shown(caller: Caller, *, front: Front) -> Message:
    """Return who Tandem takes the caller for, here and in GitLab."""
    person, catalog = caller.person, front.catalog.current()
    accounts = await accounts_now(caller.client.id, front=front)
    ours = person.organisation == caller.client.id
    return Message.of(
        "link.you",
        {
            "name": person.name,
            "member": person.id,
            "organisation": caller.client.name if ours else catalog.provider.name,
            "roles": ", ".join(person.roles),
            "catalog": Message.of("link.by-catalog", {"name": person.gitlab})
            if person.gitlab is not None
            else Message.of("link.not-in-catalog"),
            "link": _proved(caller, accounts, front=front),
        },
    )


def _proved(caller: Caller, accounts: Accounts, *, front: Front) -> Message:
    mine = accounts.mine(caller.person)
    if mine is None or mine.made_at is None:
        return Message.of("link.none")
    timezone = front.catalog.current().timezone(caller.client.id)
    since = shown(mine.made_at, timezone=timezone)
    return Message.of("link.since", {"name": mine.gitlab, "since": since})
