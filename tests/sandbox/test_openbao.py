"""The sandbox's OpenBao comes up, comes back, and belongs to one owner."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import psutil
import pytest
import pytest_asyncio

from deploy.sandbox.loopback import free_port
from deploy.sandbox.openbao import OpenBao, OpenBaoFailedError
from deploy.sandbox.openbao_process import AlreadyOwnedError

REPOSITORY = Path(__file__).parents[2]

# A sandbox in miniature: it starts the server, says so, and waits to be killed.
SUPERVISOR = """
import asyncio, sys, time
from pathlib import Path
from deploy.sandbox.openbao import OpenBao
durable = sys.argv[2] == "durable"
bao = OpenBao(Path(sys.argv[1]), durable=durable)
print(asyncio.run(bao.start()), bao.address, flush=True)
time.sleep(60)
"""


def supervisor(root, mode):
    return subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR, str(root), mode],
        stdout=subprocess.PIPE,
        text=True,
        cwd=REPOSITORY,
    )


def killed_supervisor(root, mode):
    """Start a server from another process, kill -9 that process, say where it was."""
    with supervisor(root, mode) as process:
        _, address = process.stdout.readline().split()
        process.send_signal(signal.SIGKILL)
        process.wait()
    return address


def servers_of(root):
    argument = f"-config={root}/openbao.hcl"
    return [
        process
        for process in psutil.process_iter(["cmdline"])
        if argument in (process.info["cmdline"] or ())
    ]


async def write(bao, value):
    async with httpx.AsyncClient(base_url=bao.address, trust_env=False) as http:
        answer = await http.post(
            "/v1/cubbyhole/kept",
            json={"value": value},
            headers={"X-Vault-Token": bao.admin_token().get_secret_value()},
        )
        answer.raise_for_status()


async def read(bao):
    async with httpx.AsyncClient(base_url=bao.address, trust_env=False) as http:
        answer = await http.get(
            "/v1/cubbyhole/kept",
            headers={"X-Vault-Token": bao.admin_token().get_secret_value()},
        )
        answer.raise_for_status()
        return answer.json()["data"]["value"]


@pytest_asyncio.fixture
async def durable(tmp_path):
    bao = OpenBao(tmp_path / "bao", dies_with_parent=True)
    yield bao
    await bao.stop()


async def test_the_fast_server_is_ready_within_a_second(tmp_path):
    bao = OpenBao(tmp_path / "bao", durable=False)
    began = time.monotonic()

    how = await bao.start()

    took = time.monotonic() - began
    await bao.stop()
    assert how == "created"
    assert took < 1.5, "0.2 s on a quiet machine; the margin is for a busy one"


async def test_data_and_address_survive_a_stop(durable):
    assert await durable.start() == "created"
    await write(durable, "precious")
    address = durable.address
    await durable.stop()

    how = await durable.start()

    assert (how, durable.address) == ("started", address)
    assert await read(durable) == "precious"


async def test_data_survives_kill_9_of_the_server(durable, tmp_path):
    await durable.start()
    await write(durable, "precious")
    (server,) = servers_of(tmp_path / "bao")
    server.kill()
    await durable.stop()

    await durable.start()

    assert await read(durable) == "precious"


async def test_it_moves_when_its_port_was_taken_meanwhile(durable):
    await durable.start()
    await write(durable, "precious")
    address = durable.address
    await durable.stop()

    with socket.create_server(("127.0.0.1", int(address.rpartition(":")[2]))):
        how = await durable.start()

    assert how == "started"
    assert durable.address != address
    assert await read(durable) == "precious"


async def test_a_server_that_hangs_is_ended_all_the_same(tmp_path):
    bao = OpenBao(tmp_path / "bao", durable=False)
    await bao.start()
    (server,) = servers_of(tmp_path / "bao")
    server.suspend()

    await bao.stop(patience=0.2)

    assert servers_of(tmp_path / "bao") == []


async def test_a_sealed_server_left_behind_is_replaced(tmp_path):
    killed_supervisor(tmp_path / "bao", "durable")
    left = OpenBao(tmp_path / "bao")
    await left.start()
    await left.seal()
    left._owner.release()  # as kill -9 would
    bao = OpenBao(tmp_path / "bao", dies_with_parent=True)

    how = await bao.start()

    ready = await bao.ready()
    await bao.stop()
    assert (how, ready) == ("started", True)


async def test_a_server_left_by_a_killed_owner_is_adopted(tmp_path):
    address = killed_supervisor(tmp_path / "bao", "durable")
    bao = OpenBao(tmp_path / "bao")

    how = await bao.start()

    adopted = bao.address
    await bao.stop()
    assert (how, adopted) == ("adopted", address)
    assert servers_of(tmp_path / "bao") == []


async def test_an_in_memory_server_dies_with_its_killed_owner(tmp_path):
    if sys.platform != "linux":
        pytest.skip("only Linux tells a child that its parent died")

    killed_supervisor(tmp_path / "bao", "memory")

    for _ in range(100):
        if not servers_of(tmp_path / "bao"):
            break
        await asyncio.sleep(0.05)
    assert servers_of(tmp_path / "bao") == []


async def test_a_second_owner_is_refused_and_the_first_goes_on(durable, tmp_path):
    await durable.start()
    second = OpenBao(tmp_path / "bao")

    with pytest.raises(AlreadyOwnedError, match="another process runs"):
        await second.start()

    assert await durable.ready()


async def test_a_sealed_server_is_not_ready_and_a_new_start_unseals_it(durable):
    await durable.start()
    await durable.seal()

    sealed_was_ready = await durable.ready()
    await durable.stop()
    await durable.start()

    assert not sealed_was_ready
    assert await durable.ready()


async def test_a_server_that_cannot_audit_is_not_ready(tmp_path):
    bao = OpenBao(tmp_path / "bao", durable=False)
    await bao.start()
    # OpenBao reopens its audit file on SIGHUP: a directory in its place cannot be one.
    bao.audit_file.unlink()
    bao.audit_file.mkdir()
    (server,) = servers_of(tmp_path / "bao")
    server.send_signal(signal.SIGHUP)

    for _ in range(100):
        ready = await bao.ready()
        if not ready:
            break
        await asyncio.sleep(0.05)

    async with httpx.AsyncClient(base_url=bao.address, trust_env=False) as http:
        health = (await http.get("/v1/sys/health")).status_code
    await bao.stop()
    assert (ready, health) == (False, 200)


async def test_a_first_start_that_was_cut_begins_anew(durable, tmp_path):
    await durable.start()
    await durable.stop()
    (tmp_path / "bao" / "initialised").unlink()
    (tmp_path / "bao" / "admin.token").unlink()

    how = await durable.start()

    assert how == "created"
    assert await durable.ready()


async def test_a_lost_admin_token_is_said_and_the_data_is_kept(durable, tmp_path):
    await durable.start()
    await durable.stop()
    (tmp_path / "bao" / "admin.token").unlink()

    with pytest.raises(OpenBaoFailedError, match=r"admin\.token is gone"):
        await durable.start()

    assert (tmp_path / "bao" / "raft").exists()


async def test_a_taken_port_that_was_asked_for_is_reported(tmp_path):
    first = OpenBao(tmp_path / "first", free_port(), durable=False)
    await first.start()
    port = int(first.address.rpartition(":")[2])
    second = OpenBao(tmp_path / "second", port, durable=False)

    with pytest.raises(OpenBaoFailedError, match="address already in use"):
        await second.start()

    await first.stop()


async def test_the_admin_token_is_in_a_private_file_and_nowhere_else(tmp_path):
    bao = OpenBao(tmp_path / "bao", durable=False)

    await bao.start()

    token = bao.admin_token().get_secret_value()
    (server,) = servers_of(tmp_path / "bao")
    seen = " ".join([*server.cmdline(), *server.environ().values()])
    log = (tmp_path / "bao" / "server.log").read_text()
    audit = bao.audit_file.read_text()
    listening = {c.laddr.ip for c in server.net_connections() if c.status == "LISTEN"}
    await bao.stop()
    assert bao.token_file.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "bao").stat().st_mode & 0o777 == 0o700
    assert token not in seen + log + audit + repr(bao)
    assert listening == {"127.0.0.1"}
