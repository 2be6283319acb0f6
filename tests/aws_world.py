"""A guarded AWS for one test: seeded, with an issuer of tokens and a clock to move."""

from __future__ import annotations

import asyncio
import json
import shutil
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import boto3
import jwt
from botocore import UNSIGNED
from botocore.config import Config
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import SecretStr

from bot.domain.aws_policy import session_policy
from bot.outbound.aws import Aws, Session
from deploy.sandbox.aws.principal import ADMIN_KEY, ADMIN_SECRET
from deploy.sandbox.aws.seed import REGION, Seeded, seed
from deploy.sandbox.aws.serve import Cloud, serve
from deploy.sandbox.clock import now

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bot.domain.message import Message
    from bot.domain.scope import AwsScope

ACCOUNT = "123456789012"
AUDIENCE = "sts.amazonaws.com"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/tandem-acme"
OPERATION = "abcdefghij234567abcd"
SNAPSHOT_TAKES = timedelta(seconds=0.2)


@cache
def boto() -> Any:
    """Return the one session of boto3: it reads megabytes of descriptions."""
    return boto3.session.Session()


@dataclass
class Clock:
    """The real time, or one moment held, and what the test added to it."""

    ahead: timedelta = timedelta()
    held: datetime | None = None

    def now(self) -> datetime:
        return (self.held or now()) + self.ahead

    def hold(self) -> None:
        """Let no time pass but what is added: nothing gets ready by itself."""
        self.held = now()


@dataclass
class OidcIssuer:
    """An issuer of identity tokens, as OpenBao is one in the sandbox."""

    url: str
    key: ec.EllipticCurvePrivateKey
    kid: str = "k1"

    def token(self, client: str = "acme", **claims: Any) -> str:
        told = {
            "iss": self.url,
            "sub": "entity-1",
            "aud": AUDIENCE,
            "iat": now() - timedelta(seconds=1),
            "exp": now() + timedelta(minutes=5),
            "client": client,
            **claims,
        }
        return jwt.encode(told, self.key, algorithm="ES256", headers={"kid": self.kid})


@contextmanager
def oidc_issuer() -> Iterator[OidcIssuer]:
    """Serve discovery and keys on loopback."""
    key = ec.generate_private_key(ec.SECP256R1())
    public = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(key.public_key()))
    pages: dict[str, Any] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(pages.get(self.path, {})).encode()
            self.send_response(200 if self.path in pages else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    url = f"http://127.0.0.1:{server.server_port}/v1/identity/oidc"
    path = "/v1/identity/oidc/.well-known"
    pages[f"{path}/openid-configuration"] = {"jwks_uri": f"{url}/.well-known/keys"}
    pages[f"{path}/keys"] = {"keys": [{**public, "kid": "k1", "alg": "ES256"}]}
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield OidcIssuer(url, key)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class AwsWorld:
    """One test's cloud."""

    cloud: Cloud
    issuer: OidcIssuer
    seeded: Seeded
    clock: Clock

    def admin(self, service: str) -> Any:
        return self.by(service, ADMIN_KEY, ADMIN_SECRET)

    def by(
        self,
        service: str,
        key: str,
        secret: str,
        token: str | None = None,
        region: str = REGION,
    ) -> Any:
        config = Config(
            proxies={}, retries={"total_max_attempts": 1}, parameter_validation=False
        )
        return boto().client(
            service,
            region_name=region,
            endpoint_url=self.cloud.endpoint,
            config=config,
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            aws_session_token=token,
        )

    def assume(self, **changed: Any) -> dict[str, str]:
        """Ask STS as plainly as can be, and return the raw credentials."""
        config = Config(
            signature_version=UNSIGNED,
            proxies={},
            retries={"total_max_attempts": 1},
            parameter_validation=False,
        )
        sts = boto().client(
            "sts",
            region_name=REGION,
            endpoint_url=self.cloud.endpoint,
            config=config,
        )
        asked = {
            "RoleArn": ROLE,
            "RoleSessionName": f"tandem-{OPERATION}",
            "WebIdentityToken": self.issuer.token(),
            **changed,
        }
        answer = sts.assume_role_with_web_identity(**asked)
        return answer["Credentials"]

    def lent(self, service: str, *, region: str = REGION, **changed: Any) -> Any:
        """Return a raw client by credentials of a role."""
        lent = self.assume(**changed)
        return self.by(
            service,
            lent["AccessKeyId"],
            lent["SecretAccessKey"],
            lent["SessionToken"],
            region,
        )

    async def session(
        self, scope: AwsScope, *, minutes: float = 10, client: str = "acme"
    ) -> Session:
        """Return the product's own session, lent as the product lends."""
        aws = Aws(self.cloud.endpoint, now=self.clock.now)
        until = self.clock.now() + timedelta(minutes=minutes)
        credentials = await aws.assume(
            role_arn=self.seeded.roles[client],
            session_name=f"tandem-{OPERATION}",
            jwt=SecretStr(self.issuer.token(client)),
            policy=session_policy(scope, until=until, region=REGION),
            duration=timedelta(minutes=15),
            region=REGION,
        )
        return aws.session(credentials, region=REGION)


@dataclass
class SeededWorld:
    """A seeded state, copied for each test."""

    folder: Path
    issuer: OidcIssuer
    seeded: Seeded

    @contextmanager
    def served(self, folder: Path, *, clock: Clock | None = None) -> Iterator[AwsWorld]:
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        clock = clock or Clock()
        with serve(
            folder,
            issuer=self.issuer.url,
            snapshot_takes=SNAPSHOT_TAKES,
            now=clock.now,
        ) as cloud:
            yield AwsWorld(cloud, self.issuer, self.seeded, clock)


@contextmanager
def seeded_world(folder: Path) -> Iterator[SeededWorld]:
    """Seed once; the issuer lives as long as the block."""
    with oidc_issuer() as issuer:
        with serve(folder, issuer=issuer.url) as cloud:
            seeded = seed(cloud.endpoint, issuer=issuer.url)
        yield SeededWorld(folder, issuer, seeded)


@dataclass
class PlaybookRun:
    """What a playbook gets, with time that passes faster than it says."""

    aws: Session
    clock: Clock
    operation: str = OPERATION
    client: str = "acme"
    said: list[Message] = field(default_factory=list)

    async def progress(self, message: Message) -> None:
        self.said.append(message)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / 20)

    def now(self) -> datetime:
        return self.clock.now()
