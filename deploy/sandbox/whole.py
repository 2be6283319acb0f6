"""
The whole sandbox on one machine: real where it can be, stand-ins where it must be.

PostgreSQL, OpenBao, git, the pipeline's jobs and the bot itself are real; Slack, GitLab
and AWS are stand-ins that refuse what the real ones refuse. Everything listens on
127.0.0.1, keeps its state in one folder, and comes back from it after any kill.
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from bot import registry
from bot.outbound.postgres import schema
from bot.outbound.postgres.embedded import EmbeddedPostgres
from deploy.sandbox.client_mariadb import ClientMariadb, available
from deploy.sandbox.client_postgres import ClientPostgres
from deploy.sandbox.gitlab.world import PATH as JOBS_PATH
from deploy.sandbox.hosts import Hosts, missing
from deploy.sandbox.inventory import copied
from deploy.sandbox.openbao import OpenBao
from deploy.sandbox.places import Places, keep_secret, places, secret
from deploy.sandbox.process import Child
from deploy.sandbox.seeding import furnish
from deploy.sandbox.terraform.toolchain import toolchain
from deploy.vault.admin import Admin

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deploy.sandbox.births import Births
    from deploy.sandbox.client_postgres import Served
    from deploy.sandbox.terraform.toolchain import Preference, Toolchain

HERE: Final = Path(__file__).parent
CATALOG: Final = HERE / "catalog"
REPOSITORIES: Final = HERE / "repositories"
DATABASE: Final = "tandem"


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a sandbox may be asked to be different in; tests ask for more speed."""

    page_port: int | None = None
    terraform: Preference = "auto"
    catalog: Path = CATALOG
    contracts: Path | None = None
    snapshot_seconds: float = 4.0
    unlimited_rates: bool = False
    transport: str = "http"
    # Whether there is a host to log into, where the machine has the programs.
    hosts: bool = False
    bots: int = 1
    more: Mapping[str, str] = field(default_factory=dict)


