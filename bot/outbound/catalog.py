"""
The catalog's folder → the catalog in force.

`load` reads the folder and reports every wrong thing in it at once. `CatalogKeeper`
holds the catalog that is in force: a sound new one replaces it as a whole, a wrong new
one changes nothing and is remembered for whoever asks after the keeper's health.
Logging a refusal and deciding how often to look are left to the caller.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, TypeVar, TypeVarTuple, Unpack

from bot.domain.catalog import Catalog, CatalogRefused
from bot.domain.errors import Unavailable
from bot.outbound.catalog_folder import fingerprint, read_folder
from bot.outbound.catalog_reading import Reading

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import datetime
    from pathlib import Path

    from bot.domain.catalog import Problem

# Seconds that one look at the folder may take; a hung disk must not hang the bot.
READ_TIMEOUT: Final = 20.0
_TRIES: Final = 5
_PAUSE: Final = 0.1

_Taken = TypeVarTuple("_Taken")
_Got = TypeVar("_Got")


def load(folder: Path, *, commands: Collection[str] | None = None) -> Catalog:
    """
    Return the catalog that the folder holds.

    With `commands`, rules for commands that do not exist are refused too. Raises
    `CatalogRefused` with every problem of every file, or `Unavailable` if the disk
    fails. Blocks; about a second for a thousand targets.
    """
    try:
        content = read_folder(folder)
    except OSError as error:
        raise Unavailable("catalog folder", str(error)) from error
    catalog = Reading(content).catalog(commands)
    for client in catalog.clients[:1]:
        # Made ready here, in a thread, and not when the first question is asked.
        catalog.rules(client.id)
    return catalog


class Outcome(StrEnum):
    """What came of looking at the folder again."""

    UNCHANGED = "unchanged"
    REPLACED = "replaced"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A newer catalog that is not in force, since when, and all that is wrong."""

    at: datetime
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class _Look:
    """One look at a folder that did not change meanwhile."""

    fingerprint: str
    found: Catalog | CatalogRefused


class CatalogKeeper:
    """
    The catalog in force, and the way to a newer one.

    `now` gives the time that a refusal is remembered with; `timeout` is how many
    seconds one look at the folder may take.
    """

    def __init__(
        self,
        folder: Path,
        *,
        now: Callable[[], datetime],
        commands: Collection[str] | None = None,
        timeout: float = READ_TIMEOUT,
    ) -> None:
        self._folder = folder
        self._timeout = timeout
        self._now = now
        self._commands = commands
        self._lock = asyncio.Lock()
        self._catalog: Catalog | None = None
        self._fingerprint = ""
        self._refusal: Refusal | None = None

    def current(self) -> Catalog:
        """Return the catalog in force; Unavailable before the first was opened."""
        if self._catalog is None:
            raise Unavailable("catalog", "none has been read yet")
        return self._catalog

    @property
    def refusal(self) -> Refusal | None:
        """Why what lies in the folder now is not in force; None if it is."""
        return self._refusal

    async def open(self) -> Catalog:
        """Read the first catalog; raises `CatalogRefused` or `Unavailable`."""
        async with self._lock:
            look = await self._look()
            if isinstance(look.found, CatalogRefused):
                raise look.found
            self._catalog, self._fingerprint = look.found, look.fingerprint
            return look.found

    async def reload_if_changed(self) -> Outcome:
        """
        Put a sound new catalog in force; keep the old one if the new is refused.

        A refusal is told once and then remembered in `refusal` until the folder changes
        again. Raises `Unavailable` if the folder cannot be read or does not come to
        rest; the old catalog stays in force then too.
        """
        async with self._lock:
            if await self._in_thread(fingerprint, self._folder) == self._fingerprint:
                return Outcome.UNCHANGED
            look = await self._look()
            self._fingerprint = look.fingerprint
            if isinstance(look.found, CatalogRefused):
                self._refusal = Refusal(self._now(), look.found.problems)
                return Outcome.REFUSED
            self._refusal = None
            if self._catalog == look.found:
                return Outcome.UNCHANGED
            self._catalog = look.found
            return Outcome.REPLACED

    async def _look(self) -> _Look:
        """Read until nothing changed while reading: never half of a checkout."""
        for _ in range(_TRIES):
            before = await self._in_thread(fingerprint, self._folder)
            found = await self._in_thread(_attempt, self._folder, self._commands)
            if before == await self._in_thread(fingerprint, self._folder):
                return _Look(before, found)
            await asyncio.sleep(_PAUSE)
        raise Unavailable("catalog folder", "it keeps changing while it is read")

    async def _in_thread(
        self, work: Callable[[Unpack[_Taken]], _Got], *taken: *_Taken
    ) -> _Got:
        try:
            async with asyncio.timeout(self._timeout):
                return await asyncio.to_thread(work, *taken)
        except TimeoutError as error:
            detail = f"no answer within {self._timeout:g} s"
            raise Unavailable("catalog folder", detail) from error
        except OSError as error:
            raise Unavailable("catalog folder", str(error)) from error


def _attempt(
    folder: Path, commands: Collection[str] | None
) -> Catalog | CatalogRefused:
    try:
        return load(folder, commands=commands)
    except CatalogRefused as refused:
        return refused
