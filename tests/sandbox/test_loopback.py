"""Ports that are there when they are used."""

from __future__ import annotations

import contextlib
import socket

import pytest

from deploy.sandbox.gitlab.serve import serve
from deploy.sandbox.gitlab.world import GitLabWorld
from deploy.sandbox.loopback import free_port, listening, port_is_free


def a_rival():
    """A socket that may share any port that nobody listens on yet."""
    rival = socket.socket()
    rival.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return contextlib.closing(rival)


@pytest.fixture
def ours():
    with contextlib.closing(listening("127.0.0.1", 0)) as ours:
        yield ours


@pytest.mark.parametrize("asked", [lambda: 0, free_port])
def test_what_listens_cannot_be_taken_by_one_who_shares(asked):
    with (
        contextlib.closing(listening("127.0.0.1", asked())) as ours,
        a_rival() as rival,
        pytest.raises(OSError, match="in use"),
    ):
        rival.bind(ours.getsockname())


def test_who_connects_before_anybody_serves_waits_for_an_answer(ours):
    with contextlib.closing(socket.create_connection(ours.getsockname())) as early:
        ours.setblocking(True)
        taken, whence = ours.accept()
        taken.close()

        assert whence == early.getsockname()


def test_a_taken_port_is_not_free_and_a_left_one_is():
    with contextlib.closing(listening("127.0.0.1", 0)) as ours:
        port = ours.getsockname()[1]

        assert not port_is_free(port)
        with pytest.raises(OSError, match="in use"):
            listening("127.0.0.1", port)

    assert port_is_free(port)


def test_a_port_in_time_wait_is_free(ours):
    where = ours.getsockname()
    with contextlib.closing(socket.create_connection(where)) as client:
        ours.setblocking(True)
        ours.accept()[0].close()  # who closes first is the one that waits
        assert client.recv(1) == b""
    ours.close()

    assert port_is_free(where[1])


def test_a_free_port_is_never_one_that_the_kernel_gives_to_a_connection():
    first = int(ip_local_port_range().split()[0])

    assert all(free_port() < first for _ in range(100))


def ip_local_port_range():
    try:
        with open("/proc/sys/net/ipv4/ip_local_port_range") as file:  # noqa: PTH123 - a file of the kernel
            return file.read()
    except FileNotFoundError:
        pytest.skip("not Linux")


def test_what_is_to_be_left_out_is_left_out():
    taken = set()
    for _ in range(200):
        port = free_port(but=taken)
        assert port not in taken
        taken.add(port)


async def test_a_world_whose_port_is_taken_says_so(ours, tmp_path):
    world = GitLabWorld(tmp_path)

    with pytest.raises(OSError, match="in use"):
        await serve(world, port=ours.getsockname()[1]).__aenter__()
