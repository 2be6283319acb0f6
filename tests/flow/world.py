"""
The stories' world: real PostgreSQL, OpenBao and git; AWS, GitLab and Slack stand in.

PostgreSQL and OpenBao run once a session. The other three begin anew for every story,
from one furnished state that is copied back, so their ledgers hold that story alone.
"""

from __future__ import annotations

import json
import shutil
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from bot import registry
from bot.outbound.speech import Speech
from deploy.sandbox import clock
from deploy.sandbox.aws.principal import ADMIN_KEY, ADMIN_SECRET
from deploy.sandbox.aws.seed import REGION
from deploy.sandbox.aws.serve import Cloud
from deploy.sandbox.aws.serve import serve as serve_aws
from deploy.sandbox.gitlab.app import create as gitlab_app
from deploy.sandbox.gitlab.world import GitLabWorld
from deploy.sandbox.openbao import OpenBao
from deploy.sandbox.places import Places, places, secret
from deploy.sandbox.seeding import furnish
from deploy.sandbox.slack.app import create as slack_app
from deploy.sandbox.slack.limits import Rates
from deploy.sandbox.slack.state import SlackWorld
from deploy.sandbox.terraform.toolchain import Toolchain
from tests.flow import halt
from tests.flow.doors import Door, door
from tests.flow.quick_runner import QuickRunner

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from deploy.sandbox.client_postgres import Served

ROOT = Path(__file__).parents[2]
REPOSITORIES = ROOT / "deploy" / "sandbox" / "repositories"
CATALOG = ROOT / "deploy" / "sandbox" / "catalog"
CONTRACTS = ROOT / ".." / "shared" / "contracts"
NO_TOOLCHAIN = Toolchain((), {}, "standin", "-", reason="called as a function")


@dataclass
class Shifted:
    """The real time and what a story added to it."""

    ahead: timedelta = timedelta()

    def now(self) -> datetime:
        return clock.now() + self.ahead

    def passes(self, **how: float) -> None:
        self.ahead += timedelta(**how)


@dataclass
class Town:
    """What starts once and lives through all stories, and a furnished state."""

    root: Path
    openbao: OpenBao
    places: Places
    # Where GitLab and Slack are, in every story.
    gitlab_door: Door
    slack_door: Door
    speech: Speech = field(default_factory=Speech)
    registry: registry.Registry = field(default_factory=lambda: registry.load(halt))
    repositories: Path = REPOSITORIES
    toolchain: Toolchain = NO_TOOLCHAIN
    # A client's database server is there for stories that ask for one.
    served: tuple[Served, ...] = ()
    databases: dict[str, tuple[str, int]] = field(default_factory=dict)
    role_id: str = ""
    secret_id: str = ""
    _boto: Any = field(default_factory=boto3.session.Session)
    _clients: dict[str, Any] = field(default_factory=dict)

    @property
    def state(self) -> Path:
        """The folder that a story lives in; it is put back before each."""
        return self.root / "live"

    @property
    def furnished(self) -> Path:
        return self.root / "furnished"

    async def furnish(self) -> None:
        """Fill Vault, AWS and GitLab once, as the sandbox does, and keep the state."""
        async with self._streets(Shifted(), plain=True):
            await furnish(self)
        self.role_id = secret(self.state, "vault-role-id")
        self.secret_id = secret(self.state, "vault-secret-id")
        shutil.copytree(self.state, self.furnished)

    @asynccontextmanager
    async def day(self) -> AsyncIterator[Day]:
        """Give one story's world."""
        shutil.rmtree(self.state)
        shutil.copytree(self.furnished, self.state)
        sky = Shifted()
        async with AsyncExitStack() as stack:
            cloud, gitlab = await stack.enter_async_context(self._streets(sky))
            slack = SlackWorld.sample(
                contracts=CONTRACTS / "slack", rates=Rates.unlimited()
            )
            slack.base_url = self.slack_door.url
            behind = self.slack_door.leads_to(slack_app(slack))
            await stack.enter_async_context(behind)
            stack.callback(slack.stream.close)
            yield Day(self, cloud, gitlab, slack, f"{slack.base_url}/api/", sky)

    @asynccontextmanager
    async def _streets(
        self, sky: Shifted, *, plain: bool = False
    ) -> AsyncIterator[tuple[Cloud, GitLabWorld]]:
        """Serve AWS and GitLab from the state folder, at the same places always."""
        issuer = f"{self.openbao.address}/v1/identity/oidc"
        async with AsyncExitStack() as stack:
            cloud = stack.enter_context(
                serve_aws(
                    self.state / "aws",
                    issuer=issuer,
                    port=self.places.aws,
                    snapshot_takes=timedelta(),
                    now=sky.now,
                )
            )
            world = await GitLabWorld.sample(
                self.state / "gitlab",
                seeds=REPOSITORIES,
                base_url=self.places.gitlab_url,
                contracts=CONTRACTS / "gitlab",
            )
            world.runner = QuickRunner(world)
            if not plain:
                for project in world.projects.values():
                    project.hooks = []
            stack.callback(world.close)
            behind = self.gitlab_door.leads_to(gitlab_app(world))
            await stack.enter_async_context(behind)
            yield cloud, world

    def aws(self, service: str) -> Any:
        """Return AWS as its own administrator sees it, past Tandem and Vault."""
        if service not in self._clients:
            self._clients[service] = self._boto.client(
                service,
                region_name=REGION,
                endpoint_url=self.places.aws_url,
                aws_access_key_id=ADMIN_KEY,
                aws_secret_access_key=ADMIN_SECRET,
                config=Config(proxies={}, read_timeout=10),
            )
        return self._clients[service]


@dataclass
class Day:
    """One story's world."""

    town: Town
    cloud: Cloud
    gitlab: GitLabWorld
    slack: SlackWorld
    slack_api: str
    # AWS's own clock: what it holds credentials against.
    sky: Shifted


@asynccontextmanager
async def town(root: Path) -> AsyncIterator[Town]:
    """Give the parts that live through all stories."""
    bao = OpenBao(root / "openbao", durable=False)
    await bao.start()
    try:
        live = root / "live"
        live.mkdir()
        where = places(live, page=None)
        async with door(port=where.gitlab) as gitlab, door() as slack:
            found = Town(root, bao, where, gitlab, slack)
            await found.furnish()
            yield found
    finally:
        await bao.stop()


class VaultAudit:
    """What Vault's own audit log says happened since this was made."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._from = file.stat().st_size

    def requests(self, path: str) -> list[dict[str, Any]]:
        """Return the answered requests below a path, oldest first."""
        with self._file.open("rb") as file:
            file.seek(self._from)
            lines = [json.loads(line) for line in file]
        return [
            line
            for line in lines
            if line["type"] == "response"
            and line["request"].get("path", "").startswith(path)
        ]
