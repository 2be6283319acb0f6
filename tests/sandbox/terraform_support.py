"""What the terraform tests share: a seeded account of moto's, checkouts of samples."""

from __future__ import annotations

import json
import logging
import re
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import httpx
from moto.server import ThreadedMotoServer
from pydantic import SecretStr

from deploy.sandbox.aws.groups import gather
from deploy.sandbox.terraform.cli import run
from deploy.sandbox.terraform.cloud import Access
from deploy.sandbox.terraform.seed import SeededInstance, seed

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORIES = Path(__file__).parents[2] / "deploy" / "sandbox" / "repositories"
REGION = "eu-west-3"


@contextmanager
def moto_account() -> Iterator[str]:
    """Serve an empty account on a free loopback port; yields its endpoint."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        server.stop()


def empty(endpoint: str) -> None:
    """Take everything out of the account, by moto's own call for it."""
    httpx.post(f"{endpoint}/moto-api/reset", timeout=10).raise_for_status()


@dataclass(frozen=True)
class Checkout:
    """One environment of a fresh checkout, with its state outside of it."""

    directory: Path
    state: Path
    environment: dict[str, str]

    def terraform(self, *words: str) -> int:
        return run(words, environment=self.environment, directory=self.directory)

    def init(self) -> Checkout:
        assert self.terraform("init", f"-backend-config=path={self.state}") == 0
        return self

    def edit(self, file: str, old: str, new: str) -> None:
        path = self.directory / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))


@dataclass(frozen=True)
class Account:
    endpoint: str
    states: Path
    folder: Path

    @property
    def access(self) -> Access:
        return Access(REGION, self.endpoint, "testing", SecretStr("testing"))

    @property
    def ec2(self) -> Any:
        return boto3.client(
            "ec2",
            region_name=REGION,
            endpoint_url=self.endpoint,
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
        )

    async def seed(self) -> tuple[SeededInstance, ...]:
        gather(self.ec2)
        return await seed(REPOSITORIES, states=self.states, access=self.access)

    def checkout(self, client: str, environment: str) -> Checkout:
        number = len(list(self.folder.iterdir()))
        copy = self.folder / f"{number}-{client}"
        shutil.copytree(REPOSITORIES / f"{client}-infra", copy)
        path = self.states / client / "infra" / "environments"
        return Checkout(
            copy / "environments" / environment,
            path / f"{environment}.tfstate",
            {
                "AWS_ACCESS_KEY_ID": "testing",
                "AWS_SECRET_ACCESS_KEY": "testing",
                "TF_VAR_aws_endpoint": self.endpoint,
            },
        )

    def instance(self, name: str) -> Any:
        """Return the one living instance of that name, as AWS describes it."""
        living = ["pending", "running", "stopping", "stopped"]
        answer = self.ec2.describe_instances(
            Filters=[
                {"Name": "tag:Name", "Values": [name]},
                {"Name": "instance-state-name", "Values": living},
            ]
        )
        (instance,) = (i for r in answer["Reservations"] for i in r["Instances"])
        return instance


def last_json(text: str) -> Any:
    """Return the JSON document that the last command printed, alone on its line."""
    lines = [line for line in text.splitlines() if re.match(r"\s*\{", line)]
    return json.loads(lines[-1])
