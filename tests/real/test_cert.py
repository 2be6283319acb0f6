"""The playbook of `/infra cert` on a real host: OpenBao, OpenSSH, Ansible and nginx."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import pytest_asyncio

from bot.domain.certificate import Shown
from bot.domain.errors import Refused
from bot.domain.playbook import Happened, NotVerified, Verified
from playbooks.ansible.cert import Cert
from playbooks.ansible.vhost import Vhost
from tests.real.test_ansible_engine import seen_by_others
from tests.real.web import SHOP


@dataclass
class Kept:
    """A TLS session whose issued certificates the test can look at."""

    real: object
    issued: list = field(default_factory=list)

    async def issuer(self):
        return await self.real.issuer()

    async def issue(self):
        self.issued.append(await self.real.issue())
        return self.issued[-1]

    async def shake_hands(self):
        return await self.real.shake_hands()


@dataclass
class Shop:
    """The shop's virtual host, and what is done about its certificate."""

    world: object
    visitor: object

    def cert(self, wanted, former="-", **more):
        host = self.world.entry(self.visitor.nginx)
        return Cert.serving(host, domain=SHOP, wanted=wanted, former=former, **more)

    async def run(self, cert):
        run = await self.world.run(cert.scope("op7"))
        run.tls = Kept(run.tls)
        return run

    async def has_one(self):
        """Install one; return the run, with what was issued in it."""
        cert = self.cert("install")
        run = await self.run(cert)
        await cert.run(run)
        return run

    @property
    def conf(self):
        return self.visitor.nginx.root / "sites" / f"tandem-{SHOP}.conf"


@pytest_asyncio.fixture(loop_scope="session")
async def shop(world, visitor):
    vhost = Vhost.serving(world.entry(visitor.nginx), domain=SHOP, wanted="present")
    await vhost.run(await world.run(vhost.scope("op7")))
    return Shop(world, visitor)


async def test_a_handshake_shows_the_new_certificate_and_a_renewal_another(
    shop, visitor
):
    run = await shop.has_one()
    (first,) = run.tls.issued
    authority = (await run.tls.issuer()).pem
    verified = await shop.cert("install").verify(run)
    shown = await visitor.shown(SHOP, trusting=authority)

    renewal = shop.cert("renew", former=first.serial)
    await renewal.run(run)
    renewed = await renewal.verify(run)
    again = await visitor.shown(SHOP, trusting=authority)

    assert isinstance(verified, Verified)
    assert isinstance(renewed, Verified)
    assert f"{shown.serial_number:x}" == first.serial
    assert f"{again.serial_number:x}" == run.tls.issued[1].serial != first.serial
    assert await visitor.is_served(SHOP)
    # One pair is left, and only its owner reads the key.
    (pair,) = (visitor.nginx.root / "tls" / SHOP).iterdir()
    assert pair.name == run.tls.issued[1].serial
    assert (pair / "key.pem").stat().st_mode & 0o777 == 0o600
    assert pair.stat().st_mode & 0o777 == 0o700


@pytest.mark.long
async def test_what_nginx_refuses_leaves_the_former_certificate_in_place(shop, visitor):
    run = await shop.has_one()
    (first,) = run.tls.issued
    before = visitor.files()
    broken = visitor.nginx.root / "sites" / "broken.conf"
    broken.write_text("nonsense;\n")

    with pytest.raises(Refused) as refused:
        await shop.cert("renew", former=first.serial).run(run)

    broken.unlink()
    shown = await visitor.shown(SHOP, trusting=(await run.tls.issuer()).pem)
    assert 'unknown directive "nonsense"' in str(refused.value.message.args["reason"])
    assert f"{shown.serial_number:x}" == first.serial
    assert visitor.files() == before


@pytest.mark.long
async def test_the_card_shows_what_is_there_and_what_would_be(shop, visitor):
    install, renew = shop.cert("install"), shop.cert("renew")
    run = await shop.run(install)

    shown = await install.preview(run)
    with pytest.raises(Refused) as nothing:
        await renew.preview(run)

    told = {line.label.key.rpartition("-")[2]: line.value for line in shown.facts}
    assert told["now"] == "-"
    assert told["authority"].startswith("CN=Tandem acme, 20")
    assert shown.pinned == {"former": "-"}
    assert f"+    ssl_certificate {visitor.nginx.root}/tls/{SHOP}/new/chain.pem;" in (
        shown.diff
    )
    assert not (visitor.nginx.root / "tls" / SHOP).exists()
    assert nothing.value.message.key == "playbook.cert.nothing-to-renew"


