"""
Which commands are missing: read out of the audit, for a ticket and for a report.

Reads backwards from where it is asked, and no further than it has to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.domain.errors import Broken
from bot.domain.missing import Missing, missing, named, tried_before
from bot.domain.ticket_text import Context

if TYPE_CHECKING:
    from datetime import datetime

    from bot.domain.audit import Record
    from bot.domain.catalog import Client
    from bot.domain.message import Message
    from bot.ports import Back, Store

_PAGE: Final = 500


async def missing_since(client: str, *, since: datetime, store: Store) -> Missing:
    """Return what the client's people asked for since then and no command does."""
    found: list[Record] = []
    end, _ = await store.head(client)
    while end > 0:
        after = max(0, end - _PAGE)
        page = await store.records(client, after=after, most=end - after)
        recent = [one for one in page if one.at >= since]
        found = [*recent, *found]
        if len(recent) < len(page):
            break
        end = after
    return missing(found)


async def context_of(asked: Record, text: str, owner: Client, *, back: Back) -> Context:
    """Return what Tandem knows of why a ticket was written, in a repository's words."""
    before = max(0, asked.seq - 1 - _PAGE)
    records = await back.store.records(owner.id, after=before, most=_PAGE)
    tried = tried_before(asked, records)
    return Context(
        targets=named(owner, (text, *(one.line for one in tried))),
        tried=tuple(
            f"{one.at:%H:%M} {one.line}\n  {_said(one.why, back)}" for one in tried
        ),
    )


def _said(why: Message, back: Back) -> str:
    try:
        return back.words(why)
    except Broken:
        # Written by another version, whose text is not ours: no reason to open nothing.
        return why.key
