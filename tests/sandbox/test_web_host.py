"""The sandbox's host: what its catalog says of it, with and without the programs."""

from __future__ import annotations

import pytest

from bot import registry
from bot.domain.errors import Refused
from bot.outbound.catalog import load
from bot.outbound.ssh_key import new_key
from deploy.sandbox import web_host
from deploy.sandbox.places import places
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


def test_the_catalog_s_copy_says_where_the_host_is(tmp_path):
    ssh = web_host.ssh_of(tmp_path / "host", authority=AUTHORITY, port=2201)
    nginx = web_host.nginx_of(tmp_path / "host", http=2202, https=2203)

    web_host.with_host(CATALOG, tmp_path / "catalog", ssh=ssh.ssh, nginx=nginx)

    host = load(tmp_path / "catalog").client("acme").target("web-host")
    assert (host.ssh, host.web, host.scripts) == (ssh.ssh, nginx.web, nginx.scripts)
    assert (host.ssh.port, host.web.http, host.web.https) == (2201, 2202, 2203)
    assert host.web.sites.startswith(str(tmp_path))
    assert [change().playbook for change in changes(tmp_path / "catalog")] == [
        "ansible.vhost",
        "ansible.cert",
        "ansible.service",
    ]


def test_it_is_the_same_host_after_a_restart(tmp_path):
    first, again = (
        web_host.ssh_of(tmp_path, authority=AUTHORITY, port=2201) for _ in range(2)
    )

    assert first.host_key == again.host_key
    assert places(tmp_path, page=0) == places(tmp_path, page=0)


def test_without_the_programs_everything_on_it_is_refused_by_their_names(tmp_path):
    why = "this machine has no sshd (openssh-server)"

    web_host.without_host(CATALOG, tmp_path / "catalog", why=why)

    for change in changes(tmp_path / "catalog"):
        with pytest.raises(Refused) as refused:
            change()

        assert refused.value.message.key == "host.out-of-reach"
        assert refused.value.message.args["reason"] == why
