"""The sandbox's hosts as they run: on loopback alone, and gone with the sandbox."""

from __future__ import annotations

import httpx
import psutil

from bot.outbound.ssh_key import new_key
from deploy.sandbox.hosts import Hosts
from deploy.sandbox.loopback import port_is_free
from deploy.sandbox.places import places
from deploy.sandbox.process import Child
from tests.flow.world import ROOT


def listening(root):
    """Return where the processes that work in this folder listen."""
    found = set()
    for one in psutil.process_iter(["cmdline", "net_connections"]):
        if str(root) in " ".join(one.info["cmdline"] or ()):
            found |= {
                tuple(it.laddr)
                for it in one.info["net_connections"] or ()
                if it.status == psutil.CONN_LISTEN
            }
    return found


async def test_they_listen_on_loopback_alone_and_end_with_who_started_them(tmp_path):
    where = places(tmp_path, page=0)
    words = Hosts(tmp_path, where).words(authority=new_key().public)
    child = Child(
        "hosts",
        words,
        log=tmp_path / "hosts.log",
        environment={
            "PATH": "/usr/sbin:/usr/bin:/bin",
            "PYTHONPATH": str(ROOT),
        },
    )
    await child.start()
    await child.says("ready", patience=60)

    async with httpx.AsyncClient(trust_env=False) as http:
        answer = await http.get(f"http://127.0.0.1:{where.http}/")
    meanwhile = listening(tmp_path)
    await child.stop(patience=30)

    assert answer.status_code == httpx.codes.NOT_FOUND
    ports = (where.ssh, where.http, where.data_ssh)
    assert meanwhile == {("127.0.0.1", port) for port in ports}
    assert listening(tmp_path) == set()
    assert port_is_free(where.http)
