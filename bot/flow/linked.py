"""
Who GitLab's users are, at this moment: the catalog in force, and the links that stand.

Read where it counts and every time; nothing keeps it between two looks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.accounts import Accounts
from bot.domain.link import COUNTS_ON

if TYPE_CHECKING:
    from bot.ports import Front


async def accounts_now(client: str, *, front: Front) -> Accounts:
    """Return who is known to be whom, among this client's people and the provider's."""
    catalog = front.catalog.current()
    after = front.now() - COUNTS_ON
    found = [
        link
        for chain in (client, catalog.provider.id)
        for link in await front.store.links(chain, after=after)
    ]
    return Accounts(catalog, tuple(found))
