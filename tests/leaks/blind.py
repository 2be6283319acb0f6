"""
The application's SQL without its own "which client": only the database keeps tenants.

With BLIND=1 in the environment every statement of the process loses each condition that
compares a client with a value. So do the database's functions, because the migrations
are such statements; the policies, which ask a function, stay. The suites are then run
as they are: what still passes is held by row-level security.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import event
from sqlalchemy.engine import Engine

BLIND: Final = os.environ.get("BLIND") == "1"  # noqa: TID251 - asked of the tests
_VALUE: Final = r"(?:%\(\w+\)s|:\w+|\$\d+|NEW\.client|OLD\.client|p_client|'[^']*')"
_CLIENT: Final = r"(?:\w+\.)?\"?client\"?"
_PREDICATE: Final = re.compile(
    rf"(?<![\w.])(?:{_CLIENT}\s*(?:=|IN)\s*\(?{_VALUE}(?:::\w+)?\)?"
    rf"|{_VALUE}(?:::\w+)?\s*=\s*{_CLIENT})(?![\w.])",
    re.IGNORECASE,
)
_SETS: Final = re.compile(
    r"\bSET\b.*?(?=\bWHERE\b|\bRETURNING\b|$)", re.IGNORECASE | re.DOTALL
)


@dataclass
class Counted:
    """How much was looked at, and how much taken away."""

    statements: int = 0
    dropped: int = 0


def stripped(statement: str) -> tuple[str, int]:
    """Return the statement without its comparisons of a client, and how many it had."""
    kept = [found.span() for found in _SETS.finditer(statement)]
    dropped = 0

    def without(found: re.Match[str]) -> str:
        nonlocal dropped
        # An assignment looks like a comparison, and is none.
        if any(start <= found.start() < end for start, end in kept):
            return found.group()
        dropped += 1
        return "TRUE"

    return _PREDICATE.sub(without, statement), dropped


def blind() -> Counted:
    """Have every engine of this process send its statements blind from now on."""
    counted = Counted()

    def before(
        _connection: Any, _cursor: Any, statement: str, values: Any, *_: Any
    ) -> tuple[str, Any]:
        # Setting whose rows are seen is no predicate; taking that away hides them all.
        counted.statements += 1
        other, dropped = stripped(statement)
        counted.dropped += dropped
        return other, values

    event.listen(Engine, "before_cursor_execute", before, retval=True)
    return counted
