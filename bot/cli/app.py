"""
The command line `tandem`: starting processes, checking, the audit, operations by hand.

An edge of the program: errors of ours become one line and an exit status, anything else
a traceback for whoever runs it.
"""

from __future__ import annotations

import asyncio
import json
import runpy
import signal
import sys
from collections import Counter
from collections.abc import Coroutine  # noqa: TC003 - typer reads the signatures
from pathlib import Path  # noqa: TC003 - typer reads it from the signatures
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from bot.cli import audit, ops, policy, report
from bot.cli import catalog as catalog_commands
from bot.cli.running import give_up, run
from bot.cli.vault_plan import vault_plan
from bot.domain.catalog.schema import schema as catalog_schema
from bot.domain.decode import visible
from bot.domain.errors import Refused
from bot.domain.message import Message
from bot.observe import observe
from bot.outbound.catalog import load
from bot.outbound.slack.manifest import manifest as slack_manifest
from bot.settings import PREFIX, Settings

if TYPE_CHECKING:
    from bot.domain.catalog import Catalog

app = typer.Typer(
    name="tandem",
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # its local variables would show secrets
    help="Provider and clients run production together, from Slack.",
)
database = typer.Typer(no_args_is_help=True, help="The database's schema.")
app.add_typer(database, name="db")
app.add_typer(audit.app, name="audit")
app.add_typer(ops.app, name="ops")
app.add_typer(catalog_commands.app, name="catalog")
app.add_typer(policy.app, name="policy")
app.add_typer(report.app, name="report")
app.command("vault-plan")(vault_plan)
out = Console()


async def _until_told(work: Coroutine[Any, Any, None]) -> None:
    """Run until it ends, or until SIGTERM or SIGINT asks it to."""
    task = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        if not task.cancelled():
            raise


def _settings() -> Settings:
    settings = Settings.read()
    observe(level=settings.log_level, as_json=settings.log_json)
    return settings


@app.command()
def serve() -> None:
    """Listen to Slack and GitLab; holds no credentials to touch anything."""
    from bot.wiring import serve as served  # noqa: PLC0415 - its libraries take a while

    run(lambda: _until_told(served.serve(_settings())))


@app.command()
def work() -> None:
    """Carry out what was approved, with credentials lent by Vault."""
    from bot.wiring import work as worked  # noqa: PLC0415 - its libraries take a while

    run(lambda: _until_told(worked.work(_settings())))


# Its words, `--help` among them, are for the sandbox's own program.
@app.command(
    context_settings={
        "allow_extra_args": True,
        "ignore_unknown_options": True,
        "help_option_names": [],
    }
)
def sandbox(context: typer.Context) -> None:
    """Start the whole world on this machine and open it in a browser."""
    # Run, never imported: the product knows nothing of its sandbox.
    sys.argv = ["tandem sandbox", *context.args]
    try:
        runpy.run_module("deploy.sandbox", run_name="__main__", alter_sys=True)
    except ModuleNotFoundError as error:
        missing = str(error.name)
        give_up(Refused(Message.of("cli.no-sandbox", {"missing": missing})))


@app.command()
def check(
    catalog: Annotated[
        Path | None, typer.Option(help="A catalog folder, instead of the settings'.")
    ] = None,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the catalog's JSON Schemas.")
    ] = False,
) -> None:
    """Check the settings and the catalog; every fault with its file and line."""
    if schema:
        out.print_json(json.dumps(catalog_schema()))
        return
    run(lambda: _checked(catalog))


async def _checked(folder: Path | None) -> None:
    from bot import registry  # noqa: PLC0415 - importing every command takes a moment

    commands = registry.load().commands
    if folder is None:
        settings = Settings.read()
        folder = settings.catalog
        _say(f"settings: {_enough(settings)}")
    found = await asyncio.to_thread(load, folder, commands=commands)
    targets = sum(len(client.targets) for client in found.clients)
    _say(
        f"catalog {found.version[:12]}: {len(found.clients)} clients, "
        f"{targets} targets, {len(found.routes)} routes; "
        f"commands: {', '.join(sorted(commands))}"
    )
    for client in found.clients:
        _say(f"policies of {client.id}: {_counted(found, client.id)}")


def _counted(catalog: Catalog, client: str) -> str:
    """Tell how many rules hold for a client, by file, and their version."""
    rules = catalog.rules(client)
    files = Counter(rule.file for rule in rules.rules.values())
    told = ", ".join(f"{count} in {file}" for file, count in sorted(files.items()))
    return f"{len(rules.rules)} ({told}), version {rules.version[:12]}"


def _enough(settings: Settings) -> str:
    """Tell which processes these settings are enough for, and what others lack."""
    parts = {"SLACK": settings.slack, "GITLAB": settings.gitlab}
    lacking = [name for name, part in parts.items() if part is None]
    told = [_ready("serve", lacking)]
    told.append(_ready("work", lacking + ["VAULT"] * (settings.vault is None)))
    return "; ".join(told)


def _ready(process: str, lacking: list[str]) -> str:
    if not lacking:
        return f"enough for `tandem {process}`"
    names = ", ".join(f"{PREFIX}{name}__…" for name in lacking)
    return f"`tandem {process}` needs {names} as well"


@app.command()
def manifest(
    url: Annotated[str, typer.Argument(help="Where Slack reaches `tandem serve`.")],
) -> None:
    """Print the Slack app manifest for this build."""
    if not url.startswith("https://") or url == "https://":
        give_up(Refused(Message.of("cli.url", {"got": visible(url)})))
    out.print_json(json.dumps(slack_manifest(url)))


@database.command("upgrade")
def db_upgrade() -> None:
    """Bring the database's schema to this build's version, as its owner."""
    run(_upgraded)


async def _upgraded() -> None:
    from bot.outbound.postgres.schema import (  # noqa: PLC0415 - as above: Alembic
        upgrade,
    )

    settings = Settings.read()
    reached = await upgrade(settings.database_owner_url or settings.database_url)
    _say(f"schema {reached}")


def _say(text: str) -> None:
    out.print(text, highlight=False, markup=False, soft_wrap=True)