class Sandbox:
    """Everything but a person: start it, open the page, stop it."""

    def __init__(
        self,
        state: Path,
        wishes: Wishes = Wishes(),
        *,
        births: Mapping[str, Births] | None = None,
    ) -> None:
        """`births` are nurseries by the name of the part; others are just started."""
        self.births = births or {}
        self.state = state.resolve()
        self.wishes = wishes
        self.registry = registry.load()
        self.postgres = EmbeddedPostgres(self.state / "postgres")
        self.openbao = OpenBao(self.state / "openbao")
        self.acme_postgres = ClientPostgres(
            self.state / "acme-postgres", client="acme", name="pg-staging"
        )
        # Only where the machine has one; what asks for it is refused elsewhere.
        self.acme_mariadb = (
            ClientMariadb(self.state / "acme-mariadb", client="acme", name="my-staging")
            if available()
            else None
        )
        self.repositories = REPOSITORIES
        self._places: Places | None = None
        self._toolchain: Toolchain | None = None
        self.children: dict[str, Child] = {}

    @property
    def places(self) -> Places:
        """Where everything listens, once it was started."""
        if self._places is None:
            raise RuntimeError("the sandbox was not started")
        return self._places

    @property
    def toolchain(self) -> Toolchain:
        """The terraform that pipelines find, once the sandbox was started."""
        if self._toolchain is None:
            raise RuntimeError("the sandbox was not started")
        return self._toolchain

    @property
    def hosts(self) -> Hosts:
        """The hosts to log into, which are started if they are wished for."""
        return Hosts(self.state, self.places)

    @property
    def served(self) -> tuple[Served, ...]:
        """The clients' database servers that run here, once they were started."""
        return tuple(one.served for one in self._clients_servers)

    @property
    def _clients_servers(self) -> tuple[ClientPostgres | ClientMariadb, ...]:
        here = (self.acme_postgres, self.acme_mariadb)
        return tuple(one for one in here if one is not None)

    @property
    def catalog(self) -> Path:
        """The catalog in force: with hosts, a copy that knows where they are."""
        return self.state / "catalog" if self.wishes.hosts else self.wishes.catalog

    @property
    def logs(self) -> Path:
        """The folder of every part's log."""
        return self.state / "logs"

    async def start(self) -> None:
        """Bring the world up, and then the bot; returns when all of it answers."""
        await self.start_world()
        await self.start_bot()

    async def start_world(self) -> None:
        """Bring up everything around the bot, seeded and furnished."""
        self.state.mkdir(parents=True, exist_ok=True)
        self._places = places(self.state, page=self.wishes.page_port)
        self._toolchain = await asyncio.to_thread(
            toolchain, self.state, prefer=self.wishes.terraform
        )
        async with asyncio.TaskGroup() as group:
            group.create_task(self._database())
            servers = [
                group.create_task(server.start()) for server in self._clients_servers
            ]
            group.create_task(self._describe_hosts(*servers))
            group.create_task(self._vault_and_what_needs_it())
            group.create_task(self._slack())
            group.create_task(self._gitlab())
        await furnish(self)
        await self._start_hosts()

    async def start_bot(self, *, number: int = 1) -> None:
        """Start the front and the worker, as the operator would."""
        for name in ("serve", "work"):
            await self.start_part(name, number=number)
        front, worker = self.children["serve"], self.children["work"]
        await front.answers(f"{self.places.bot_url}/readyz")
        await worker.says("worker.ready")

    async def start_part(self, part: str, *, number: int = 1) -> Child:
        """Start one process of the bot; the second replica's has a `-2` to its name."""
        name = part if number == 1 else f"{part}-{number}"
        child = Child(
            name,
            ("bot", part),
            log=self.logs / f"{name}.log",
            environment=self.environment(worker=part == "work"),
            births=self.births.get(part),
        )
        self.children[name] = child
        await child.start()
        return child

    async def stop(self) -> None:
        """Stop the bot, then the world around it; nothing is lost."""
        for part in ("serve", "work"):
            for name in [one for one in self.children if one.split("-")[0] == part]:
                await self.children[name].stop()
        others = [one for one in self.children.values() if one.alive]
        await asyncio.gather(*(one.stop() for one in others))
        await self.openbao.stop()
        servers = (self.postgres, *self._clients_servers)
        await asyncio.gather(*(one.stop() for one in servers))
        await asyncio.gather(*(one.close() for one in set(self.births.values())))

    def environment(self, *, worker: bool) -> dict[str, str]:
        """Return the bot's settings; secrets are files the names of which it knows."""
        where = self.places
        return {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "HOME": str(self.state),
            "LANG": "C.UTF-8",
            "PYTHONPATH": str(HERE.parents[1]),
            "TANDEM_SECRETS": str(self._bot_secrets(worker=worker)),
            "TANDEM_DATABASE_URL": self.database_url("tandem_app"),
            "TANDEM_CATALOG": str(self.catalog),
            "TANDEM_PORT": str(where.bot),
            "TANDEM_SLACK__API_URL": f"{where.slack_url}/api/",
            "TANDEM_SLACK__APP_ID": "A0TANDEM",
            "TANDEM_SLACK__MODE": self.wishes.transport,
            "TANDEM_GITLAB__URL": where.gitlab_url,
            "TANDEM_PACE__POLL": "0.25",
            "TANDEM_PACE__WATCH": "2",
            "TANDEM_PACE__SWEEP": "2",
            "TANDEM_PACE__AFTERWARDS": "3",
            "TANDEM_LOG_LEVEL": "info",
            **(self._worker_only() if worker else {}),
            **self.wishes.more,
        }

    def _worker_only(self) -> dict[str, str]:
        """Return what the front is never told: where credentials come from."""
        return {
            "TANDEM_VAULT__ADDRESS": self.openbao.address,
            "TANDEM_AWS__ENDPOINT": self.places.aws_url,
            "TANDEM_DATABASES__AT": " ".join(
                f"{one.address}=127.0.0.1:{one.port}" for one in self.served
            ),
        }

    def database_url(self, user: str) -> str:
        """Return the address of the bot's database for this role."""
        return self.postgres.url(user=user, database=DATABASE)

    def _bot_secrets(self, *, worker: bool) -> Path:
        """Return the folder with one file a secret, for the front or for the worker."""
        folder = self.state / ("secrets-worker" if worker else "secrets-front")
        folder.mkdir(mode=0o700, exist_ok=True)
        names = {
            "tandem_slack__bot_token": "slack-bot-token",
            "tandem_slack__signing_secret": "slack-signing-secret",
            "tandem_slack__app_token": "slack-app-token",
            "tandem_gitlab__hook_secret": "gitlab-hook-secret",
        }
        if worker:
            names["tandem_vault__role_id"] = "vault-role-id"
            names["tandem_vault__secret_id"] = "vault-secret-id"
        for file, name in names.items():
            path = folder / file
            path.touch(mode=0o600)
            path.write_text(secret(self.state, name))
        return folder

    async def _database(self) -> None:
        await self.postgres.start()
        owner = SecretStr(self.postgres.url(user="postgres", database="postgres"))
        engine = create_async_engine(
            owner.get_secret_value(), isolation_level="AUTOCOMMIT"
        )
        async with engine.connect() as connection:
            query = text("SELECT 1 FROM pg_database WHERE datname = :name")
            found = await connection.execute(query, {"name": DATABASE})
            if found.scalar_one_or_none() is None:
                await connection.execute(text(f"CREATE DATABASE {DATABASE}"))
        await engine.dispose()
        await schema.upgrade(SecretStr(self.database_url("postgres")))

    async def _vault_and_what_needs_it(self) -> None:
        await self.openbao.start()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._aws())
            group.create_task(self._start_hosts())

    async def _aws(self) -> None:
        child = self._child(
            "aws",
            "deploy.sandbox.aws",
            "--port",
            str(self.places.aws),
            "--state",
            str(self.state / "aws"),
            "--issuer",
            f"{self.openbao.address}/v1/identity/oidc",
            "--snapshot-seconds",
            str(self.wishes.snapshot_seconds),
        )
        await child.start()
        await child.says("ready", patience=60)

    async def _slack(self) -> None:
        for name, start in _SLACK_SECRETS.items():
            if not (self.state / "secrets" / name).exists():
                keep_secret(
                    self.state, name, start + secret(self.state, f"{name}-seed")
                )
        folder = self.state / "secrets"
        options = ["--unlimited-rates"] if self.wishes.unlimited_rates else []
        child = self._child(
            "slack",
            "deploy.sandbox.slack",
            "--port",
            str(self.places.page),
            "--state",
            str(self.state / "slack"),
            "--request-url",
            f"{self.places.bot_url}/slack/events",
            "--signing-secret-file",
            str(folder / "slack-signing-secret"),
            "--bot-token-file",
            str(folder / "slack-bot-token"),
            "--app-token-file",
            str(folder / "slack-app-token"),
            "--transport",
            self.wishes.transport,
            *self._contracts("slack"),
            *options,
        )
        await child.start()
        await child.answers(f"{self.places.slack_url}/page/as", patience=60)

    async def _gitlab(self) -> None:
        child = self._child(
            "gitlab",
            "deploy.sandbox.gitlab",
            "--port",
            str(self.places.gitlab),
            "--state",
            str(self.state / "gitlab"),
            "--seeds",
            str(REPOSITORIES),
            "--base-url",
            self.places.gitlab_url,
            "--path",
            os.pathsep.join((*self.toolchain.path_entries, JOBS_PATH)),
            *self._contracts("gitlab"),
        )
        await child.start()
        await child.says("ready", patience=60)

    async def _describe_hosts(self, *servers: asyncio.Task[None]) -> None:
        """Write the catalog's copy once there is what the hosts' databases are in."""
        if self.wishes.hosts:
            await asyncio.gather(*servers)
            found = await self.hosts.described(
                postgres=self.acme_postgres, mariadb=self.acme_mariadb
            )
            copied(self.wishes.catalog, self.catalog, hosts=found)

    async def _start_hosts(self) -> None:
        """
        Start the hosts that this machine has the programs for.

        Before Vault was furnished for the first time there is no key that they could
        trust; then nothing is done.
        """
        if not self.wishes.hosts or "hosts" in self.children or missing(web=False):
            return
        admin = Admin(address=self.openbao.address, token=self.openbao.admin_token())
        authority = await admin.ssh_authority("ssh-acme/config/ca")
        if authority is not None:
            child = self._child("hosts", *self.hosts.words(authority=authority))
            await child.start()
            await child.says("ready", patience=60)

    def _contracts(self, system: str) -> tuple[str, ...]:
        """Return the option by which a stand-in holds to recorded wire contracts."""
        folder = self.wishes.contracts
        return () if folder is None else ("--contracts", str(folder / system))

    def _child(self, name: str, *words: str) -> Child:
        environment = {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "HOME": str(self.state),
            "LANG": "C.UTF-8",
            "PYTHONPATH": str(HERE.parents[1]),
        }
        child = Child(
            name,
            words,
            log=self.logs / f"{name}.log",
            environment=environment,
            births=self.births.get(name),
        )
        self.children[name] = child
        return child


_SLACK_SECRETS: Final = {
    "slack-bot-token": "xoxb-",
    "slack-app-token": "xapp-",
    "slack-signing-secret": "",
}
