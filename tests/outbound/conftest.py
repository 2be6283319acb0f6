"""A real OpenBao, once a session, with a small plan in it, and a proxy that meddles."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from datetime import UTC, timedelta
from datetime import datetime as wall
from typing import TYPE_CHECKING

import httpx
import pytest_asyncio
from aiohttp import ClientSession, web
from pydantic import SecretStr

from bot.outbound.vault import Vault
from deploy.sandbox.loopback import free_port
from deploy.sandbox.openbao import OpenBao
from deploy.vault.admin import Admin
from deploy.vault.bootstrap import FRONT, WORKER, BootstrapReport, bootstrap
from deploy.vault.plan import VaultPlan

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime


def now() -> datetime:
    return wall.now(UTC)  # noqa: TID251 - OpenBao counts in real time, so the test does


def plan_for(address: str) -> VaultPlan:
    actions = [
        {"kind": "aws", "name": "rds-backup"},
        {"kind": "aws", "name": "ec2-resize"},
        {"kind": "kv", "name": "gitlab-prepare", "purpose": "prepare"},
        {"kind": "kv", "name": "gitlab-execute", "purpose": "execute"},
    ]
    return VaultPlan.model_validate(
        {
            "issuer": address,
            "clients": [
                {"name": "acme", "actions": actions},
                {"name": "globex", "actions": actions},
                # With "acme" and "eu-rds-backup" it would share a role's name.
                {
                    "name": "acme-eu",
                    "actions": [{"kind": "aws", "name": "rds-backup"}],
                },
            ],
        }
    )


@dataclass(frozen=True)
class BootstrappedVault:
    """A Vault that an operator made ready for Tandem."""

    bao: OpenBao
    admin: Admin
    plan: VaultPlan
    report: BootstrapReport
    worker_secret_id: SecretStr
    front_secret_id: SecretStr

    async def worker_token(self) -> SecretStr:
        return await self._logged_in(
            self.report.worker_role_id, secret_id=self.worker_secret_id
        )

    async def front_token(self) -> SecretStr:
        return await self._logged_in(
            self.report.front_role_id, secret_id=self.front_secret_id
        )

    async def status(self, method, path, *, token, body=None):
        async with self.http() as http:
            answer = await http.request(
                method,
                f"/v1/{path}",
                json=body,
                headers={"X-Vault-Token": token.get_secret_value()},
            )
            return answer.status_code

    def audited(self):
        lines = self.bao.audit_file.read_text().splitlines()
        return [json.loads(line) for line in lines]

    def http(self):
        return httpx.AsyncClient(base_url=self.bao.address, trust_env=False)

    async def _logged_in(self, role_id, *, secret_id):
        body = {"role_id": role_id, "secret_id": secret_id.get_secret_value()}
        async with self.http() as http:
            answer = await http.post("/v1/auth/approle/login", json=body)
            return SecretStr(answer.json()["auth"]["client_token"])

    def worker(
        self,
        *,
        address: str | None = None,
        clock: Callable[[], datetime] = now,
        timeout: timedelta = timedelta(seconds=5),
    ) -> Vault:
        assert self.report.worker_role_id is not None
        return Vault(
            address=address or self.bao.address,
            role_id=self.report.worker_role_id,
            secret_id=self.worker_secret_id,
            now=clock,
            timeout=timeout.total_seconds(),
        )


async def bootstrapped(bao: OpenBao) -> BootstrappedVault:
    admin = Admin(address=bao.address, token=bao.admin_token())
    plan = plan_for(bao.address)
    report = await bootstrap(admin, plan)
    for client in ("acme", "globex"):
        for purpose in ("prepare", "execute"):
            await admin.put_gitlab_token(
                client=client,
                purpose=purpose,
                token=SecretStr(f"glpat-{client}-{purpose}"),
            )
    return BootstrappedVault(
        bao=bao,
        admin=admin,
        plan=plan,
        report=report,
        worker_secret_id=await admin.issue_secret_id(WORKER),
        front_secret_id=await admin.issue_secret_id(FRONT),
    )


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def openbao(tmp_path_factory):
    bao = OpenBao(tmp_path_factory.mktemp("openbao") / "bao", durable=False)
    await bao.start()
    yield await bootstrapped(bao)
    await bao.stop()


@pytest_asyncio.fixture
async def own_openbao(tmp_path):
    """A bootstrapped Vault of one test, which may seal or weaken it."""
    bao = OpenBao(tmp_path / "bao", durable=False)
    await bao.start()
    yield await bootstrapped(bao)
    await bao.stop()


@dataclass
class Meddler:
    """A proxy before Vault. On paths with `on` in them it does `what` is set to."""

    target: str
    what: str = "pass"
    on: str = "/"
    seen: list[str] = field(default_factory=list)
    address: str = ""

    async def handle(self, request):
        self.seen.append(request.path)
        body = await request.read()
        if self.on not in request.path or self.what == "pass":
            return await self.forwarded(request, body)
        if self.what.endswith("-after"):
            await self.forwarded(request, body)
        return await getattr(self, self.what.removesuffix("-after"))(request, body)

    async def forwarded(self, request, body):
        async with (
            ClientSession() as session,
            session.request(
                request.method,
                f"{self.target}{request.path_qs}",
                data=body,
                headers=request.headers,
            ) as answer,
        ):
            return web.Response(
                status=answer.status,
                body=await answer.read(),
                content_type=answer.content_type,
            )

    async def fail(self, request, body):
        return web.json_response({"errors": ["internal error"]}, status=500)

    async def hang(self, request, body):
        await asyncio.sleep(1)
        return web.Response(status=204)

    async def cut(self, request, body):
        request.transport.abort()
        return web.Response()

    async def standby(self, request, body):
        text = "local node not active but active cluster node not found"
        return web.json_response({"errors": [text]}, status=500)

    async def redirect(self, request, body):
        return web.Response(status=307, headers={"Location": f"{self.address}/stolen"})

    async def busy(self, request, body):
        return web.json_response({"errors": ["request path rejected"]}, status=429)

    async def echo_200(self, request, body):
        return self.echo(request, body, 200)

    async def echo_400(self, request, body):
        return self.echo(request, body, 400)

    async def echo_403(self, request, body):
        return self.echo(request, body, 403)

    async def echo_500(self, request, body):
        return self.echo(request, body, 500)

    async def echo_503(self, request, body):
        return self.echo(request, body, 503)

    def echo(self, request, body, code):
        said = f"{dict(request.headers)} {body.decode()}"
        return web.json_response({"errors": [said], "data": said}, status=code)


@pytest_asyncio.fixture
async def meddler(openbao):
    proxy = Meddler(openbao.bao.address)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", proxy.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    proxy.address = f"http://127.0.0.1:{port}"
    yield proxy
    await runner.cleanup()
