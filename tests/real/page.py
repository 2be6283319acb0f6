"""What people do on the sandbox's page, by the page's own interface, and what comes."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field

from deploy.sandbox.demo import ALICE, BOB, People, StoryBrokeError

CAROL = "U0CAROL"
DONE, REFUSED = "✅ *", "⛔ *"
ENDS = (DONE, REFUSED, "❌ *", "🛑 *", "🚨 *")


@dataclass
class Page:
    """Alice asks on the page; Bob approves, and Carol where that is not enough."""

    people: People
    asked: dict[str, str] = field(default_factory=dict)

    async def gets(self, line):
        """Return the card of what was asked once it has come to its end."""
        seen = {one["ts"] for one in await self.people.sees(BOB)}
        await self.people.types(ALICE, f"/infra {line}")
        card = await self.waits(
            lambda one: one.ts not in seen and (decidable(one) or ended(one))
        )
        for who in (BOB, CAROL):
            if decidable(card):
                await self.people.clicks(who, card, "approve")
                card = await self.waits(self._after(card))
        card = await self.waits(lambda one: one.ts == card.ts and ended(one))
        # The card names its operation, by which it may be undone.
        self.asked[line] = card.text.rpartition("Operation ")[2].split()[0]
        return card

    @staticmethod
    def _after(card):
        return lambda one: one.ts == card.ts and one.text != card.text

    async def waits(self, wanted):
        """Wait for a card, on a busy machine longer than the page itself would."""
        for _ in range(5):
            with contextlib.suppress(StoryBrokeError):
                return await self.people.waits_for(BOB, wanted)
        return await self.people.waits_for(BOB, wanted)


def decidable(card):
    return "approve" in card.buttons


def ended(card):
    return any(sign in card.text for sign in ENDS)
