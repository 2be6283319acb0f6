"""`tandem report`: what the audit tells about how Tandem is used."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from bot.cli.audit import chain_length
from bot.cli.running import run
from bot.domain.audit_filter import read_filter
from bot.domain.decode import visible
from bot.domain.operation import SHORT
from bot.domain.text import read_words
from bot.flow.missing import missing_since
from bot.settings import Settings

if TYPE_CHECKING:
    from datetime import datetime

    from bot.domain.missing import Missing

app = typer.Typer(no_args_is_help=True, help="Reports from the audit.")
out = Console()


@app.callback()
def report() -> None:
    """Name the group, though it has one command only."""


@app.command()
def tickets(
    client: Annotated[str, typer.Option(help="One client's id; all if none.")] = "",
    since: Annotated[
        str, typer.Option(help="As in /infra audit: 30d, 2w, yesterday, 2026-09-01.")
    ] = "30d",
) -> None:
    """Count the tickets and the unknown commands of each client: what is missing."""
    run(lambda: _counted(client, since))


async def _counted(client: str, since: str) -> None:
    from bot.wiring.front import front  # noqa: PLC0415 - its libraries take a while

    async with front(Settings.read()) as wired:
        ours = wired.front
        moment = _moment(since, ours.now())
        if client:
            await chain_length(client, front=ours)
        every = [one.id for one in ours.catalog.current().clients]
        for one in [client] if client else every:
            found = await missing_since(one, since=moment, store=ours.store)
            _print(one, found, moment)


def _moment(since: str, now: datetime) -> datetime:
    wanted = read_filter(read_words(f'since:"{since}"')).since
    return now if wanted is None else wanted.moment(now, zone=UTC)


def _print(client: str, found: Missing, since: datetime) -> None:
    _say(
        f"{client}: {len(found.tickets)} tickets, {found.lines} lines with an unknown "
        f"command since {since:%Y-%m-%d %H:%M} UTC"
    )
    for word, count in found.unknown:
        _say(f"{count:>6}  {visible(word)}")
    for one in found.tickets:
        _say(f"  {one.at:%Y-%m-%d}  {one.id[:SHORT]}  {visible(one.text)}")


def _say(text: str) -> None:
    out.print(text, highlight=False, markup=False, soft_wrap=True)
