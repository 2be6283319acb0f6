"""Faults to order: what a test or the sandbox can make this GitLab do wrong."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

FaultKind = Literal["down", "lose", "slow", "lock", "drop_hooks"]


class Fault(BaseModel):
    """
    One thing to go wrong on requests whose method and path match.

    `down`: 503 and nothing done. `lose`: done, but the answer is a 502. `slow`: the
    answer waits `seconds`, after the work. `lock`: 409 "Resource lock", nothing done.
    `drop_hooks`: webhooks are not sent. Each match uses up one of `times`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: FaultKind
    method: str = ""
    path: str = ""
    times: int = 1
    seconds: float = 0


class Faults:
    """The faults still to come."""

    def __init__(self) -> None:
        self._left: list[tuple[Fault, int]] = []

    def add(self, fault: Fault) -> None:
        self._left.append((fault, fault.times))

    def clear(self) -> None:
        self._left.clear()

    def take(self, kinds: set[FaultKind], *, method: str, path: str) -> Fault | None:
        """Return the first matching fault and use it up once."""
        for index, (fault, left) in enumerate(self._left):
            if fault.kind not in kinds:
                continue
            if fault.method not in {"", method} or fault.path not in path:
                continue
            if left > 1:
                self._left[index] = (fault, left - 1)
            else:
                del self._left[index]
            return fault
        return None
