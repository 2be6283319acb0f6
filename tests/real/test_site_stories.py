"""Sites and certificates as people ask for them, through the whole flow."""

from __future__ import annotations

import pytest

from bot.domain.operation import State
from tests.real.web import SHOP

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
