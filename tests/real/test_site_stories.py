"""Sites and certificates as people ask for them, through the whole flow."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from pathlib import Path

import pytest

from bot.domain.operation import State
from deploy.sandbox.demo import ALICE, BOB, People, StoryBrokeError
from deploy.sandbox.nginx_host import NginxHost
from deploy.sandbox.whole import Sandbox, Wishes
from deploy.vault.admin import Admin
from tests.real.web import SHOP, Visitor

FILE = f"tandem-{SHOP}.conf"


@pytest.mark.long
async def test_a_refused_site_fails_with_nginx_s_words_and_all_is_as_it_was(ops, site):
    card = await ops.alice.asks(f"vhost add {SHOP} on web-host")
    shown = card.operation.proposal
    await ops.bob.approves(card)
    # Somebody else's mistake: it is nginx's whole configuration that is tested.
    broken = site.nginx.root / "sites" / "broken.conf"
    broken.write_text("include /nowhere/at.all;\n")

    await ops.works()

    ended = await ops.again(card)
    broken.unlink()
    assert ended.operation.state is State.FAILED, ended.operation.outcome
    assert "/nowhere/at.all" in str(ended.operation.outcome.args["reason"])
    assert site.files() == {}
    assert f"+    server_name {SHOP};" in shown.diff
    assert shown.way_back == f"vhost remove {SHOP} on web-host"
    assert f"add {site.nginx.root}/sites/{FILE}, nginx -t, reload" in card


@pytest.mark.long
@pytest.mark.parametrize(
    "domain",
    [
        "*.acme.example",
        "Shop.acme.example",
        "shop.acme.example.",
        "a;b.acme.example",
        "../acme.example",
        "shop.acme.example{}",
        "127.0.0.1",
        "shop.other.example",
        "notacme.example",
    ],
)
async def test_hostile_and_foreign_domains_reach_no_host(ops, domain):
    for line in (f"vhost add {domain} on web-host", f"cert renew {domain} on web-host"):
        answer = await ops.alice.says(line)

        assert answer.key != "asked.noted"
    assert await ops.back.store.unfinished("acme") == ()


class Page:
    """Alice asks on the sandbox's page, and Bob approves."""

    def __init__(self, sandbox):
        self.people = People(sandbox.places.slack_url)

    async def gets(self, line):
        """Return the card once it was approved and carried out."""
        seen = {one["ts"] for one in await self.people.sees(BOB)}
        await self.people.types(ALICE, f"/infra {line}")
        card = await self.waits(
            lambda one: one.ts not in seen and "approve" in one.buttons
        )
        await self.people.clicks(BOB, card, "approve")
        return await self.waits(lambda one: one.ts == card.ts and "*Done*" in one.text)

    async def waits(self, wanted):
        """Wait for a card, on a busy machine longer than the page itself would."""
        for _ in range(5):
            with contextlib.suppress(StoryBrokeError):
                return await self.people.waits_for(BOB, wanted)
        return await self.people.waits_for(BOB, wanted)


@pytest.fixture
def open_folder():
    """A folder that PostgreSQL may enter too, which runs as another user than root."""
    made = Path(tempfile.mkdtemp(prefix="tandem-page-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.mark.long
@pytest.mark.timeout(1200)
async def test_on_the_page_a_site_is_added_certified_and_its_nginx_restarted(
    open_folder,
):
    wishes = Wishes(page_port=0, terraform="standin", hosts=True)
    sandbox = Sandbox(open_folder / "sandbox", wishes)
    await sandbox.start()
    try:
        where = sandbox.places
        nginx = NginxHost(
            sandbox.state / "web-host" / "nginx", http=where.http, https=where.https
        )
        visitor, page = Visitor(nginx), Page(sandbox)
        admin = Admin(
            address=sandbox.openbao.address, token=sandbox.openbao.admin_token()
        )
        authority = await admin.read("pki-acme/cert/ca")

        await page.gets(f"vhost add {SHOP} on web-host")
        served = await visitor.is_served(SHOP)
        await page.gets(f"cert install {SHOP} on web-host")
        shown = await visitor.shown(SHOP, trusting=str(authority["certificate"]))
        before = (nginx.root / "run" / "nginx.pid").read_text()
        await page.gets("service restart nginx on web-host")
        after = (nginx.root / "run" / "nginx.pid").read_text()

        assert served
        assert shown.subject.rfc4514_string() == f"CN={SHOP}"
        assert before != after
        assert await visitor.is_served(SHOP)
        await page.people.close()
    finally:
        await sandbox.stop()
