"""Certificates for one domain, each written into the audit before anybody gets it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.domain.audit import EventName, instant
from bot.domain.writes import Writes
from bot.flow.saying import told

if TYPE_CHECKING:
    from bot.domain.certificate import Handshake, Issued, Issuer, TlsSession
    from bot.domain.operation import Operation
    from bot.ports import Back


@dataclass(frozen=True, slots=True)
class Witnessed:
    """A TLS session whose certificates are in the client's chain by their serials."""

    of: Operation
    back: Back
    session: TlsSession

    async def issuer(self) -> Issuer:
        """Return who would issue."""
        return await self.session.issuer()

    async def issue(self) -> Issued:
        """Have one issued and write it down; what is not in the audit is dropped."""
        issued = await self.session.issue()
        body: dict[str, object] = {
            "domain": issued.domain,
            "serial": issued.serial,
            "until": instant(issued.until),
        }
        event = told(EventName.CERTIFICATE_ISSUED, self.of, body)
        await self.back.store.write(
            Writes(client=self.of.client, at=self.back.now(), events=(event,))
        )
        return issued

    async def shake_hands(self) -> Handshake:
        """Return what the host shows."""
        return await self.session.shake_hands()
