"""A front over a store in memory that keeps the store's promises about deliveries."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

from bot.domain.writes import Duplicate
from tests.domain import core_samples as core

if TYPE_CHECKING:
    from bot.domain.catalog import Catalog


class Kept:
    """What was written; a delivery is taken once, and told again what it was told."""

    def __init__(self):
        self.writes = []
        self._told = {}

    async def write(self, writes):
        if writes.delivery is not None:
            key = writes.delivery.key
            if key in self._told:
                raise Duplicate(self._told[key])
            self._told[key] = writes.delivery.answer
        self.writes.append(writes)

    def forgets(self):
        """Lose the words of every answer, as an older version's row may have."""
        self._told = dict.fromkeys(self._told)


def front(catalog: Catalog):
    """Return a front that can tell who is there and keep what is written."""
    source = SimpleNamespace(current=lambda: catalog)
    return SimpleNamespace(catalog=source, store=Kept(), now=lambda: core.NOW)
