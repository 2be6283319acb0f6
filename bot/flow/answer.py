"""
Questions that change nothing: help, the story of one operation, the client's audit.

Everything is read for the client whose channel the question came from; the database
shows no other client's rows.
"""

from __future__ import annotations

from datetime import UTC
from itertools import chain
from typing import TYPE_CHECKING, Final

from bot.domain.audit_filter import AuditFilter, Who, read_filter
from bot.domain.errors import BadArguments, Refused
from bot.domain.message import Language, Message
from bot.domain.rights import Action
from bot.domain.suggest import near
from bot.domain.text import read_words
from bot.domain.views import Found, Help, Said, Story, View
from bot.flow.door import Caller, Knock, arrive, turn_away
from bot.flow.explaining import refused
from bot.flow.holding import standing_now
from bot.flow.questions import answered, names_of
from bot.flow.rights import about_client, doable, ruling
from bot.flow.viewing import view_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.domain.text import Word
    from bot.ports import Front

# Words that are answered here; every other first word is a command's name.
WORDS: Final = ("help", "status", "audit")
_PAGE: Final = 8
# Of a story the first and the last records: how it began, and how it stands.
_ENDS: Final = 100


async def answer(knock: Knock, *, front: Front, before: str | None = None) -> View:
    """Return what the question is answered with; a refusal is an answer too."""
    language: Language = "en"
    try:
        caller = await arrive(knock, front=front)
        language = caller.client.language
        word, *rest = read_words(knock.text) or (None,)
        if word is not None and word.text in front.registry.queries:
            await _may(Action.SEE, caller, front=front)
            return await answered(caller, word.text, rest, front=front)
        if word is not None and word.text == "status":
            await _may(Action.SEE, caller, front=front)
            return await _status(caller, rest, front=front)
        if word is not None and word.text == "audit":
            await _may(Action.AUDIT, caller, front=front)
            return await _audit(caller, rest, before=before, front=front)
        return _help(caller, rest, front=front)
    except Refused as refusal:
        told = await turn_away(knock, refusal=refusal, front=front)
        return Said(told, language)


async def _may(action: Action, caller: Caller, *, front: Front) -> None:
    """Raise NotAllowed, with who else could look, if the caller may not."""
    asked = about_client(action, caller=caller, front=front)
    ruled = ruling(asked, front=front)
    if not ruled.allowed:
        standing = await standing_now(front)
        raise refused(asked, ruled, standing=standing, front=front)


def _help(caller: Caller, words: Sequence[Word], *, front: Front) -> Help:
    commands, queries = front.registry.commands, front.registry.queries
    one = words[0].text if words else None
    mine = doable(caller, front=front)
    if one is not None and one not in commands and one not in queries:
        known = near(one, (*mine, *queries)) or tuple(mine) or ("-",)
        raise BadArguments(
            Message.of("refused.no-command", {"got": one, "known": ", ".join(known)})
        )
    spec = commands[one].spec if one is not None and one in commands else None
    asked = queries[one].spec if one is not None and one in queries else None
    offered = {*chain(*mine.values())}
    kinds: dict[str, list[str]] = {}
    for target in caller.client.targets:
        if target.name in offered:
            kinds.setdefault(target.kind, []).append(target.name)
    fitting = mine.get(spec.name, ()) if spec else offered
    return Help(
        specs=tuple(commands[name].spec for name in sorted(mine)),
        one=spec or asked,
        targets=tuple(sorted(fitting)),
        kinds={kind: tuple(names) for kind, names in kinds.items()},
        language=caller.client.language,
        note=None if asked else _note(spec.name if spec else None, mine),
        queries=tuple(queries[name].spec for name in sorted(queries)),
    )


def _note(one: str | None, mine: Mapping[str, Sequence[str]]) -> Message | None:
    """Return what to say where little is open to this person."""
    if one is not None:
        return None if one in mine else Message.of("help.not-yours")
    return None if mine else Message.of("help.nothing-yours")


async def _status(caller: Caller, words: Sequence[Word], *, front: Front) -> Story:
    if len(words) != 1:
        raise BadArguments(Message.of("refused.status-usage"))
    short = words[0].text.lstrip("#").lower()
    if not 4 <= len(short) <= 20 or not short.isalnum():  # noqa: PLR2004 - an id's length
        raise BadArguments(Message.of("refused.no-operation", {"got": short[:20]}))
    found = await front.store.operations_like(caller.client.id, short=short)
    if len(found) != 1:
        key = "refused.no-operation" if not found else "refused.ambiguous-operation"
        raise BadArguments(Message.of(key, {"got": short}))
    records, left_out = await front.store.story(
        caller.client.id, operation=found[0].id, ends=_ENDS
    )
    return Story(
        card=await view_of(found[0], front=front),
        records=records,
        link=found[0].progress.url,
        language=caller.client.language,
        left_out=left_out,
    )


async def _audit(
    caller: Caller, words: Sequence[Word], *, before: str | None, front: Front
) -> Found:
    wanted = _by_member(read_filter(words), caller, front=front)
    since = wanted.since.moment(front.now(), zone=UTC) if wanted.since else None
    page = await front.store.search(
        caller.client.id, wanted=wanted, since=since, before=before, most=_PAGE
    )
    return Found(
        page=page,
        query=caller.knock.text,
        wanted=wanted,
        names=names_of(page.hits, front=front),
        language=caller.client.language,
    )


def _by_member(wanted: AuditFilter, caller: Caller, *, front: Front) -> AuditFilter:
    """Turn a mentioned Slack user into the member it belongs to."""
    if wanted.who is None or wanted.who.kind == "member":
        return wanted
    person = front.catalog.current().person(caller.knock.team, wanted.who.id)
    if person is None:
        raise BadArguments(Message.of("refused.nobody-known"))
    return wanted.model_copy(update={"who": Who(kind="member", id=person.id)})
