"""Real hosts: OpenSSH that trusts the certificate authority of a real OpenBao."""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
import yaml

from bot.domain.catalog import Host
from bot.domain.host import Play
from bot.domain.scope import SshScope
from bot.outbound.ansible.engine import Ansible
from bot.outbound.aws import Aws
from bot.outbound.lender import Lender
from deploy.sandbox.nginx_host import NginxHost
from deploy.sandbox.openbao import OpenBao
from deploy.sandbox.ssh_host import SSHD, SshHost
from deploy.vault.admin import Admin
from deploy.vault.bootstrap import WORKER, bootstrap
from deploy.vault.plan import VaultPlan
from tests.flow.conftest import ops, sample_catalog, town
from tests.flow.world import CATALOG
from tests.outbound.conftest import BootstrappedVault, now
from tests.real.web import Visitor

__all__ = ["ops", "sample_catalog", "town"]

HERE = Path(__file__).parent
NEEDED = {"sshd": SSHD, "ssh": shutil.which("ssh"), "nginx": shutil.which("nginx")}
INVENTORY = "clients/acme/inventory.yaml"
SPEC = "argument_specs:\n  main:\n    options: {options}\n"


def pytest_collection_modifyitems(items):
    """Everything here needs what apt installs: marked, and skipped with the reason."""
    missing = [name for name in ("sshd", "ssh") if NEEDED[name] is None]
    for item in items:
        if HERE not in Path(item.path).parents:
            continue
        item.add_marker(pytest.mark.real)
        # A play of several tasks takes long on a machine that has much to do.
        item.add_marker(pytest.mark.timeout(600), append=False)
        item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
        if missing:
            reason = f"this machine has no {' and no '.join(missing)}"
            item.add_marker(pytest.mark.skip(reason=reason))


def ssh_plan(address):
    """Two clients; both have a principal of one name."""
    return VaultPlan.model_validate(
        {
            "issuer": address,
            "clients": [
                {
                    "name": "acme",
                    "actions": [
                        {"kind": "ssh", "principal": "web-host"},
                        {"kind": "ssh", "principal": "db-host"},
                        {
                            "kind": "tls",
                            "principal": "web-host",
                            "domains": ["acme.example"],
                        },
                    ],
                },
                {
                    "name": "globex",
                    "actions": [{"kind": "ssh", "principal": "web-host"}],
                },
            ],
        }
    )


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def vault(tmp_path_factory):
    """OpenBao with the plan's authorities in it."""
    bao = OpenBao(tmp_path_factory.mktemp("openbao") / "bao", durable=False)
    await bao.start()
    admin = Admin(address=bao.address, token=bao.admin_token())
    plan = ssh_plan(bao.address)
    report = await bootstrap(admin, plan)
    secret = await admin.issue_secret_id(WORKER)
    yield BootstrappedVault(bao, admin, plan, report, secret, secret)
    await bao.stop()


@dataclass
class World:
    """One host of acme, and the lender that opens it."""

    vault: BootstrappedVault
    host: SshHost
    lender: Lender
    folder: Path

    def authority(self, client="acme"):
        (key,) = [
            one.public_key
            for one in self.vault.report.authorities
            if one.client == client
        ]
        return key

    def scope(self, **more):
        ssh = self.host.ssh.model_dump()
        return SshScope.model_validate({"host": "web-host", **ssh, **more})

    async def session(
        self, *, client="acme", lasts=timedelta(minutes=5), halted=None, **more
    ):
        """Return the host by a certificate of its own, as an operation gets it."""
        scope = self.scope(**more)
        minted = await self.lender.mint(
            client=client, action=scope.name, operation="op7", ttl=lasts
        )
        return await self.lender.host_session(
            minted,
            client=client,
            scope=scope,
            operation="op7",
            until=now() + lasts,
            halted=halted,
        )

    def entry(self, nginx):
        """Return the host as a catalog would describe it."""
        return Host.model_validate(
            {
                "client": "acme",
                "kind": "host",
                "name": "web-host",
                "environment": "staging",
                "description": "-",
                "ssh": self.host.ssh.model_dump(),
                "web": nginx.web.model_dump(),
                "scripts": nginx.scripts.model_dump(),
            }
        )

    async def run(self, scope, *, lasts=timedelta(minutes=14), **more):
        """Return a run whose credentials reach as far as the scope."""
        minted = await self.lender.mint(
            client="acme", action=scope.name, operation="op7", ttl=lasts
        )
        login = getattr(scope, "login", scope)
        host = await self.lender.host_session(
            minted, client="acme", scope=login, operation="op7", until=now() + lasts
        )
        tls = None
        if login is not scope:
            tls = await self.lender.tls_session(minted, client="acme", scope=scope)
        return PlayRun(host, tls, **more)

    def leftovers(self):
        return sorted(one.name for one in self.folder.iterdir())


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def web_host(vault, tmp_path_factory):
    (key,) = [
        one.public_key for one in vault.report.authorities if one.client == "acme"
    ]
    host = SshHost(
        tmp_path_factory.mktemp("web-host"), authority=key, principal="web-host"
    )
    await host.start()
    yield host
    await host.stop()


