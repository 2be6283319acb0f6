"""The sandbox's hosts: what its catalog says of them, with and without the programs."""

from __future__ import annotations

import pytest

from bot import registry
from bot.domain.errors import Refused
from bot.outbound.catalog import load
from bot.outbound.ssh_key import new_key
from deploy.sandbox.data_host import DataHost
from deploy.sandbox.hosts import Hosts, lacking
from deploy.sandbox.inventory import copied
from deploy.sandbox.places import Places, places
from tests.contract.test_every_command import CATALOG

AUTHORITY = new_key().public
LINES = {
    "vhost": {"action": "add", "domain": "shop.acme.example", "host": "web-host"},
    "cert": {"action": "install", "domain": "shop.acme.example", "host": "web-host"},
    "service": {"action": "restart", "service": "nginx", "host": "web-host"},
}


def changes(folder):
    """Return what each command on the host would do by this catalog, one by one."""
    acme = load(folder).client("acme")
    host = acme.target("web-host")
    for name, words in LINES.items():
        made = registry.load().commands[name].model_validate(words)
        yield lambda made=made: made.change(host, acme)


def hosts_in(folder):
    where = Places(page=1, bot=2, gitlab=3, aws=4, ssh=2201, http=2202, https=2203)
    return Hosts(folder / "state", where)


def test_the_catalog_s_copy_says_where_the_host_is(tmp_path):
    ssh, nginx = hosts_in(tmp_path).web_sshd(), hosts_in(tmp_path).nginx
    places = {"web": nginx.web, "scripts": nginx.scripts, "ssh": ssh.ssh}
    told = {name: one.model_dump(mode="json") for name, one in places.items()}

    copied(CATALOG, tmp_path / "catalog", hosts={"web-host": told})

    host = load(tmp_path / "catalog").client("acme").target("web-host")
    assert (host.ssh, host.web, host.scripts) == (ssh.ssh, nginx.web, nginx.scripts)
    assert (host.ssh.port, host.web.http, host.web.https) == (2201, 2202, 2203)
    assert host.web.sites.startswith(str(tmp_path))
    assert [change().playbook for change in changes(tmp_path / "catalog")] == [
        "ansible.vhost",
        "ansible.cert",
        "ansible.service",
    ]


def test_all_else_of_the_copy_is_as_it_was(tmp_path):
    copied(CATALOG, tmp_path, hosts={"data-host": {"nfs": None, "chef": None}})

    was, now = (load(one).client("acme") for one in (CATALOG, tmp_path))
    data = now.target("data-host")
    assert (data.nfs, data.chef) == (None, None)
    assert [one for one in now.targets if one != data] == [
        one for one in was.targets if one.name != "data-host"
    ]


def test_a_host_that_the_catalog_has_not_is_an_error(tmp_path):
    with pytest.raises(ValueError, match="no host moon"):
        copied(CATALOG, tmp_path, hosts={"moon": {}})


def test_it_is_the_same_host_after_a_restart(tmp_path):
    first, again = (hosts_in(tmp_path).web_sshd() for _ in range(2))

    assert first.host_key == again.host_key
    assert places(tmp_path, page=0) == places(tmp_path, page=0)


def test_without_the_programs_everything_on_it_is_refused_by_their_names(tmp_path):
    told = lacking("sshd (openssh-server)")

    copied(CATALOG, tmp_path / "catalog", hosts={"web-host": told})

    for change in changes(tmp_path / "catalog"):
        with pytest.raises(Refused) as refused:
            change()

        assert refused.value.message.key == "host.out-of-reach"
        why = "this machine has no sshd (openssh-server)"
        assert refused.value.message.args["reason"] == why


async def test_a_host_in_a_folder_that_no_path_of_a_program_fits_is_out_of_reach(
    tmp_path,
):
    odd = DataHost(tmp_path / "a b", port=2204)

    told = await odd.furnish(postgres=None, mariadb=None)

    assert "too odd" in told["out_of_reach"]
