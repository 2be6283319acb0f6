"""
What `sweep` does about the rota's feeds: read them, and say when one stands still.

A feed that cannot be read goes on as it was until it is too old; then nobody is on call
by it, and everybody is told so once. It is said again only after it came back.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

import structlog

from bot.domain.audit import Event, EventName
from bot.domain.catalog.duty import sources
from bot.domain.catalog.shift import CalendarFeed
from bot.domain.errors import Unavailable
from bot.domain.message import Message
from bot.domain.outgoing import Outgoing, Way
from bot.domain.timing.marks import Marks, Told
from bot.domain.timing.rota import Feed, Slot
from bot.domain.writes import Delivery, Duplicate, Writes
from bot.flow.holding import standing_now

if TYPE_CHECKING:
    from bot.domain.catalog.shift import GroupFeed
    from bot.ports import Back

_log = structlog.get_logger()
_BEFORE: Final = timedelta(days=40)
_AHEAD: Final = timedelta(days=60)
# So many times within the time in which it gets stale.
_READS: Final = 6


async def refresh(*, back: Back) -> None:
    """Read every feed that is due, and tell of those that stand still or came back."""
    for source in sources(back.catalog.current().provider):
        known = (await standing_now(back)).feed(source.name)
        if known is None or known.is_stale(
            back.now(), after=source.stale_after / _READS
        ):
            known = await _read(source, known, back=back)
        stale = known is None or known.is_stale(back.now(), after=source.stale_after)
        if stale and (known is None or known.told_at is None):
            await _tell(source, known, back=back)


async def _read(
    source: CalendarFeed | GroupFeed, known: Feed | None, *, back: Back
) -> Feed | None:
    """Return the feed as it is now; as it was, if it cannot be read."""
    try:
        slots = await _slots(source, back=back)
    except Unavailable as error:
        _log.warning("feed.unavailable", feed=source.name, detail=str(error))
        return known
    fresh = Feed(name=source.name, fetched_at=back.now(), slots=slots)
    catalog = back.catalog.current()
    resumed = known is not None and known.told_at is not None
    event = Event(
        name=EventName.ROTA_RESUMED,
        actor="tandem",
        source="timer",
        body={"feed": source.name},
    )
    message = Message.of("rota.resumed", {"feed": source.name})
    room = catalog.provider.escalation_channel.id
    said = Outgoing(way=Way.ANNOUNCE, place=room, message=message)
    await back.store.write(
        Writes(
            client=catalog.provider.id,
            at=back.now(),
            timing=Marks(feeds=(fresh,)),
            events=(event,) if resumed else (),
            says=(said,) if resumed else (),
        )
    )
    return fresh


async def _slots(source: CalendarFeed | GroupFeed, *, back: Back) -> tuple[Slot, ...]:
    if back.feeds is None:
        raise Unavailable(source.name, "this process reads no feeds")
    if isinstance(source, CalendarFeed):
        return await back.feeds.read(
            source.name,
            timezone=source.timezone,
            begins=back.now() - _BEFORE,
            until=back.now() + _AHEAD,
        )
    users = await back.feeds.group(source.id, team=source.team)
    return tuple(Slot(key=user) for user in users)


async def _tell(
    source: CalendarFeed | GroupFeed, known: Feed | None, *, back: Back
) -> None:
    """Tell the clients, then the provider: its row says that all were told."""
    catalog, now = back.catalog.current(), back.now()
    since = known.fetched_at if known else None
    message = Message.of("rota.stalled", {"feed": source.name})
    for client in catalog.clients:
        key = f"feed:{source.name}:{since.isoformat() if since else 'never'}"
        said = Outgoing(way=Way.ANNOUNCE, place=client.channels[0].id, message=message)
        writes = Writes(
            client=client.id,
            at=now,
            # Whoever dies in the middle begins again and tells nobody twice.
            delivery=Delivery(key=f"{key}:{client.id}", answer=message),
            says=(said,),
        )
        try:
            await back.store.write(writes)
        except Duplicate:
            continue
    body: dict[str, object] = {
        "feed": source.name,
        "read": since.isoformat() if since else None,
    }
    room = catalog.provider.escalation_channel.id
    await back.store.write(
        Writes(
            client=catalog.provider.id,
            at=now,
            timing=Marks(told=(Told(feed=source.name, at=now),)),
            events=(
                Event(
                    name=EventName.ROTA_STALLED,
                    actor="tandem",
                    source="timer",
                    body=body,
                ),
            ),
            says=(Outgoing(way=Way.ANNOUNCE, place=room, message=message),),
        )
    )
