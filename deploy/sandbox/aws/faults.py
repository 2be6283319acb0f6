"""Faults on demand: what a cloud does on a bad day, chosen by the test."""

from __future__ import annotations

import fnmatch
import threading
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Kind = Literal[
    "throttle",  # refused for coming too fast; nothing done
    "error",  # a 500, nothing done
    "error-after",  # done, and then a 500
    "delay",  # done, after `seconds`
    "drop",  # the connection closes without an answer; nothing done
    "drop-after",  # done, and then the connection closes without an answer
    "down",  # a 503, nothing done
]


class Fault(BaseModel):
    """One fault: on which actions, how often (`None`: until cleared)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind
    action: Annotated[str, Field(max_length=200)] = "*"
    times: Annotated[int, Field(ge=1)] | None = 1
    seconds: Annotated[float, Field(ge=0, le=60)] = 0


class Faults:
    """The faults that are set; the first that fits a call is used up by it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._set: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Set one more fault."""
        with self._lock:
            self._set.append(fault)

    def clear(self) -> None:
        """Take all faults away."""
        with self._lock:
            self._set.clear()

    def remaining(self) -> tuple[Fault, ...]:
        """Return the faults that are still set."""
        with self._lock:
            return tuple(self._set)

    def take(self, action: str) -> Fault | None:
        """Return the fault for this call, if any, and count it."""
        with self._lock:
            for index, fault in enumerate(self._set):
                if not fnmatch.fnmatchcase(action, fault.action):
                    continue
                if fault.times == 1:
                    del self._set[index]
                elif fault.times is not None:
                    less = {"times": fault.times - 1}
                    self._set[index] = fault.model_copy(update=less)
                return fault
        return None
