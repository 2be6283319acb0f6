"""
`python -m deploy.sandbox.web_host`: Acme's web-host, with a real sshd and a real nginx.

Both are this machine's own programs, listen on 127.0.0.1 and keep to one folder. Where
one is missing the sandbox has no such host, and its catalog says what is missing, so
that whoever asks for something on it is told.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from deploy.sandbox.nginx_host import NGINX, OPENSSL, NginxHost
from deploy.sandbox.ssh_host import SSHD, SshHost

if TYPE_CHECKING:
    from bot.domain.catalog.host import Ssh

PRINCIPAL: Final = "web-host"
_INVENTORY: Final = Path("clients/acme/inventory.yaml")
_INIT: Final = "    init: sysvinit\n"
_SSH: Final = "    ssh:\n      address: 127.0.0.1\n      port: 22022\n"
_NFS: Final = "    nfs: {"
_NO_DATA_HOST: Final = "the sandbox runs no such host"
# What is wanted of the machine, and the package of Debian's that has it.
_NEEDED: Final = (
    (SSHD, "sshd (openssh-server)"),
    (shutil.which("ssh"), "ssh (openssh-client)"),
    (NGINX, "nginx (nginx-light)"),
    (OPENSSL, "openssl (openssl)"),
)


def missing() -> str:
    """Return what this machine lacks for the host, in words; nothing if nothing."""
    return ", ".join(name for found, name in _NEEDED if found is None)


def ssh_of(root: Path, *, authority: str, port: int) -> SshHost:
    """Return the host's sshd; it is not started by that."""
    return SshHost(root / "ssh", authority=authority, principal=PRINCIPAL, port=port)


def nginx_of(root: Path, *, http: int, https: int) -> NginxHost:
    """Return the host's nginx; it is not started by that."""
    return NginxHost(root / "nginx", http=http, https=https)


def without_host(source: Path, into: Path, *, why: str) -> None:
    """Copy the sample catalog; of the host it says why nothing can be done on it."""
    _copied(source, into, _INIT, f"{_INIT}    out_of_reach: {json.dumps(why)}\n")


def with_host(source: Path, into: Path, *, ssh: Ssh, nginx: NginxHost) -> None:
    """Copy the sample catalog, with the host as it really is."""
    text = (source / _INVENTORY).read_text()
    at = text.index(_SSH)
    old = text[at : text.index("\n    # Playbooks of", at)]
    places = {"ssh": ssh, "web": nginx.web, "scripts": nginx.scripts}
    lines = [
        f"    {name}: {json.dumps(one.model_dump(mode='json'))}\n"
        for name, one in places.items()
    ]
    _copied(source, into, old, f"{''.join(lines)}{_INIT}    services: [nginx]")


def _copied(source: Path, into: Path, old: str, new: str) -> None:
    shutil.copytree(source, into, dirs_exist_ok=True)
    file = into / _INVENTORY
    text = file.read_text()
    nowhere = f"    out_of_reach: {json.dumps(_NO_DATA_HOST)}\n{_NFS}"
    for was, now in ((old, new), (_NFS, nowhere)):
        if was not in text:
            raise ValueError(f"{file} has no hosts as they are known here")
        text = text.replace(was, now, 1)
    file.write_text(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--authority", required=True, help="a public key")
    for name in ("ssh", "http", "https"):
        parser.add_argument(f"--{name}", type=int, required=True, help="a port")
    return parser


async def _run(asked: argparse.Namespace) -> None:
    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, over.set)
    ssh = ssh_of(asked.root, authority=asked.authority, port=asked.ssh)
    nginx = nginx_of(asked.root, http=asked.http, https=asked.https)
    try:
        await nginx.start()
        await ssh.start()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await over.wait()
    finally:
        # At once: whoever's parent is gone has some seconds and no more.
        await asyncio.gather(nginx.stop(), ssh.stop())


if __name__ == "__main__":
    asyncio.run(_run(_parser().parse_args()))
