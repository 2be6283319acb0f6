"""Running one command of the command line, and what its errors look like."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, NoReturn

import uvloop

from bot.domain.catalog import CatalogRefused
from bot.domain.errors import Refused, TandemError
from bot.outbound.speech import Speech

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

    from bot.domain.message import Message


def run(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run it to its end; an error of ours is one line on standard error, status 1."""
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(work())
    except TandemError as error:
        give_up(error)
    except ExceptionGroup as group:
        # What runs side by side ends together, and its error comes in a group.
        ours, others = group.split(TandemError)
        if ours is None or others is not None:
            raise
        give_up(_first(ours))


def give_up(error: TandemError) -> NoReturn:
    """Say the error in one line on standard error and end with status 1."""
    if isinstance(error, CatalogRefused):
        # One line each, as editors and CI read them.
        for problem in error.problems:
            sys.stderr.write(f"{told(problem.message, at=problem.place)}\n")
        sys.exit(1)
    said = words(error.message) if isinstance(error, Refused) else str(error)
    # Some systems answer with a whole page; scripts and logs read by lines.
    sys.stderr.write(f"tandem: {' '.join(said.split())}\n")
    sys.exit(1)


def _first(group: ExceptionGroup[TandemError]) -> TandemError:
    inner = group.exceptions[0]
    return _first(inner) if isinstance(inner, ExceptionGroup) else inner


def words(message: Message) -> str:
    """Return a message in English words."""
    return Speech().say(message, language="en")


def told(message: Message, *, at: str) -> str:
    """Return a problem with its place before it."""
    return f"{at}: {words(message)}"
