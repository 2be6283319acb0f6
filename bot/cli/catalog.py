"""`tandem catalog`: what a client's inventory lacks, proposed as a diff to review."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from bot.cli.running import run, words
from bot.domain.decode import visible
from bot.domain.message import Message
from bot.flow.discover import discover
from bot.outbound.catalog_adding import added
from bot.settings import Settings

if TYPE_CHECKING:
    from bot.domain.discovery.code import Unclear

app = typer.Typer(no_args_is_help=True, help="The catalog: clients and inventories.")
out = Console()


@app.callback()
def catalog() -> None:
    """Name the group, though it has one command only."""


@app.command("discover")
def discover_command(
    client: Annotated[str, typer.Argument(help="The client's id.")],
    write: Annotated[
        bool, typer.Option("--write", help="Put the targets into inventory.yaml.")
    ] = False,
) -> None:
    """
    Propose targets from the client's Terraform and AWS account, as a diff.

    Instances, databases, volumes and security groups. Hosts, database servers and
    parameters stay to be written by hand, as do disks inside an instance's own block.
    """
    run(lambda: _discovered(client, write=write))


async def _discovered(client: str, *, write: bool) -> None:
    from bot.wiring.back import back  # noqa: PLC0415 - its libraries take a while

    settings = Settings.read()
    async with back(settings) as built:
        found = await discover(client, back=built)
        commands = built.registry.commands
    addition = await asyncio.to_thread(
        added,
        settings.catalog,
        client=found.client.id,
        proposed=found.findings.proposed,
        commands=commands,
    )
    _print(addition.diff.rstrip("\n") or "nothing new")
    for one in found.findings.unclear:
        _print(_told(one))
    _print(f"# {words(Message.of('discover.not-looked-for'))}")
    if write and found.findings.proposed:
        await asyncio.to_thread(addition.write, settings.catalog)
        _print(f"written: {addition.file}")


def _told(one: Unclear) -> str:
    return f"# {visible(one.what)}: {words(one.reason)}"


def _print(text: str) -> None:
    out.print(text, highlight=False, markup=False, soft_wrap=True)