@pytest.mark.long
async def test_with_a_good_one_there_an_install_is_told_to_renew(shop):
    run = await shop.has_one()
    (first,) = run.tls.issued

    with pytest.raises(Refused) as refused:
        await shop.cert("install").preview(run)
    renewal = await shop.cert("renew").preview(run)

    assert refused.value.message.key == "playbook.cert.there-already"
    assert renewal.pinned == {"former": first.serial}
    told = {line.label.key.rpartition("-")[2]: line.value for line in renewal.facts}
    assert told["now"].startswith("CN=Tandem acme, ")


@pytest.mark.long
async def test_a_crash_before_the_installation_is_repeated_and_one_after_it_is_not(
    shop,
):
    install = shop.cert("install")
    run = await shop.run(install)
    await run.tls.issue()  # and there the worker died
    before = await install.happened(run)

    await install.run(run)
    after = await install.happened(run)
    await install.run(run)

    assert (before, after) == (Happened.NO, Happened.YES)
    assert len(run.tls.issued) == 2
    assert isinstance(await install.verify(run), Verified)


@pytest.mark.long
async def test_a_site_that_shows_another_certificate_is_not_verified(shop, visitor):
    run = await shop.has_one()

    class Elsewhere(Kept):
        async def shake_hands(self):
            hands = await self.real.shake_hands()
            return hands.model_copy(update={"serial": "abc"})

    run.tls = Elsewhere(run.tls.real)

    found = await shop.cert("install").verify(run)

    assert isinstance(found, NotVerified)
    assert found.reason.key == "playbook.cert.shows-other"


@pytest.mark.long
async def test_where_the_worker_reaches_no_port_the_host_s_own_handshake_counts(shop):
    run = await shop.has_one()
    run.tls = Kept(
        run.tls.real.__class__(
            vault=run.tls.real.vault,
            minted=run.tls.real.minted,
            client="acme",
            scope=run.tls.real.scope.model_copy(update={"https": 1}),
        )
    )

    found = await shop.cert("install").verify(run)

    assert (await run.tls.shake_hands()).shown is Shown.UNREACHED
    assert isinstance(found, Verified)
    assert found.facts[-1].value == "web-host"


@pytest.mark.long
async def test_without_the_virtual_host_there_is_nothing_to_certify(world, visitor):
    cert = Cert.serving(world.entry(visitor.nginx), domain=SHOP, wanted="install")
    run = await world.run(cert.preview_scope())

    with pytest.raises(Refused) as refused:
        await cert.preview(run)

    assert refused.value.message.key == "playbook.cert.not-vhost"


def left_behind(word):
    """Return what Ansible left in its folder on the host with this word in it."""
    files = Path("~/.ansible/tmp").expanduser().rglob("*")
    return [one for one in files if one.is_file() and word in one.read_bytes()]


@pytest.mark.long
async def test_the_key_is_on_its_host_and_nowhere_else(shop, visitor, world, capfd):
    install = shop.cert("install")
    run = await shop.run(install)
    work = asyncio.create_task(install.run(run))
    seen, kept = set(), set()
    while not work.done():
        for one in run.tls.issued:
            words = [
                line.encode()
                for line in one.private_key.get_secret_value().splitlines()[1:-1]
            ]
            seen |= seen_by_others(words)
            for file in world.folder.rglob("*"):
                with contextlib.suppress(OSError):
                    if file.is_file() and any(w in file.read_bytes() for w in words):
                        kept.add(file.relative_to(world.folder).parts[1])
        await asyncio.sleep(0.1)
    await work

    (issued,) = run.tls.issued
    body = issued.private_key.get_secret_value().splitlines()[1]
    assert seen == set()
    # While it runs: the variables and Ansible's own folder, 0600 in a 0700; later none.
    assert kept <= {"variables.json", "tmp"}
    assert world.leftovers() == []
    files = {name for name, text in visitor.files().items() if body.encode() in text}
    assert files == {f"tls/{SHOP}/{issued.serial}/key.pem"}
    told = " ".join([repr(run.said), repr(issued), *capfd.readouterr()])
    assert body not in told
    for log in (world.host.log, world.vault.bao.audit_file):
        assert body not in log.read_text()
    assert body not in (visitor.nginx.root / "error.log").read_text()
    assert left_behind(body.encode()) == []
