"""A look by TLS: who trusts one authority alone believes nobody else."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID
from pydantic import SecretStr

from bot.domain.certificate import Shown
from bot.domain.errors import Broken
from bot.domain.lease import Minted
from bot.domain.scope import SshScope, TlsScope
from bot.outbound.tls import Tls
from bot.outbound.vault_replies import Certified
from deploy.sandbox.loopback import free_port
from tests.outbound.conftest import now
from tests.outbound.test_vault_pki import LOGIN, SHOP

DAY = timedelta(days=1)
MINTED = Minted("accessor", SecretStr("token"), now())


def named(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


@dataclass
class House:
    """An authority of the test's own."""

    name: str = "Test"

    def __post_init__(self):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.root = self.signed(named(self.name), self.key, authority=True)

    def signed(self, subject, key, *, authority=False, names=(), ends=DAY):
        built = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(named(self.name))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now() - 2 * DAY)
            .not_valid_after(now() + ends)
            .add_extension(x509.BasicConstraints(authority, None), critical=True)
        )
        if names:
            known = x509.SubjectAlternativeName([x509.DNSName(one) for one in names])
            built = built.add_extension(known, critical=False)
        return built.sign(self.key, SHA256())

    def pair(self, folder, domain, **more):
        """Write a pair for this name; return its file and the certificate."""
        key = ec.generate_private_key(ec.SECP256R1())
        found = self.signed(named(domain), key, names=[domain], **more)
        file = folder / "pair.pem"
        file.write_bytes(
            found.public_bytes(Encoding.PEM)
            + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        )
        return file, found

    @property
    def pem(self):
        return self.root.public_bytes(Encoding.PEM).decode()


@dataclass
class Vault:
    """A Vault that knows this authority, and what it was set to certify."""

    pem: str
    certified: Certified | None = None

    async def authority(self, client):
        assert client == "acme"
        return self.pem

    async def certify(self, minted, *, client, principal, domain):
        return self.certified


def session(vault, *, port=443):
    login = SshScope.model_validate(LOGIN)
    scope = TlsScope(login=login, domain=SHOP, https=port, issues=True)
    return Tls(vault=vault, minted=MINTED, client="acme", scope=scope)


@asynccontextmanager
async def serving(file):
    """Serve TLS by this pair on a port of this machine."""
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(file)
    port = free_port()

    async def hello(_, writer):
        writer.close()

    server = await asyncio.start_server(hello, "127.0.0.1", port, ssl=served)
    try:
        yield port
    finally:
        server.close()
        await server.wait_closed()


async def test_what_the_authority_certified_is_trusted_and_told_by_its_serial(tmp_path):
    house = House()
    file, found = house.pair(tmp_path, SHOP)

    async with serving(file) as port:
        hands = await session(Vault(house.pem), port=port).shake_hands()

    assert hands.shown is Shown.TRUSTED
    assert hands.serial == f"{found.serial_number:x}"


@pytest.mark.parametrize(
    ("domain", "more", "reason"),
    [
        ("blog.acme.example", {}, "mismatch"),
        (SHOP, {"ends": -DAY}, "expired"),
    ],
)
async def test_another_name_or_one_that_has_ended_is_not(
    tmp_path, domain, more, reason
):
    house = House()
    file, _ = house.pair(tmp_path, domain, **more)

    async with serving(file) as port:
        hands = await session(Vault(house.pem), port=port).shake_hands()

    assert hands.shown is Shown.UNTRUSTED
    assert reason in hands.reason


async def test_another_authority_s_certificate_is_not(tmp_path):
    file, _ = House("Other").pair(tmp_path, SHOP)

    async with serving(file) as port:
        hands = await session(Vault(House().pem), port=port).shake_hands()

    assert hands.shown is Shown.UNTRUSTED


async def test_a_port_where_nobody_listens_is_unreached():
    hands = await session(Vault(House().pem), port=free_port()).shake_hands()

    assert hands.shown is Shown.UNREACHED


async def test_what_speaks_no_tls_is_not_trusted():
    async def rude(_, writer):
        writer.write(b"no TLS here\r\n")
        writer.close()

    port = free_port()
    server = await asyncio.start_server(rude, "127.0.0.1", port)

    hands = await session(Vault(House().pem), port=port).shake_hands()

    server.close()
    assert hands.shown is not Shown.TRUSTED


def certified(house, *names, **more):
    key = ec.generate_private_key(ec.SECP256R1())
    found = house.signed(named("x"), key, names=names)
    return Certified.model_validate(
        {
            "certificate": found.public_bytes(Encoding.PEM).decode(),
            "issuing_ca": house.pem,
            "serial_number": "-",
            "expiration": 1,
            "private_key": "KEY",
            **more,
        }
    )


@pytest.mark.parametrize("names", [(), ("*.acme.example",), (SHOP, "x.example")])
async def test_a_certificate_for_other_names_than_asked_for_is_broken(names):
    house = House()
    vault = Vault(house.pem, certified(house, *names))

    with pytest.raises(Broken, match="certified"):
        await session(vault).issue()


async def test_the_chain_holds_what_is_between_and_not_the_root():
    house, above = House(), House("Above")
    between = above.signed(named("Test"), house.key, authority=True)
    chain = [between.public_bytes(Encoding.PEM).decode(), above.pem]
    vault = Vault(house.pem, certified(house, SHOP, ca_chain=chain))

    issued = await session(vault).issue()

    found = x509.load_pem_x509_certificates(issued.chain.encode())
    assert [one.subject.rfc4514_string() for one in found] == ["CN=x", "CN=Test"]


async def test_an_answer_that_is_no_certificate_is_broken_and_not_quoted():
    with pytest.raises(Broken) as broken:
        await session(Vault("s3cr3t")).issuer()

    assert "s3cr3t" not in str(broken.value)
