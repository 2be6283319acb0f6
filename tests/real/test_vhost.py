"""The playbook of `/infra vhost` on a real host: OpenSSH, Ansible and nginx."""

from __future__ import annotations

import pytest

from bot.domain.errors import Refused
from bot.domain.playbook import Happened, NotVerified, Verified
from playbooks.ansible.vhost import Vhost
from tests.real.web import SHOP

FILE = f"tandem-{SHOP}.conf"


@pytest.fixture
def shop(world, visitor):
    """What is done to the shop, by what is wanted of it."""
    host = world.entry(visitor.nginx)
    return {
        wanted: Vhost.serving(host, domain=SHOP, wanted=wanted)
        for wanted in ("present", "absent")
    }


@pytest.fixture
def sites(visitor):
    return visitor.nginx.root / "sites"


async def there(world, shop):
    """Have it there; return a run to go on with."""
    run = await world.run(shop["present"].scope("op7"))
    await shop["present"].run(run)
    return run


# In the page it is told by `test_every_row`, whose effect is the same.
@pytest.mark.long
async def test_nginx_answers_after_an_add_and_no_longer_after_a_remove(
    world, shop, visitor
):
    before = await visitor.is_served(SHOP)

    run = await there(world, shop)
    added = await shop["present"].verify(run)
    meanwhile = await visitor.is_served(SHOP)
    await shop["absent"].run(run)
    removed = await shop["absent"].verify(run)

    assert (before, meanwhile, await visitor.is_served(SHOP)) == (False, True, False)
    assert isinstance(added, Verified)
    assert isinstance(removed, Verified)
    assert visitor.files() == {}
    # Whatever pages there are stay.
    assert (visitor.nginx.root / "pages" / SHOP).is_dir()


async def test_what_nginx_refuses_is_put_back_and_told_in_its_words(
    world, shop, visitor, sites
):
    run = await there(world, shop)
    served = visitor.files()
    blog = Vhost.serving(
        world.entry(visitor.nginx), domain="blog.acme.example", wanted="present"
    )
    # Somebody else's mistake: it is nginx's whole configuration that is tested.
    (sites / "broken.conf").write_text("server { listen; }\n")

    with pytest.raises(Refused) as refused:
        await blog.run(run)
    with pytest.raises(Refused):
        await shop["absent"].run(run)

    (sites / "broken.conf").unlink()
    told = str(refused.value.message.args["reason"])
    assert 'invalid number of arguments in "listen" directive' in told
    assert visitor.files() == served
    assert await visitor.is_served(SHOP)
    assert not (visitor.nginx.root / "pages" / "blog.acme.example").exists()


@pytest.mark.long
async def test_a_name_that_somebody_else_serves_is_not_taken_over(
    world, shop, visitor, sites
):
    text = f"server {{ listen 127.0.0.1:{visitor.nginx.http}; server_name {SHOP}; }}\n"
    (sites / "zz-by-hand.conf").write_text(text)

    with pytest.raises(Refused) as refused:
        await there(world, shop)

    assert "conflicting server name" in str(refused.value.message.args["reason"])
    assert visitor.files() == {"sites/zz-by-hand.conf": text.encode()}


@pytest.mark.long
async def test_what_is_not_tandem_s_is_left_alone(world, shop, sites):
    (sites / FILE).write_text("# By hand\n")
    run = await world.run(shop["absent"].preview_scope())

    for one in shop.values():
        with pytest.raises(Refused) as refused:
            await one.preview(run)

        assert refused.value.message.key == "playbook.vhost.not-ours"


@pytest.mark.long
async def test_a_preview_is_a_diff_and_changes_nothing(world, shop, visitor):
    run = await world.run(shop["present"].preview_scope())

    preview = await shop["present"].preview(run)
    again = await shop["present"].preview(run)

    assert again.state == preview.state
    assert f"+    server_name {SHOP};" in preview.diff
    assert visitor.files() == {}
    assert not (visitor.nginx.root / "pages" / SHOP).exists()


@pytest.mark.long
async def test_what_is_there_already_or_is_not_there_is_said(world, shop, visitor):
    run = await world.run(shop["present"].preview_scope())
    with pytest.raises(Refused) as absent:
        await shop["absent"].preview(run)
    await shop["present"].run(run)

    with pytest.raises(Refused) as present:
        await shop["present"].preview(run)

    assert absent.value.message.key == "playbook.vhost.not-there"
    assert present.value.message.key == "playbook.vhost.there-already"


@pytest.mark.long
async def test_an_nginx_that_does_not_run_is_left_as_it_is(world, shop, visitor):
    await visitor.nginx.stop()
    run = await world.run(shop["present"].preview_scope())

    with pytest.raises(Refused) as refused:
        await shop["present"].preview(run)

    assert refused.value.message.key == "playbook.vhost.no-answer"


@pytest.mark.long
async def test_after_a_crash_it_is_told_whether_it_took_place(world, shop):
    run = await world.run(shop["present"].scope("op7"))
    run.before = (await shop["present"].preview(run)).state.fingerprint
    before = await shop["present"].happened(run)

    await shop["present"].run(run)

    assert before is Happened.NO
    assert await shop["present"].happened(run) is Happened.YES
    assert isinstance(await shop["absent"].verify(run), NotVerified)
