"""Ports on 127.0.0.1 that nobody takes between the choice and the use."""

from __future__ import annotations

import functools
import secrets
import socket
import ssl
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection

# Below what Linux hands to outgoing connections (32768 and up, ip-sysctl.rst,
# ip_local_port_range): a port kept for later is not somebody's connection by then.
_CHOICE: Final = range(20_000, 32_768)
_TRIES: Final = 200
_BACKLOG: Final = 2048


def free_port(*, but: Collection[int] = ()) -> int:
    """Return a loopback port that nobody listens on right now, and none of `but`."""
    for _ in range(_TRIES):
        port = secrets.choice(_CHOICE)
        if port not in but and port_is_free(port):
            return port
    raise RuntimeError("no loopback port is free")


def port_is_free(port: int) -> bool:
    """Say whether the loopback port can be listened on."""
    try:
        listening("127.0.0.1", port).close()
    except OSError:
        return False
    return True


@functools.cache
def trust() -> ssl.SSLContext:
    """
    Return whom clients trust that are made again and again.

    Even one that only speaks to this machine would else read all authorities each time.
    """
    return ssl.create_default_context()


def listening(host: str, port: int) -> socket.socket:
    """
    Return a socket that listens already, at any free port for 0.

    Bound alone it could lose its port: two sockets that allow SO_REUSEADDR may bind
    the same one until either listens (socket(7)). Whoever connects early waits.
    OSError if the port is taken.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Without the protocol named, asyncio leaves Nagle on: 40 ms more for each answer.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        # For 0 the kernel shall choose a port that is ours alone.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, int(port != 0))
        listener.bind((host, port))
        listener.listen(_BACKLOG)
        # Its connections inherit it, or else the port is in use while they TIME_WAIT.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    except OSError:
        listener.close()
        raise
    listener.setblocking(False)
    return listener
