"""
What GitLab protects, held against the level of trust: drift is noticed and said once.

Run for every client at intervals, with credentials that can only read. At the level of
committer the branch is set as agreed again, once the drift was written down and said;
below it Tandem only tells, and a maintainer sets it right. An agreement that the
catalog has overtaken is written down as lapsed here, so that it never comes back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.audit import Event, EventName
from bot.domain.change import TrustMove
from bot.domain.ladder import Seen, wanted_protection
from bot.domain.message import Message
from bot.domain.operation import State
from bot.domain.outgoing import Outgoing, Way
from bot.domain.writes import Job, Ladder, Task, Writes
from bot.flow.lending import borrowed
from bot.flow.trusting import levels_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    from bot.domain.catalog import Client
    from bot.domain.ladder import Agreed, Protection
    from bot.ports import Back

_MOVING = (State.RUNNING, State.IN_DOUBT)


def protect_job(client: str, *, after: timedelta | None = None) -> Job:
    """Return the job that looks at one client's protection."""
    return Job(task=Task.PROTECT, operation=_name(client), after=after, once=True)


async def protect(client_id: str, _: str, *, back: Back) -> None:
    """Look at the client's branch; say what drifted, and set it right if it may be."""
    client = back.catalog.current().client(client_id)
    if client is None or await _moves(client, back=back):
        return
    agreed = await back.store.agreed(client.id)
    await _lapse(agreed, client, back=back)
    wanted = wanted_protection(levels_of(client, agreed).values())
    found = await _look(client, back=back)
    seen = await back.store.protection(client.id)
    if seen is None or (seen.found, seen.wanted) != (found, wanted):
        before, seen = seen, Seen(found=found, wanted=wanted, since=back.now())
        await _note(seen, before, client, back=back)
    if seen.has_drifted and wanted.developers_merge:
        await _restore(seen, client, back=back)


async def _moves(client: Client, *, back: Back) -> bool:
    """Whether a move is being carried out, which may be between GitLab and its row."""
    found = await back.store.unfinished(client.id, states=_MOVING)
    return any(isinstance(one.change, TrustMove) for one in found)


async def _lapse(agreed: Sequence[Agreed], client: Client, *, back: Back) -> None:
    """Write down and say which agreements the catalog has overtaken."""
    for one in agreed:
        declared = client.trust.level(one.environment)
        if one.lapsed_at is not None or one.declared is declared:
            continue
        said = Message.of(
            "trust.lapsed",
            {
                "environment": Message.of(f"environment.{one.environment.value}"),
                "was": Message.of(f"trust.level-{one.level.value}"),
                "level": Message.of(f"trust.level-{declared.value}"),
            },
        )
        body: dict[str, object] = {
            "environment": one.environment.value,
            "agreed": one.level.value,
            "declared": declared.value,
            "by": one.operation,
        }
        ladder = Ladder(lapsed=(one.operation,))
        writes = _writes(
            EventName.TRUST_LAPSED, body, said, ladder=ladder, client=client, back=back
        )
        await back.store.write(writes)


async def _look(client: Client, *, back: Back) -> Protection:
    async with borrowed(
        back,
        client=client.id,
        action="gitlab-read",
        operation=_name(client.id),
        quiet=True,
    ) as minted:
        token = await back.lender.forge_token(
            minted, client=client.id, purpose="gitlab-read"
        )
        return await back.forge.protection(
            client.gitlab.project, branch=client.gitlab.default_branch, token=token
        )


async def _note(seen: Seen, before: Seen | None, client: Client, *, back: Back) -> None:
    """
    Write down what was seen, and say it if it drifted or fits again.

    Overtaken when another look wrote the same down first; it has said it.
    """
    ladder = Ladder(seen=seen)
    name, key = EventName.PROTECTION_RESTORED, "trust.drift-over"
    if seen.has_drifted:
        name, key = EventName.PROTECTION_DRIFTED, "trust.drift"
        if seen.wanted.developers_merge:
            key = "trust.drift-restored"
    elif before is None or not before.has_drifted:
        plain = Writes(client=client.id, at=back.now(), ladder=ladder)
        await back.store.write(plain)
        return
    said = Message.of(key, drift_args(seen, client))
    body: dict[str, object] = {
        "branch": client.gitlab.default_branch,
        "found": seen.found.model_dump(),
        "wanted": seen.wanted.model_dump(),
    }
    await back.store.write(
        _writes(name, body, said, ladder=ladder, client=client, back=back)
    )


def drift_args(seen: Seen, client: Client) -> dict[str, str | int | Message]:
    """Return what texts about a protection are told of it."""
    return {
        "project": client.gitlab.project,
        "branch": client.gitlab.default_branch,
        "found": may(seen.found),
        "wanted": may(seen.wanted),
    }


def may(protection: Protection) -> Message:
    """Return in words what developers may do with the branch."""
    if not protection.is_protected:
        return Message.of("trust.may-anything")
    if protection.developers_push:
        return Message.of("trust.may-push")
    if protection.developers_merge:
        return Message.of("trust.may-merge")
    return Message.of("trust.may-nothing")


async def _restore(seen: Seen, client: Client, *, back: Back) -> None:
    """
    Set the branch as agreed; that it drifted was written down and said before.

    What does not help is tried again after a while, not at every look.
    """
    if seen.tried_at and back.now() < seen.tried_at + back.pace.doubt_settles:
        return
    branch, wanted = client.gitlab.default_branch, seen.wanted
    body: dict[str, object] = {"branch": branch, "wanted": wanted.model_dump()}
    event = Event(
        name=EventName.PROTECTION_SET, actor="tandem", source="worker", body=body
    )
    tried = seen.model_copy(update={"tried_at": back.now()})
    announced = Writes(
        client=client.id,
        at=back.now(),
        ladder=Ladder(seen=tried),
        events=(event,),
    )
    await back.store.write(announced)
    async with borrowed(
        back, client=client.id, action="gitlab-execute", operation=_name(client.id)
    ) as minted:
        token = await back.lender.forge_token(
            minted, client=client.id, purpose="gitlab-execute"
        )
        found = await back.forge.protect(
            client.gitlab.project, branch=branch, wanted=wanted, token=token
        )
    now = Seen(found=found, wanted=wanted, since=back.now())
    await _note(now, tried, client, back=back)


def _writes(
    name: EventName,
    body: dict[str, object],
    said: Message,
    *,
    ladder: Ladder,
    client: Client,
    back: Back,
) -> Writes:
    event = Event(name=name, actor="tandem", source="worker", body=body)
    room = client.channels[0]
    return Writes(
        client=client.id,
        at=back.now(),
        ladder=ladder,
        events=(event,),
        says=(Outgoing(way=Way.ANNOUNCE, place=room.id, message=said),),
    )


def _name(client: str) -> str:
    return f"protection-{client}"
