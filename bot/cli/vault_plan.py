"""
The plan of what Vault must hold, as this build and the catalog need it.

Printed for the operator, who hands it to the bootstrap (`deploy/vault/README.md`); the
shape of it is the bootstrap's, and a test holds the two together.
"""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path  # noqa: TC003 - typer reads it from the signatures
from typing import TYPE_CHECKING, Annotated, Final, get_args

import typer
from rich.console import Console

from bot.cli.running import run
from bot.domain.decode import visible
from bot.domain.errors import Refused
from bot.domain.message import Message
from bot.outbound.catalog import load
from bot.ports import ForgePurpose
from bot.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bot.domain.catalog import Client

# The same in `deploy/vault/plan.py`: an origin, without a path.
_ORIGIN: Final = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]+)?")
out = Console()


def vault_plan(
    issuer: Annotated[
        str, typer.Option(help="Where AWS reaches Vault's public keys: an origin.")
    ],
    catalog: Annotated[
        Path | None, typer.Option(help="A catalog folder, instead of the settings'.")
    ] = None,
) -> None:
    """Print what Vault must hold for the catalog's clients, for `deploy.vault`."""
    run(lambda: _printed(issuer, catalog))


async def _printed(issuer: str, folder: Path | None) -> None:
    from bot import registry  # noqa: PLC0415 - importing every command takes a moment

    if not _ORIGIN.fullmatch(issuer):
        raise Refused(Message.of("cli.issuer", {"got": visible(issuer)}))
    found = registry.load()
    place = folder or Settings.read().catalog
    catalog = await asyncio.to_thread(load, place, commands=found.commands)
    text = _plan(issuer, clients=catalog.clients, aws_actions=found.aws_actions)
    out.print(text, highlight=False, markup=False, soft_wrap=True)


def _plan(issuer: str, *, clients: Iterable[Client], aws_actions: Iterable[str]) -> str:
    """Return the plan as JSON, which every reader of YAML reads too."""
    actions = [
        *(
            {"kind": "kv", "name": purpose, "purpose": purpose}
            for purpose in get_args(ForgePurpose)
        ),
        *({"kind": "aws", "name": name} for name in aws_actions),
    ]
    plan = {
        "issuer": issuer,
        "clients": [
            {
                "name": client.id,
                "actions": [*actions, *_logins(client), *_users(client)],
            }
            for client in clients
        ],
    }
    return json.dumps(plan, indent=2)


def _logins(client: Client) -> Iterator[dict[str, object]]:
    """Give one action for each host of the client, and one more if it has sites."""
    for principal in client.principals:
        yield {"kind": "ssh", "principal": principal}
    for principal, domains in client.sites:
        yield {"kind": "tls", "principal": principal, "domains": domains}


def _users(client: Client) -> Iterator[dict[str, str | bool]]:
    """Give two actions for each database server: to look, and to make a database."""
    for server in client.servers:
        for make in (False, True):
            yield {
                "kind": "database",
                "server": server.name,
                "engine": server.engine,
                "make": make,
            }
