"""
What `/infra undo` asks for: the way back of one operation, as a line to be asked.

The way back was computed and shown before the operation was decided on. Here it is
only found again, or refused with the reason and what to do instead. Asking for it is
`ask`'s, so that an undo passes every gate that a typed line passes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.domain.audit_filter import AuditFilter
from bot.domain.errors import BadArguments, NotAllowed, Refused
from bot.domain.message import Message
from bot.domain.operation import Operation, State
from bot.flow.door import enter, turn_away

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.flow.door import Caller, Knock
    from bot.ports import Front

# So many later operations on the same target are looked through.
_LATER = 500


@dataclass(frozen=True, slots=True)
class WayBack:
    """What is to be asked for, and the operation that it takes back."""

    knock: Knock
    undoes: Operation


async def way_back(knock: Knock, *, short: str, front: Front) -> WayBack | Message:
    """Return what to ask for instead of `undo <short>`, or why there is nothing."""
    try:
        caller = enter(knock, front=front)
        undone = await _find(caller, short, front=front)
        _refuse_unfinished(undone)
        line = _line(undone)
        await _refuse_again(undone, front=front)
        _refuse_overtaken(undone, await _later(undone, front=front))
    except Refused as refusal:
        return await turn_away(knock, refusal=refusal, front=front)
    return WayBack(replace(knock, text=line), undone)


async def _find(caller: Caller, short: str, *, front: Front) -> Operation:
    found = await front.store.operations_like(caller.client.id, short=short)
    if len(found) != 1:
        key = "refused.no-operation" if not found else "refused.ambiguous-operation"
        raise BadArguments(Message.of(key, {"got": short[:20]}))
    return found[0]


def _refuse_unfinished(undone: Operation) -> None:
    if undone.state is not State.DONE:
        args: dict[str, str | int | Message] = {
            "id": undone.short,
            "state": undone.state.value,
        }
        raise NotAllowed(Message.of("refused.undo-not-done", args))


def _line(undone: Operation) -> str:
    """Return the line that was shown as the way back."""
    proposal = undone.proposal
    if proposal is not None and proposal.way_back:
        return proposal.way_back
    why = proposal.undo if proposal is not None else None
    raise NotAllowed(
        Message.of(
            "refused.undo-none",
            {"id": undone.short, "why": why or Message.of("undo.none")},
        )
    )


async def _later(undone: Operation, *, front: Front) -> Sequence[Operation]:
    """Return what was asked of the same target since, newest first."""
    page = await front.store.search(
        undone.client,
        wanted=AuditFilter(on=undone.target),
        since=undone.asked_at,
        before=None,
        most=_LATER,
    )
    return [hit.operation for hit in page.hits if hit.operation.id != undone.id]


async def _refuse_again(undone: Operation, *, front: Front) -> None:
    """Refuse what was undone before; an undo that came to nothing may be asked anew."""
    if undone.undone_by is None:
        return
    by = await front.store.operation(undone.client, id=undone.undone_by)
    if by is None or (by.ended and not _is_done(by)):
        return
    key = "refused.undo-again" if _is_done(by) else "refused.undo-under-way"
    raise NotAllowed(Message.of(key, {"id": undone.short, "by": by.short}))


def _refuse_overtaken(undone: Operation, later: Sequence[Operation]) -> None:
    """Refuse what others have changed since: the way back would undo that as well."""
    for one in later:
        if _is_done(one) and _changes_the_same(undone, one):
            raise NotAllowed(
                Message.of(
                    "refused.undo-overtaken",
                    {"id": undone.short, "by": one.short, "line": _line(undone)},
                )
            )


def _is_done(operation: Operation) -> bool:
    return operation.state is State.DONE


def _changes_the_same(undone: Operation, other: Operation) -> bool:
    """Whether the other ended later and is of the kind of this one or of its undo."""
    before, after, back = undone.ended_at, other.ended_at, undone.proposal
    return (
        before is not None
        and after is not None
        and back is not None
        and after > before
        and other.command in {undone.command, back.way_back.partition(" ")[0]}
    )
