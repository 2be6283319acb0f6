"""
Write a path of Vault only when it does not hold yet what it should.

Owns the comparison and the list of what became of each path. What is wanted where is
`deploy/vault/bootstrap.py`.
"""

from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING, Literal

from bot.domain.frozen import Frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import JsonValue

    from deploy.vault.admin import Admin

State = Literal["created", "changed", "unchanged"]


class Item(Frozen):
    """One path and what became of it; a dry run says what would become of it."""

    path: str
    state: State


class Desk:
    """Writes through an administrator and keeps the list; writes nothing when dry."""

    def __init__(self, admin: Admin, *, dry_run: bool) -> None:
        self._admin = admin
        self._dry_run = dry_run
        self._items: list[Item] = []

    @property
    def items(self) -> tuple[Item, ...]:
        """What became of each path, in order."""
        return tuple(self._items)

    async def ensure(self, path: str, wanted: dict[str, JsonValue]) -> None:
        """Make the path hold these values; others that it holds are left alone."""
        await self.ensure_over(path, wanted, have=await self._admin.read(path))

    async def ensure_over(
        self,
        path: str,
        wanted: dict[str, JsonValue],
        *,
        have: Mapping[str, JsonValue] | None,
    ) -> None:
        """Do as `ensure` where the present values are not read from the same path."""
        if have is None:
            await self.put(path, wanted, "created")
        elif holds(have, wanted):
            self.note(path, "unchanged")
        else:
            await self.put(path, wanted, "changed")

    async def put(
        self,
        path: str,
        data: dict[str, JsonValue],
        state: Literal["created", "changed"],
        *,
        said: str | None = None,
    ) -> None:
        """Write, and list it under the path or under `said`."""
        if not self._dry_run:
            await self._admin.write(path, data)
        self.note(said or path, state)

    def note(self, path: str, state: State) -> None:
        """List a path without writing it."""
        self._items.append(Item(path=path, state=state))


def holds(have: Mapping[str, JsonValue], wanted: Mapping[str, JsonValue]) -> bool:
    """Say whether every wanted value is there."""
    return all(_same(key, have.get(key), value) for key, value in wanted.items())


def _same(key: str, have: JsonValue, wanted: JsonValue) -> bool:
    if isinstance(wanted, list):
        found = have if isinstance(have, list) else []  # Vault says null for none
        if key.endswith("_cidrs"):  # Vault drops /32 and may sort
            return {ip_network(str(c)) for c in found} == {
                ip_network(str(c)) for c in wanted
            }
        return found == wanted
    if isinstance(wanted, dict):
        return isinstance(have, dict) and holds(have, wanted)
    return have == wanted
