"""
A move on the trust ladder, as it is asked for: `/infra trust <where> <level> <why>`.

A part of `ask`. Only who may administer the agreement may ask to change it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.domain.change import TrustMove
from bot.domain.errors import BadArguments, NotAllowed
from bot.domain.ladder import COMMAND, TrustLevel, target_of
from bot.domain.message import Message
from bot.domain.operation import Operation
from bot.domain.rights import Action
from bot.domain.scope import Environment, Risk
from bot.domain.text import read_words
from bot.domain.timing.when import read_moment, take_at
from bot.flow.explaining import refused
from bot.flow.holding import standing_now
from bot.flow.rights import about_client, ruling
from bot.flow.trusting import levels_now

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from bot.domain.text import Word
    from bot.flow.door import Caller
    from bot.ports import Front

_WORDS: Final = 3
_SHORTEST: Final = 3
_LONGEST: Final = 200


def is_move(line: str) -> bool:
    """Whether the line asks for a move, and not how things stand."""
    words = line.split(maxsplit=1)
    return len(words) > 1 and words[0] == COMMAND


async def composed(caller: Caller, *, front: Front) -> Operation:
    """Return the operation that the line asks for; Refused says why there is none."""
    asked = about_client(Action.ADMINISTER, caller=caller, front=front)
    ruled = ruling(asked, front=front)
    if not ruled.allowed:
        standing = await standing_now(front)
        raise refused(asked, ruled, standing=standing, front=front)
    (_, *words), moment = take_at(read_words(caller.knock.text))
    environment, level, reason = _read(words)
    now, scheduled = front.now(), _scheduled(moment, caller, front=front)
    before = (await levels_now(caller.client, front=front))[environment]
    if before is level:
        raise NotAllowed(Message.of("refused.trust-same", _where(environment, level)))
    return Operation(
        id=front.new_id(),
        client=caller.client.id,
        command=COMMAND,
        arguments={
            "environment": environment.value,
            "level": level.value,
            "reason": reason,
        },
        line=caller.knock.text,
        target=target_of(environment),
        environment=environment,
        requester=caller.person.id,
        place=caller.place,
        change=TrustMove(
            title=_title(environment, before, level),
            before=before,
            after=level,
            reason=reason,
        ),
        risk=_risk(before, level),
        asked_at=now,
        expires_at=(scheduled or now) + caller.client.requests.expires,
        scheduled_for=scheduled,
    )


def _read(words: Sequence[Word]) -> tuple[Environment, TrustLevel, str]:
    """Return where, which level and why; BadArguments says how to type it."""
    usage = BadArguments(Message.of("refused.trust-usage"))
    if len(words) < _WORDS:
        raise usage
    where, level = words[0].text, words[1].text
    if where not in set(Environment):
        raise _unknown(where, known=Environment)
    if level not in set(TrustLevel):
        raise _unknown(level, known=TrustLevel)
    reason = " ".join(one.text for one in words[2:]).strip()
    if not _SHORTEST <= len(reason) <= _LONGEST:
        raise usage
    return Environment(where), TrustLevel(level), reason


def _unknown(got: str, *, known: type[Environment | TrustLevel]) -> BadArguments:
    args: dict[str, str | int | Message] = {
        "got": got[:30],
        "known": ", ".join(one.value for one in known),
    }
    return BadArguments(Message.of("refused.trust-word", args))


def _scheduled(moment: str | None, caller: Caller, *, front: Front) -> datetime | None:
    if moment is None:
        return None
    timezone = front.catalog.current().timezone(caller.client.id)
    return read_moment(moment, now=front.now(), timezone=timezone)


def _where(
    environment: Environment, level: TrustLevel
) -> dict[str, str | int | Message]:
    return {
        "environment": Message.of(f"environment.{environment.value}"),
        "level": Message.of(f"trust.level-{level.value}"),
    }


def _title(environment: Environment, before: TrustLevel, after: TrustLevel) -> Message:
    args = _where(environment, after)
    args["before"] = Message.of(f"trust.level-{before.value}")
    return Message.of("trust.title", args)


def _risk(before: TrustLevel, after: TrustLevel) -> Risk:
    """More trust is more risk, most of all to let people pass the gate themselves."""
    if after.rung < before.rung:
        return Risk.LOW
    return Risk.HIGH if after is TrustLevel.COMMITTER else Risk.MEDIUM
