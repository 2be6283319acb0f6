"""
`python -m deploy.sandbox.hosts`: Acme's two hosts, each with a real sshd.

Web-host has a real nginx as well. All are this machine's own programs, listen on
127.0.0.1 and keep to one folder. Where one is missing the sandbox has no such host, and
its catalog says what is missing, so that whoever asks for something on it is told.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from deploy.sandbox.data_host import DataHost
from deploy.sandbox.nginx_host import NGINX, OPENSSL, NginxHost
from deploy.sandbox.places import Places
from deploy.sandbox.ssh_host import SSHD, SshHost

if TYPE_CHECKING:
    from deploy.sandbox.client_mariadb import ClientMariadb
    from deploy.sandbox.client_postgres import ClientPostgres

PRINCIPAL: Final = "web-host"
# What is wanted of the machine, and the package of Debian's that has it.
_SSH: Final = (
    (SSHD, "sshd (openssh-server)"),
    (shutil.which("ssh"), "ssh (openssh-client)"),
)
_WEB: Final = (
    (NGINX, "nginx (nginx-light)"),
    (OPENSSL, "openssl (openssl)"),
)


def missing(*, web: bool = True) -> str:
    """Return what this machine lacks for a host, in words; nothing if nothing."""
    needed = (*_SSH, *(_WEB if web else ()))
    return ", ".join(name for found, name in needed if found is None)


def lacking(what: str) -> dict[str, object]:
    """Return how the catalog says that a host cannot be reached for lack of this."""
    return {"out_of_reach": f"this machine has no {what}"}


@dataclass(frozen=True, slots=True)
class Hosts:
    """The hosts of one sandbox, and where they are; nothing is started by that."""

    state: Path
    places: Places

    @property
    def data(self) -> DataHost:
        """The host that databases are copied on."""
        return DataHost(self.state / "data-host", port=self.places.data_ssh)

    @property
    def nginx(self) -> NginxHost:
        """The nginx of the host that serves web sites."""
        root = self.state / "web-host" / "nginx"
        return NginxHost(root, http=self.places.http, https=self.places.https)

    def web_sshd(self, *, authority: str = "") -> SshHost:
        """Return that host's sshd, which lets in whom this authority vouches for."""
        root, port = self.state / "web-host" / "ssh", self.places.ssh
        return SshHost(root, authority=authority, principal=PRINCIPAL, port=port)

    def web(self) -> dict[str, object]:
        """Return how the catalog would describe the host that serves web sites."""
        if missing():
            return lacking(missing())
        return {
            "ssh": self.web_sshd().ssh.model_dump(mode="json"),
            "web": self.nginx.web.model_dump(mode="json"),
            "scripts": self.nginx.scripts.model_dump(mode="json"),
            # What the sample deploys, into a folder of the sandbox's own.
            "deployments": [
                {
                    "name": "shop",
                    "folder": "ansible/deploy/shop",
                    "entry": "site.yml",
                    "variables": {"root": str(self.state / "web-host" / "shop")},
                }
            ],
        }

    async def described(
        self, *, postgres: ClientPostgres, mariadb: ClientMariadb | None
    ) -> dict[str, dict[str, object]]:
        """Return how the catalog would describe each, once the databases are there."""
        why = missing(web=False)
        data = (
            lacking(why)
            if why
            else await self.data.furnish(postgres=postgres, mariadb=mariadb)
        )
        return {"web-host": self.web(), "data-host": data}

    def words(self, *, authority: str) -> tuple[str, ...]:
        """Return the words by which the hosts are started, in a process of theirs."""
        return (
            "deploy.sandbox.hosts",
            *("--state", str(self.state)),
            *("--authority", authority),
            *("--ports", self.places.model_dump_json()),
            *([] if missing() else ["--web"]),
        )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--authority", required=True, help="a public key")
    parser.add_argument("--ports", required=True, help="JSON, as in ports.json")
    parser.add_argument("--web", action="store_true", help="web-host too, with nginx")
    return parser


async def _run(asked: argparse.Namespace) -> None:
    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, over.set)
    hosts = Hosts(asked.state, Places.model_validate_json(asked.ports))
    parts: list[SshHost | NginxHost] = [hosts.data.sshd(authority=asked.authority)]
    if asked.web:
        parts += [hosts.nginx, hosts.web_sshd(authority=asked.authority)]
    try:
        await asyncio.gather(*(one.start() for one in parts))
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await over.wait()
    finally:
        # At once: whoever's parent is gone has some seconds and no more.
        await asyncio.gather(*(one.stop() for one in parts))


if __name__ == "__main__":
    asyncio.run(_run(_parser().parse_args()))
