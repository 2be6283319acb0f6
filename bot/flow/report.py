"""
Stage 5, `report`: the outbox is said, place by place, in order, each thing once.

A post is marked as tried before it goes out. A post that was tried and not marked as
sent is looked for in the chat first. What cannot be said at all is put aside, loudly,
and holds up nothing behind it. When the chat asks for patience it gets it, and
what came meanwhile is said together: a card is drawn once, as things then stand, and
what waits under it goes into one post.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import structlog
from pydantic import ValidationError

from bot.domain.audit import Event, EventName
from bot.domain.errors import Broken, OutcomeUnknown, Refused, Throttled, Unavailable
from bot.domain.message import Language, Message
from bot.domain.outgoing import Outgoing, Unread, Waiting, Way
from bot.domain.reference import reference
from bot.domain.writes import Writes
from bot.flow.viewing import view_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.operation import Operation
    from bot.ports import Back

_log = structlog.get_logger()
_SLOWEST: Final = 300.0
_GLANCE: Final = 0.1
_MOST_TOGETHER: Final = 20
_ORDER: Final = {
    Way.CARD: 0,
    Way.WHISPER: 1,
    Way.DIRECT: 2,
    Way.ANNOUNCE: 3,
    Way.THREAD: 4,
}
# A person who waited through that much has asked again by other means.
_MOST_ATTEMPTS: Final = 60


async def report(client: str, place: str, *, back: Back) -> None:
    """Say everything that is due in one place, unless another replica is at it."""
    alone: set[int] = set()
    async with back.outbox.hold(place) as mine:
        while mine:
            found = await back.outbox.waiting(client, place=place, now=back.now())
            for entry in found:
                if isinstance(entry, Unread):
                    await _put_aside(client, place, entry, back=back)
            waiting = tuple(one for one in found if isinstance(one, Waiting))
            wait = await _Speaker(client, place, waiting, alone, back).speak()
            if wait is None:
                return
            if wait > 0:
                # Looked at again soon: a card that changed meanwhile need not queue.
                await back.sleep(min(wait, _GLANCE))


async def _put_aside(client: str, place: str, entry: Unread, *, back: Back) -> None:
    """Write down that this can never be said, so that what is behind it can."""
    _log.error(
        "outbox.unreadable",
        client=client,
        entry=entry.id,
        place=place,
        problem=entry.problem,
    )
    event = Event(
        name=EventName.MESSAGE_UNDELIVERED,
        actor="tandem",
        source="worker",
        operation=entry.operation,
        body={"entry": entry.id, "place": place, "problem": entry.problem},
    )
    await back.store.write(Writes(client=client, at=back.now(), events=(event,)))
    await back.outbox.undeliverable(
        client, entry=entry.id, problem=entry.problem, at=back.now()
    )


@dataclass(frozen=True, slots=True)
class _Speaker:
    """
    What waits in one place, and the next thing to be said of it.

    `alone` are entries that could not be said together, so that each is tried alone.
    """

    client: str
    place: str
    waiting: tuple[Waiting, ...]
    alone: set[int]
    back: Back

    async def speak(self) -> float | None:
        """Say the next thing; return how long to wait then, None to come back later."""
        group = self._next()
        if not group:
            return None
        first = group[0]
        try:
            if await self._posts(first):
                wait = await self._turn()
                if wait > 0:
                    return wait
            message = await self._say(group)
        except Unavailable as error:
            return await self._postpone(group, error)
        except (Refused, Broken, ValidationError) as error:
            if len(group) > 1 and first.outgoing.way is Way.THREAD:
                return await self._apart(group, error)
            message = self._give_up(first, error)
        await self.back.outbox.sent(
            self.client,
            entries=[entry.id for entry in group],
            message=message,
            at=self.back.now(),
        )
        return 0.0

    def _next(self) -> tuple[Waiting, ...]:
        """
        Return what is said by saying one thing.

        Cards come first: people decide by them. Everything that waits under one card
        is said in one post, except that what was tried before stays as it was tried.
        """
        ready = [entry for entry in self.waiting if self._may_go(entry)]
        if not ready:
            return ()
        first = min(ready, key=lambda entry: (_ORDER[entry.outgoing.way], entry.id))
        single = first.outgoing.way not in (Way.CARD, Way.THREAD)
        if single or first.id in self.alone:
            return (first,)
        return tuple(
            entry
            for entry in ready
            if entry.outgoing.way is first.outgoing.way
            and entry.outgoing.operation == first.outgoing.operation
            and (entry.tried == first.tried or first.outgoing.way is Way.CARD)
            and entry.id not in self.alone
        )[:_MOST_TOGETHER]

    def _may_go(self, entry: Waiting) -> bool:
        """
        Whether it is due, and nothing it must not overtake is still held back.

        A reply waits for its card too: without one it would stand alone in the channel.
        """
        return entry.due and not any(
            other.id < entry.id
            and not other.due
            and other.outgoing.way in (entry.outgoing.way, Way.CARD)
            and other.outgoing.operation == entry.outgoing.operation
            for other in self.waiting
        )

    async def _posts(self, entry: Waiting) -> bool:
        """Whether saying it makes a new message, for which there is a turn a second."""
        if entry.outgoing.way is not Way.CARD:
            return entry.outgoing.way is not Way.WHISPER
        known = await self.back.outbox.card_of(
            self.client, operation=entry.outgoing.operation or ""
        )
        return known is None

    async def _turn(self) -> float:
        """Take this place's turn, over all replicas; or return how long it is away."""
        away = await self.back.outbox.turn(
            self.client,
            place=self.place,
            now=self.back.now(),
            gap=self.back.pace.post_gap,
        )
        return away.total_seconds()

    async def _postpone(
        self, group: tuple[Waiting, ...], error: Unavailable
    ) -> float | None:
        wait = min(2.0 ** min(group[0].attempts, 9), _SLOWEST)
        if isinstance(error, Throttled):
            wait = error.retry_after
        _log.warning("outbox.postponed", place=self.place, wait=wait, detail=str(error))
        until = self.back.now() + timedelta(seconds=wait)
        # What may have arrived at an earlier try must be looked for, whatever this one
        # came to.
        untried = not isinstance(error, OutcomeUnknown) and not group[0].tried
        asked_to_wait = isinstance(error, Throttled)
        put_off = [(group, untried, not asked_to_wait)]
        if isinstance(error, Throttled):
            # Patience is asked for by all calls of the kind, not by this one.
            others = tuple(one for one in self.waiting if one.due and one not in group)
            put_off.append((others, False, True))
        for entries, certain, counted in put_off:
            await self.back.outbox.postponed(
                self.client,
                entries=[entry.id for entry in entries],
                until=until,
                problem=str(error),
                untried=certain,
                counted=counted,
            )
        return None

    async def _apart(
        self, group: tuple[Waiting, ...], error: Exception
    ) -> float | None:
        """Have each said by itself: one that cannot be said takes no other along."""
        self.alone.update(entry.id for entry in group)
        await self.back.outbox.postponed(
            self.client,
            entries=[entry.id for entry in group],
            until=self.back.now(),
            problem=type(error).__name__,
            untried=not group[0].tried,
        )
        return 0.0

    def _give_up(self, entry: Waiting, error: Exception) -> str:
        """What can never be said is put aside, loudly; the flow goes on."""
        log = _log.bind(client=self.client, entry=entry.id, place=self.place)
        if isinstance(error, Refused):
            log.error("outbox.refused", reason=error.message.key)
        else:
            found = reference("outbox", str(entry.id), type(error).__name__)
            log.error("outbox.broken", reference=found, exc_info=error)
        return ""

    async def _say(self, group: tuple[Waiting, ...]) -> str:
        first, out = group[0], group[0].outgoing
        if first.attempts >= _MOST_ATTEMPTS:
            raise Refused(Message.of("refused.too-many-attempts"))
        await self.back.outbox.trying(
            self.client, entries=[one.id for one in group], at=self.back.now()
        )
        if out.way is Way.CARD:
            return await self._card(first)
        said = _together([one.outgoing.message for one in group])
        if out.way is Way.WHISPER:
            return await self.back.chat.whisper(
                said,
                language=self._language(),
                channel=out.place,
                user=out.user or "",
            )
        if out.way is Way.DIRECT:
            return await self.back.chat.direct(
                said,
                language=self._language(),
                user=out.user or "",
                key=f"outbox-{first.id}",
                again=first.tried,
            )
        return await self._post(first, out, said)

    async def _card(self, entry: Waiting) -> str:
        """Draw the card as the operation stands now: the first time, or anew."""
        operation = await self._operation(entry.outgoing)
        view = await view_of(operation, front=self.back)
        known = await self.back.outbox.card_of(self.client, operation=operation.id)
        key = f"card-{operation.id}"
        if known is None and entry.tried:
            known = await self.back.chat.find(channel=self.place, thread=None, key=key)
        if known is not None:
            await self.back.chat.update_card(view, channel=self.place, message=known)
            return known
        return await self.back.chat.post_card(view, channel=self.place, key=key)

    async def _post(self, entry: Waiting, out: Outgoing, message: Message) -> str:
        thread = None
        if out.way is Way.THREAD and out.operation is not None:
            thread = await self.back.outbox.card_of(
                self.client, operation=out.operation
            )
        key = f"outbox-{entry.id}"
        if entry.tried:
            found = await self.back.chat.find(
                channel=self.place, thread=thread, key=key
            )
            if found is not None:
                return found
        return await self.back.chat.post(
            message,
            language=self._language(),
            channel=self.place,
            thread=thread,
            key=key,
        )

    async def _operation(self, out: Outgoing) -> Operation:
        found = await self.back.store.operation(self.client, id=out.operation or "")
        if found is None:
            raise Broken(f"the outbox names operation {out.operation}, there is none")
        return found

    def _language(self) -> Language:
        client = self.back.catalog.current().client(self.client)
        return client.language if client is not None else "en"


def _together(messages: Sequence[Message | None]) -> Message:
    """Return several messages as one, each on a line of its own."""
    found = [message for message in messages if message is not None]
    if not found:
        raise Broken("the outbox holds an entry with nothing to say")
    if len(found) == 1:
        return found[0]
    names = [f"m{place}" for place in range(len(found))]
    return Message.own(
        en="\n".join(f"{{ ${name} }}" for name in names),
        args=dict(zip(names, found, strict=True)),
    )
