"""
Writes spelled as the JSON that `tandem_write` reads.

This is on the path of every acknowledgement: models write themselves (pydantic does it
in native code) and the pieces are put together as text, never parsed again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic_core import to_json

from bot.domain import audit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.domain.audit import Event
    from bot.domain.frozen import Frozen
    from bot.domain.operation import Operation
    from bot.domain.writes import Delivery, Job, Writes


def spelled_out(writes: Writes) -> str:
    """Return the writes as one JSON object; what there is none of is left out."""
    at = audit.instant(writes.at)
    lists = {
        "adds": _models(writes.adds),
        "saves": _models(_next_version(one) for one in writes.saves),
        "decisions": _models(writes.decisions),
        "leases": _models(writes.lent),
        "endings": _models(writes.ended),
        "checkpoints": _models(writes.checkpoints),
        "says": _models(writes.says),
        "jobs": [_job(one) for one in writes.jobs],
        "events": [_event(one, client=writes.client, at=at) for one in writes.events],
    }
    parts = [f'"{name}":[{",".join(texts)}]' for name, texts in lists.items() if texts]
    if writes.timing is not None:
        parts.append(f'"timing":{writes.timing.model_dump_json()}')
    if writes.lending is not None:
        parts.append(f'"delegation":{writes.lending.model_dump_json()}')
    if writes.ladder is not None:
        parts.append(f'"ladder":{writes.ladder.model_dump_json()}')
    if writes.glass is not None:
        parts.append(f'"glass":{writes.glass.model_dump_json()}')
    if writes.links is not None:
        parts.append(f'"links":{writes.links.model_dump_json()}')
    if writes.delivery is not None:
        parts.append(f'"delivery":{_delivery(writes.delivery)}')
    return f'{{"at":"{at}",{",".join(parts)}}}' if parts else f'{{"at":"{at}"}}'


def _models(found: Iterable[Frozen]) -> list[str]:
    return [one.model_dump_json() for one in found]


def _next_version(operation: Operation) -> Operation:
    """A save is of the version after the one that was read."""
    return operation.model_copy(update={"version": operation.version + 1})


def _job(job: Job) -> str:
    after = job.after.total_seconds() if job.after else None
    return _json(
        {
            "task": job.task,
            "operation": job.operation,
            "after": after,
            "once": job.once,
        }
    )


def _delivery(delivery: Delivery) -> str:
    return _json({"key": delivery.key, "answer": delivery.answer.model_dump_json()})


def _event(event: Event, *, client: str, at: str) -> str:
    body = audit.canonical(event.body)
    return _json(
        {
            "at": at,
            "event": event.name,
            "actor": event.actor,
            "source": event.source,
            "operation": event.operation,
            "body": body,
            "content": audit.content_of(event, client=client, instant=at, body=body),
        }
    )


def _json(found: dict[str, object]) -> str:
    return to_json(found).decode()
