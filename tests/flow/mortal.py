"""A worker that dies at a chosen call, as by SIGKILL: nothing it wanted comes after."""

from __future__ import annotations

import asyncio
import dataclasses
import inspect
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bot.ports import Back

# Dying before a call that only reads is dying after the last one that did not. Loans
# are minted and revoked right before a write, so dying there leaves nothing but a loan.
CHANGING = frozenset(
    {
        "write",
        "ensure_merge_request",
        "merge",
        "close",
        "call",
        "sign",
        "trying",
        "sent",
        "postponed",
        "post",
        "post_card",
        "update_card",
    }
)
_READS = ("Describe", "List", "Get")


class KilledError(BaseException):
    """The process is gone; no `except Exception` sees it."""


@dataclass
class Mortal:
    """Counts the calls that change something, and dies just before one of them."""

    dies_at: int
    calls: list[str] = field(default_factory=list)
    dead: bool = False

    def around(self, back: Back) -> Back:
        """Return the worker's side, every port of it mortal."""
        ports = ("store", "outbox", "chat", "forge", "lender", "notary")
        frail = {name: Frail(getattr(back, name), self) for name in ports}
        return dataclasses.replace(back, **frail)

    def step(self, name: str, *, changes: bool) -> None:
        if self.dead:
            raise KilledError
        if not changes:
            return
        if len(self.calls) == self.dies_at:
            self.dead = True
            raise KilledError
        self.calls.append(name)


class Frail:
    """A port whose calls may be the last."""

    def __init__(self, port: Any, mortal: Mortal) -> None:
        self._port, self._mortal = port, mortal

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._port, name)
        if not inspect.iscoroutinefunction(found):
            return found

        async def call(*args: Any, **named: Any) -> Any:
            reads = name == "call" and str(args[1]).startswith(_READS)
            self._mortal.step(name, changes=name in CHANGING and not reads)
            result = await found(*args, **named)
            if name == "aws_session":
                return Frail(result, self._mortal)
            # Whoever waits for the answer may die first; the effect is there.
            await asyncio.sleep(0)
            return result

        return call
