"""
Ways to reach for what is another client's, made up by the thousand.

An attempt is something that globex's people, or code that runs for globex, can do with
words that they choose: acme's own ids, pieces of them, cursors, digests, names, places,
handles, moments. It returns whatever it was told.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from bot.domain.audit_filter import AuditFilter, Since, Who
from bot.domain.decision import Verdict
from bot.domain.errors import TandemError
from bot.domain.operation import State
from bot.flow.answer import answer
from bot.flow.ask import ask
from bot.flow.decide import Choice, cancel, decide, may_open
from bot.flow.door import Knock
from bot.outbound.postgres.outbox import Outbox

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from random import Random

    from bot.domain.operation import Operation
    from bot.ports import Front

THIEF, ROOM = "globex", "C0GLOBEXOPS"
WHO = ("U0GINA", "U0GREG", "U0ALICE", "U0CAROL", "U0BOB", "U0NOBODY")
TEAM = "T0CLARANET"
# What a person could put where a name belongs, in the hope that somebody interprets it.
TRICKS = ("", "%", "_", "*", "' OR true --", "acme", "..", "\x00", "á" * 30, "{0}")


class Attempts:
    """Makes attempts, each by a throw of the dice; the same seed makes the same."""

    def __init__(
        self, front: Front, *, theirs: tuple[Operation, ...], dice: Random
    ) -> None:
        self._front = front
        self._outbox = Outbox(front.store)
        self._theirs = theirs
        self._dice = dice
        self._number = 0
        self.kinds: dict[str, int] = {}
        self._ways: tuple[Callable[[], Awaitable[Any]], ...] = (
            self._id,
            self._piece,
            self._cursor,
            self._search,
            self._counts,
            self._linked,
            self._story,
            self._chain,
            self._places,
            self._card,
            self._asks,
            self._status,
            self._audit,
            self._chooses,
            self._opens,
            self._calls_off,
            self._lock,
        )

    async def next(self) -> Any:
        """Make one attempt and return what came of it, a refusal included."""
        way = self._dice.choice(self._ways)
        self._number += 1
        name = way.__name__.strip("_")
        self.kinds[name] = self.kinds.get(name, 0) + 1
        try:
            return await way()
        except TandemError as error:
            return error

    # --- code that runs for globex, with an id of acme's in its hands

    async def _id(self) -> Any:
        return await self._front.store.operation(THIEF, id=self._one().id)

    async def _piece(self) -> Any:
        short = self._dice.choice((self._short(), *TRICKS[:5]))
        found = await self._front.store.operations_like(THIEF, short=short)
        return [one for one in found if one.client != THIEF]

    async def _cursor(self) -> Any:
        return await self._page(AuditFilter(), before=self._one().id)

    async def _search(self) -> Any:
        one = self._one()
        wanted = AuditFilter(
            who=self._dice.choice((None, Who(kind="member", id=one.requester))),
            what=self._dice.choice((None, one.command)),
            on=self._dice.choice((None, one.target)),
            state=self._dice.choice((None, one.state)),
            since=self._dice.choice((None, Since(ago=timedelta(days=9)))),
        )
        return await self._page(wanted, before=self._dice.choice((None, one.id)))

    async def _counts(self) -> Any:
        states = self._dice.sample(list(State), k=self._dice.randint(0, 4))
        found = await self._front.store.unfinished(THIEF, states=states)
        leases = await self._front.store.open_leases(THIEF)
        signed = await self._front.store.checkpoints(THIEF)
        last = await self._front.store.last_checkpoint(THIEF)
        by = {one.operation for one in await self._front.store.agreed(THIEF)}
        levels = [one for one in self._theirs if one.id in by]
        foreign = [one for one in found if one.client != THIEF]
        return foreign, leases, signed, last, levels

    async def _linked(self) -> Any:
        one, store = self._one(), self._front.store
        return (
            await store.link(THIEF, id=one.id),
            await store.link_asked(THIEF, member=one.requester),
            await store.links(THIEF, after=one.asked_at - timedelta(days=999)),
        )

    async def _story(self) -> Any:
        one = self._one().id
        decisions = await self._front.store.decisions(THIEF, operation=one)
        return decisions, await self._front.store.records(THIEF, operation=one)

    async def _chain(self) -> Any:
        after = self._dice.randint(-3, 40)
        records = await self._front.store.records(THIEF, after=after, most=20)
        return [one for one in records if one.client != THIEF]

    async def _places(self) -> Any:
        now = self._front.now() + timedelta(days=self._dice.randint(0, 9))
        places = await self._outbox.places(THIEF, now=now)
        place = self._one().place.channel
        waiting = await self._outbox.waiting(THIEF, place=place, now=now)
        ids = [self._dice.randint(1, 60) for _ in range(3)]
        await self._outbox.sent(THIEF, entries=ids, message="stolen", at=now)
        return [one for one in places if one == place], waiting

    async def _card(self) -> Any:
        return await self._outbox.card_of(THIEF, operation=self._one().id)

    # --- people in globex's room

    async def _asks(self) -> Any:
        one = self._one()
        line = self._dice.choice(
            ("help", f"backup {one.target}", f"resize {one.target} m5.large")
        )
        return await ask(self._knock(line), front=self._front)

    async def _status(self) -> Any:
        return await answer(self._knock(f"status {self._short()}"), front=self._front)

    async def _audit(self) -> Any:
        one, words = self._one(), ["audit"]
        narrower = (f"on:{one.target}", f"who:{one.requester}", "since:9d")
        words += [word for word in narrower if self._dice.random() < 0.5]
        before = self._dice.choice((None, one.id))
        return await answer(
            self._knock(" ".join(words)), front=self._front, before=before
        )

    async def _chooses(self) -> Any:
        return await decide(self._knock(""), choice=self._choice(), front=self._front)

    async def _opens(self) -> Any:
        return await may_open(self._knock(""), choice=self._choice(), front=self._front)

    async def _calls_off(self) -> Any:
        wanted = self._dice.choice((self._one().id, self._short()))
        return await cancel(self._knock(""), operation=wanted, front=self._front)

    async def _lock(self) -> Any:
        """Take a lock whose name nobody else has, however near to one of acme's."""
        name = f"{self._one().id}{self._dice.getrandbits(64)}"
        async with self._front.store.exclusive(f"tandem operation {name}") as mine:
            return None if mine else "somebody else's lock was in the way"

    # --- dice

    def _one(self) -> Operation:
        return self._dice.choice(self._theirs)

    def _short(self) -> str:
        return self._one().id[: self._dice.randint(1, 20)]

    def _choice(self) -> Choice:
        one = self._one()
        wanted = self._dice.choice((one.id, self._short()))
        digest = self._dice.choice((one.digest or "", "0" * 64))
        return Choice(wanted, digest, self._dice.choice(list(Verdict)), "why not")

    def _knock(self, line: str) -> Knock:
        key = f"leak:{self._number}:{self._dice.getrandbits(64)}"
        return Knock(TEAM, self._dice.choice(WHO), ROOM, line, key)

    async def _page(self, wanted: AuditFilter, *, before: str | None) -> Any:
        page = await self._front.store.search(
            THIEF, wanted=wanted, since=None, before=before, most=20
        )
        strange = [one for one in page.hits if one.operation.client != THIEF]
        # A cursor of another client's is none: what comes after it is nothing.
        return strange, (page.hits if before is not None else ())
