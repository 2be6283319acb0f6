"""
Writes spelled as the JSON that `tandem_write` reads.

This is on the path of every acknowledgement: models write themselves (pydantic does it
in native code) and the pieces are put together as text, never parsed again.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from bot.domain import audit

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from bot.domain.audit import Event
    from bot.domain.frozen import Frozen
    from bot.domain.operation import Operation
    from bot.domain.writes import Delivery, Job, Writes


def spelled_out(writes: Writes) -> str:
    """Return the writes as one JSON object."""
    at = audit.instant(writes.at)
    parts = [
        f'"at":"{at}"',
        f'"adds":{_models(writes.adds)}',
        f'"saves":{_models(_next_version(one) for one in writes.saves)}',
        f'"decisions":{_models(writes.decisions)}',
        f'"leases":{_models(writes.lent)}',
        f'"endings":{_models(writes.ended)}',
        f'"checkpoints":{_models(writes.checkpoints)}',
        f'"says":{_models(writes.says)}',
        f'"jobs":{_list(_job(one) for one in writes.jobs)}',
        f'"events":{_events(writes.events, client=writes.client, at=writes.at)}',
    ]
    if writes.timing is not None:
        parts.append(f'"timing":{writes.timing.model_dump_json()}')
    if writes.lending is not None:
        parts.append(f'"delegation":{writes.lending.model_dump_json()}')
    if writes.delivery is not None:
        parts.append(f'"delivery":{_delivery(writes.delivery)}')
    return "{" + ",".join(parts) + "}"


def _models(found: Iterable[Frozen]) -> str:
    return _list(one.model_dump_json() for one in found)


def _list(texts: Iterable[str]) -> str:
    return "[" + ",".join(texts) + "]"


def _next_version(operation: Operation) -> Operation:
    """A save is of the version after the one that was read."""
    return operation.model_copy(update={"version": operation.version + 1})


def _job(job: Job) -> str:
    after = job.after.total_seconds() if job.after else None
    return json.dumps(
        {
            "task": job.task.value,
            "operation": job.operation,
            "after": after,
            "once": job.once,
        }
    )


def _delivery(delivery: Delivery) -> str:
    return json.dumps(
        {"key": delivery.key, "answer": delivery.answer.model_dump_json()}
    )


def _events(events: Sequence[Event], *, client: str, at: datetime) -> str:
    instant = audit.instant(at)
    return json.dumps(
        [
            {
                "at": instant,
                "event": event.name.value,
                "actor": event.actor,
                "source": event.source,
                "operation": event.operation,
                "body": audit.canonical(event.body),
                "content": audit.content(event, client=client, at=at),
            }
            for event in events
        ]
    )
