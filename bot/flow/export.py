"""A client's audit as text: every record, its checkpoints, and a closing hash."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Final

from bot.domain.audit import FORMAT, instant

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.ports import Store

_PAGE: Final = 500


async def exported(client: str, *, store: Store) -> AsyncIterator[str]:
    """
    Yield the export line by line, as the stand-alone verifier reads it.

    What is recorded meanwhile is left out: the export ends where the chain ended when
    it began.
    """
    whole = hashlib.sha256()
    length, _ = await store.head(client)

    def line(value: dict[str, object]) -> str:
        text = json.dumps(value, sort_keys=True, separators=(",", ":")) + "\n"
        whole.update(text.encode())
        return text

    yield line({"format": FORMAT, "client": client, "records": length})
    after = 0
    while after < length:
        most = min(_PAGE, length - after)
        for record in await store.records(client, after=after, most=most):
            after = record.seq
            yield line(
                {
                    "kind": "record",
                    "seq": record.seq,
                    "at": instant(record.at),
                    "event": record.event.value,
                    "actor": record.actor,
                    "source": record.source,
                    "operation": record.operation,
                    "body": record.body,
                    "content": record.content,
                    "previous": record.previous,
                    "hash": record.hash,
                }
            )
    for one in await store.checkpoints(client):
        if one.seq <= length:
            yield line(
                {
                    "kind": "checkpoint",
                    "seq": one.seq,
                    "head": one.head,
                    "at": instant(one.at),
                    "signature": one.signature,
                }
            )
    closing = {"kind": "end", "sha256": whole.hexdigest()}
    yield json.dumps(closing, sort_keys=True, separators=(",", ":")) + "\n"
