"""The sandbox's host as it runs: on loopback alone, and gone with the sandbox."""

from __future__ import annotations

import httpx
import psutil

from bot.outbound.ssh_key import new_key
from deploy.sandbox.openbao_process import port_is_free
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


async def test_it_listens_on_loopback_alone_and_ends_with_who_started_it(tmp_path):
    where = places(tmp_path, page=0)
    words = [
        "deploy.sandbox.web_host",
        "--root",
        str(tmp_path / "host"),
        "--authority",
        new_key().public,
    ]
    for name in ("ssh", "http", "https"):
        words += [f"--{name}", str(getattr(where, name))]
    child = Child(
        "web-host",
        tuple(words),
        log=tmp_path / "web-host.log",
        environment={
            "PATH": "/usr/sbin:/usr/bin:/bin",
            "PYTHONPATH": str(ROOT),
        },
    )
    await child.start()
    await child.says("ready", patience=60)

    async with httpx.AsyncClient(trust_env=False) as http:
        answer = await http.get(f"http://127.0.0.1:{where.http}/")
    meanwhile = listening(tmp_path / "host")
    await child.stop(patience=30)

    assert answer.status_code == httpx.codes.NOT_FOUND
    assert meanwhile == {("127.0.0.1", where.ssh), ("127.0.0.1", where.http)}
    assert listening(tmp_path / "host") == set()
    assert port_is_free(where.http)
