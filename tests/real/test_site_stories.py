"""`/infra vhost` on a real host: OpenSSH, Ansible and nginx."""

from __future__ import annotations

import pytest

from bot.domain.operation import State
from tests.real.web import SHOP

FILE = f"tandem-{SHOP}.conf"


async def added(ops, domain=SHOP):
    card = await ops.alice.asks(f"vhost add {domain} on web-host")
    await ops.bob.approves(card)
    await ops.works()
    ended = await ops.again(card)
    assert ended.operation.ended, ended.operation.outcome
    return ended


async def test_nginx_answers_after_an_add_and_no_longer_after_a_remove(ops, site):
    before = await site.is_served(SHOP)

    ended = await added(ops)
    meanwhile = await site.is_served(SHOP)
    card = await ops.alice.asks(f"vhost remove {SHOP} on web-host")
    await ops.bob.approves(card)
    await ops.works()

    assert ended.operation.state is State.DONE, ended.operation.outcome
    assert await ops.state(card) is State.DONE
    assert (before, meanwhile, await site.is_served(SHOP)) == (False, True, False)
    assert site.files() == {}
    # Whatever pages there are stay.
    assert (site.nginx.root / "pages" / SHOP).is_dir()


async def test_the_card_shows_the_file_as_a_diff_and_the_way_back(ops, site):
    card = await ops.alice.asks(f"vhost add {SHOP} on web-host")

    assert f"+    server_name {SHOP};" in card.operation.proposal.diff
    assert card.operation.proposal.way_back == f"vhost remove {SHOP} on web-host"
    assert f"add {site.nginx.root}/sites/{FILE}, nginx -t, reload" in card
    assert site.files() == {}
    assert not await site.is_served(SHOP)


async def test_undo_asks_for_the_other_and_does_it(ops, site):
    ended = await added(ops)

    card = await ops.alice.asks(f"undo {ended.operation.short}")
    await ops.bob.approves(card)
    await ops.works()

    assert card.operation.command == "vhost"
    assert await ops.state(card) is State.DONE
    assert not await site.is_served(SHOP)


async def test_what_nginx_refuses_is_put_back_and_fails_with_its_words(ops, site):
    await added(ops)
    served = site.files()
    card = await ops.alice.asks("vhost add blog.acme.example on web-host")
    await ops.bob.approves(card)
    # Somebody else's mistake: it is nginx's whole configuration that is tested.
    (site.nginx.root / "sites" / "broken.conf").write_text("server { listen; }\n")

    await ops.works()

    ended = await ops.again(card)
    assert ended.operation.state is State.FAILED, ended.operation.outcome
    told = str(ended.operation.outcome.args["reason"])
    assert 'invalid number of arguments in "listen" directive' in told
    assert await site.is_served(SHOP)
    (site.nginx.root / "sites" / "broken.conf").unlink()
    assert site.files() == served
    assert not (site.nginx.root / "pages" / "blog.acme.example").exists()


async def test_a_refused_removal_leaves_the_site_as_it_was(ops, site):
    await added(ops)
    served = site.files()
    card = await ops.alice.asks(f"vhost remove {SHOP} on web-host")
    await ops.bob.approves(card)
    (site.nginx.root / "sites" / "broken.conf").write_text("include /nowhere/x;\n")

    await ops.works()

    (site.nginx.root / "sites" / "broken.conf").unlink()
    ended = await ops.again(card)
    assert ended.operation.state is State.FAILED, ended.operation.outcome
    assert site.files() == served
    assert await site.is_served(SHOP)


async def test_a_name_that_somebody_else_serves_is_not_taken_over(ops, site):
    text = f"server {{ listen 127.0.0.1:{site.nginx.http}; server_name {SHOP}; }}\n"
    other = site.nginx.root / "sites" / "zz-by-hand.conf"
    other.write_text(text)

    ended = await added(ops)

    assert ended.operation.state is State.FAILED
    assert "conflicting server name" in str(ended.operation.outcome.args["reason"])
    assert site.files() == {"sites/zz-by-hand.conf": text.encode()}


async def test_a_virtual_host_that_tandem_did_not_make_is_left_alone(ops, site):
    theirs = site.nginx.root / "sites" / FILE
    theirs.write_text("# By hand\n")

    for verb in ("add", "remove"):
        card = await ops.alice.asks(f"vhost {verb} {SHOP} on web-host")

        assert card.operation.state is State.REFUSED
        assert card.operation.outcome.key == "playbook.vhost.not-ours"
    assert theirs.read_text() == "# By hand\n"


async def test_an_edit_by_hand_after_the_approval_voids_it(ops, site):
    await added(ops)
    card = await ops.alice.asks(f"vhost remove {SHOP} on web-host")
    await ops.bob.approves(card)
    file = site.nginx.root / "sites" / FILE
    file.write_text(f"{file.read_text()}# and more\n")

    await ops.works()

    assert await ops.state(card) is State.VOIDED
    assert file.read_text().endswith("# and more\n")


async def test_what_is_there_already_is_said_before_anybody_is_asked(ops, site):
    await added(ops)

    again = await ops.alice.asks(f"vhost add {SHOP} on web-host")
    gone = await ops.alice.asks("vhost remove blog.acme.example on web-host")

    assert again.operation.outcome.key == "playbook.vhost.there-already"
    assert gone.operation.outcome.key == "playbook.vhost.not-there"


async def test_an_nginx_that_does_not_run_is_left_as_it_is(ops, site):
    await site.nginx.stop()

    card = await ops.alice.asks(f"vhost add {SHOP} on web-host")

    assert card.operation.outcome.key == "playbook.vhost.no-answer"


@pytest.mark.parametrize(
    "domain",
    [
        "*.acme.example",
        "Shop.acme.example",
        "shop.acme.example.",
        "-x.acme.example",
        "a;b.acme.example",
        "../acme.example",
        "shop.acme.example{}",
        "127.0.0.1",
        "localhost",
        f"{'a' * 60}.acme.example",
        "shop.other.example",
        "notacme.example",
    ],
)
async def test_hostile_and_foreign_domains_reach_no_host(ops, web, domain):
    for line in (
        f"vhost add {domain} on web-host",
        f"cert install {domain} on web-host",
    ):
        answer = await ops.alice.says(line)

        assert answer.key != "asked.noted"
    await ops.works()
    assert "Accepted" not in web.log.read_text()
