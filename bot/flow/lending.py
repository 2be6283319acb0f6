"""
Credentials for one action: written down before they are used, given back afterwards.

The accessor is stored before first use, so that whoever comes after a crash can end
what was lent. How it ended is told truthfully: Vault's token is revoked, an AWS session
made from it lives on until its date.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import structlog

from bot.domain.audit import Event, EventName, instant
from bot.domain.errors import Broken, OutcomeUnknown, TandemError, Unavailable
from bot.domain.scope import is_database, is_ssh
from bot.domain.writes import Ended, Lent, Writes

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime

    from bot.domain.lease import Minted
    from bot.ports import Back

_log = structlog.get_logger()


@asynccontextmanager
async def borrowed(
    back: Back,
    *,
    client: str,
    action: str,
    operation: str,
    session_dies_at: datetime | None = None,
    quiet: bool = False,
) -> AsyncIterator[Minted]:
    """
    Lend for one action and give back at the end, however it ends.

    `session_dies_at` is the end of the AWS session that will be made of it, written
    down beforehand, so that it can be told truthfully after a crash too. A `quiet` loan
    is in the books and in Vault's own audit, but not in the client's chain: for looks
    that are repeated every few seconds and can only read.
    """
    minted = await _minted(back, client=client, action=action, operation=operation)
    lent = Lent(
        accessor=minted.accessor,
        operation=operation,
        purpose=action,
        expires_at=minted.expires_at,
        session_dies_at=session_dies_at,
    )
    event = Event(
        name=EventName.CREDENTIALS_LENT,
        actor="tandem",
        source="worker",
        operation=operation,
        body={
            "action": action,
            "role": f"act-{client}-{action}",
            "expires_at": instant(minted.expires_at),
        },
    )
    try:
        await back.store.write(
            Writes(
                client=client,
                at=back.now(),
                lent=(lent,),
                events=() if quiet else (event,),
            )
        )
    except TandemError:
        # Not in the books, so nobody would come to end it before its time.
        await _revoke_unbooked(back, lent)
        raise
    try:
        yield minted
    finally:
        await give_back(back, client=client, lent=lent, quiet=quiet)


async def _minted(back: Back, *, client: str, action: str, operation: str) -> Minted:
    try:
        return await back.lender.mint(
            client=client, action=action, operation=operation, ttl=back.pace.credentials
        )
    except OutcomeUnknown as unknown:
        # A token whose accessor nobody got is usable by nobody: nothing was done, and
        # asking for another is no repetition of anything.
        raise Unavailable(unknown.system, unknown.detail) from unknown


async def _revoke_unbooked(back: Back, lent: Lent) -> None:
    try:
        await back.lender.revoke(lent.accessor)
    except Unavailable as error:
        _log.warning(
            "credentials.not_revoked",
            operation=lent.operation,
            until=instant(lent.expires_at),
            detail=str(error),
        )


async def give_back(
    back: Back, *, client: str, lent: Lent, quiet: bool = False
) -> None:
    """
    Revoke what was lent and write down how it ended.

    When Vault does not answer, or refuses, the loan stays open in the books and `sweep`
    comes back to it; its own end comes at `expires_at` in any case. What the loan was
    for is not undone by that, so nothing is raised.
    """
    try:
        revoked = await back.lender.revoke(lent.accessor)
    except (Unavailable, Broken) as error:
        _log.error(
            "credentials.not_revoked",
            operation=lent.operation,
            until=instant(lent.expires_at),
            detail=str(error),
        )
        return
    ending = f"vault token revoked at {instant(revoked.at)}"
    if revoked.already_gone:
        ending = f"vault token had ended by {instant(revoked.at)}"
    if is_database(lent.purpose):
        ending += "; the database user made for it is dropped with it"
    if lent.session_dies_at is not None:
        dies = instant(lent.session_dies_at)
        what = "ssh certificate" if is_ssh(lent.purpose) else "aws session"
        ending += f"; {what} cannot be revoked, dies at {dies}"
    event = Event(
        name=EventName.CREDENTIALS_ENDED,
        actor="tandem",
        source="worker",
        operation=lent.operation,
        body={"action": lent.purpose, "ending": ending},
    )
    await back.store.write(
        Writes(
            client=client,
            at=back.now(),
            ended=(Ended(accessor=lent.accessor, ending=ending),),
            events=() if quiet else (event,),
        )
    )