@pytest.fixture
def world(vault, web_host):
    # Not below tmp_path: the path of a socket must be short.
    folder = Path(tempfile.mkdtemp(prefix="c"))
    lender = Lender(
        vault=vault.worker(),
        aws=Aws(None, now=now),
        now=now,
        ansible=Ansible(folder=folder),
    )
    yield World(vault, web_host, lender, folder)
    shutil.rmtree(folder)


@pytest_asyncio.fixture(loop_scope="session")
async def web(ops, tmp_path):
    """Acme's web-host as the story's catalog has it, and as it really is."""
    bao = ops.day.town.openbao
    admin = Admin(address=bao.address, token=bao.admin_token())
    key = await admin.ssh_authority("ssh-acme/config/ca")
    host = SshHost(tmp_path / "web-host", authority=key, principal="web-host")
    await host.start()
    inventory = yaml.safe_load((CATALOG / INVENTORY).read_text())
    (written,) = [one for one in inventory["targets"] if one["name"] == "web-host"]
    for name, value in host.ssh.model_dump().items():
        if name in written["ssh"] and str(written["ssh"][name]) != str(value):
            old, new = f"{name}: {written['ssh'][name]}", f"{name}: {value}"
            await ops.edits_catalog(INVENTORY, old, new)
    yield host
    await host.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def visitor(tmp_path):
    """An nginx in a folder of its own, and somebody who asks it."""
    if NEEDED["nginx"] is None:
        pytest.skip("this machine has no nginx")
    nginx = NginxHost(tmp_path / "nginx")
    await nginx.start()
    yield Visitor(nginx)
    await nginx.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def site(ops, web, visitor):
    """The nginx of acme's web-host as the story's catalog has it."""
    text = (CATALOG / INVENTORY).read_text()
    (line,) = [line for line in text.splitlines() if "web: {" in line]
    places = {"web": visitor.nginx.web, "scripts": visitor.nginx.scripts}
    lines = [
        f"    {name}: {json.dumps(one.model_dump(mode='json'))}"
        for name, one in places.items()
    ]
    await ops.edits_catalog(INVENTORY, line, "\n".join(lines))
    return visitor


@dataclass
class PlayRun:
    """What a playbook is given, past the flow."""

    host: object
    tls: object = None
    before: str = ""
    operation: str = "op7"
    client: str = "acme"
    said: list = field(default_factory=list)

    async def progress(self, message):
        self.said.append(message)


@pytest_asyncio.fixture(loop_scope="session")
async def data(ops, tmp_path):
    """Acme's data-host as the catalog has it, and as it really is."""
    bao = ops.day.town.openbao
    admin = Admin(address=bao.address, token=bao.admin_token())
    key = await admin.ssh_authority("ssh-acme/config/ca")
    host = SshHost(tmp_path / "data-host", authority=key, principal="data-host")
    await host.start()
    written = (CATALOG / INVENTORY).read_text().partition("port: 22023\n")[2]
    old, _, _ = written.partition("    nfs:")
    new = (
        f"      user: {host.user}\n      principal: data-host\n"
        f"      host_key: {host.host_key}\n"
    )
    await ops.edits_catalog(
        INVENTORY, f"port: 22023\n{old}", f"port: {host.port}\n{new}"
    )
    yield host
    await host.stop()


def play_of(tasks, *, options="{}", hosts="target"):
    """Return a playbook of these tasks, with its argument spec."""
    return Play(
        files=(
            ("run.yml", f"- hosts: {hosts}\n  gather_facts: false\n  tasks:\n{tasks}"),
            ("argument_specs.yml", SPEC.format(options=options)),
        ),
        entry="run.yml",
    )
