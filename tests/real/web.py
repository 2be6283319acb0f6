"""What a visitor of a real nginx sees, past Tandem."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx
from cryptography import x509

if TYPE_CHECKING:
    from deploy.sandbox.nginx_host import NginxHost

SHOP = "shop.acme.example"
MARK = "/.well-known/tandem-vhost"


@dataclass(frozen=True)
class Visitor:
    """Somebody who asks this nginx."""

    nginx: NginxHost

    async def asks(self, domain, path=MARK):
        """Return status and text of an answer by http."""
        async with httpx.AsyncClient(trust_env=False, timeout=5) as http:
            answer = await http.get(
                f"http://127.0.0.1:{self.nginx.http}{path}", headers={"Host": domain}
            )
            return answer.status_code, answer.text

    async def is_served(self, domain):
        return await self.asks(domain) == (200, f"tandem-vhost {domain}")

    async def shown(self, domain, *, trusting):
        """Return the certificate shown to who trusts this authority alone."""
        trust = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        trust.load_verify_locations(cadata=trusting)
        _, writer = await asyncio.open_connection(
            "127.0.0.1", self.nginx.https, ssl=trust, server_hostname=domain
        )
        found = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        writer.close()
        await writer.wait_closed()
        return x509.load_der_x509_certificate(found)

    def files(self):
        """Return all that Tandem may have left, by name, with its content."""
        return {
            str(path.relative_to(self.nginx.root)): path.read_bytes()
            for folder in ("sites", "tls")
            for path in sorted((self.nginx.root / folder).rglob("*"))
            if path.is_file()
        }
