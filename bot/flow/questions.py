"""
A question of the registry: typed, answered for the one who asked, looked at further.

The answer is made of what the front may read. A look at the live state is the worker's:
it is written down with the job that does it, in one transaction, before the person is
told that it follows.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pydantic import ValidationError

from bot.domain.audit import Event, EventName
from bot.domain.binding import bind
from bot.domain.errors import BadArguments
from bot.domain.message import Message
from bot.domain.views import Answered
from bot.domain.writes import Delivery, Duplicate, Job, Task, Writes
from bot.flow.foreseen import present
from bot.flow.naming import in_names
from bot.flow.reading import ChannelReading

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.found import Hit
    from bot.domain.query import Query, Section, Sheet
    from bot.domain.text import Word
    from bot.flow.door import Caller
    from bot.ports import Front


async def answered(
    caller: Caller, name: str, words: Sequence[Word], *, front: Front
) -> Answered:
    """Return the answer to the question `name`; Refused says what does not fit."""
    query = _read(front.registry.queries[name], words)
    now = await present(caller.client, front=front)
    sheet = await query.answer(ChannelReading(caller, front, now))
    if sheet.look_at is not None:
        await _have_looked(sheet.look_at, caller=caller, front=front)
    return drawn(sheet, caller=caller, front=front)


def _read(kind: type[Query], words: Sequence[Word]) -> Query:
    given = bind(words, kind.spec.fields, command=f"/infra {kind.spec.name}")
    try:
        return kind.model_validate(dict(given))
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        about = next(one for one in kind.spec.arguments if one.name == name)
        args: dict[str, str | int | Message] = {
            "name": name,
            "got": str(first.get("input", ""))[:60],
            "help": about.help,
            "example": f"/infra {kind.spec.example}",
        }
        raise BadArguments(Message.of("refused.bad-argument", args)) from None


async def _have_looked(target: str, *, caller: Caller, front: Front) -> None:
    """Have the worker look at the target, once for this delivery."""
    look = front.new_id()
    event = Event(
        name=EventName.LOOK_ASKED,
        actor=caller.person.id,
        source=caller.knock.source,
        operation=look,
        body={
            "target": target,
            "line": caller.knock.text,
            "team": caller.knock.team,
            "channel": caller.knock.channel,
            "user": caller.knock.user,
        },
    )
    writes = Writes(
        client=caller.client.id,
        at=front.now(),
        delivery=Delivery(key=caller.knock.delivery, answer=Message.of("look.follows")),
        events=(event,),
        jobs=(Job(task=Task.LOOK, operation=look),),
    )
    try:
        await front.store.write(writes)
    except Duplicate:
        return  # the first delivery's look follows


def drawn(sheet: Sheet, *, caller: Caller, front: Front) -> Answered:
    """Return the sheet with people by name, for whoever draws it."""
    team = caller.knock.team

    def named(message: Message) -> Message:
        return in_names(message, team=team, front=front)

    def section(one: Section) -> Section:
        return replace(
            one,
            heading=named(one.heading),
            lines=tuple(named(line) for line in one.lines),
        )

    hits = [hit for one in sheet.sections for hit in one.hits]
    return Answered(
        sheet=replace(
            sheet,
            title=named(sheet.title),
            sections=tuple(section(one) for one in sheet.sections),
            hint=named(sheet.hint) if sheet.hint else None,
        ),
        names=names_of(hits, front=front),
        language=caller.client.language,
    )


def names_of(hits: Sequence[Hit], *, front: Front) -> dict[str, str]:
    """Return the names of everybody who asked for or decided on one of these."""
    catalog = front.catalog.current()
    ids = {hit.operation.requester for hit in hits}
    ids |= {one.member for hit in hits for one in hit.decisions}
    people = {one: catalog.member(one) for one in ids}
    return {one: person.name for one, person in people.items() if person}
