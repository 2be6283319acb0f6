"""`tandem audit`: the audit shown, exported for others, and verified."""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path  # noqa: TC003 - typer reads it from the signatures
from typing import IO, TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from bot.cli.running import give_up, run
from bot.domain.errors import Refused
from bot.domain.message import Message
from bot.flow.checkpoint import sign
from bot.flow.export import exported
from bot.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.ports import Front

app = typer.Typer(no_args_is_help=True, help="The audit, one chain a client.")
out = Console()
Client = Annotated[str, typer.Option(help="The client's id, or the provider's.")]


@app.command()
def show(
    client: Client,
    last: Annotated[int, typer.Option(min=1, max=1000, help="How many.")] = 40,
) -> None:
    """Show the newest records."""
    run(lambda: _shown(client, last))


async def _shown(client: str, last: int) -> None:
    from bot.wiring.front import front  # noqa: PLC0415 - its libraries take a while

    async with front(Settings.read()) as wired:
        length = await chain_length(client, front=wired.front)
        after = max(0, length - last)
        for record in await wired.front.store.records(client, after=after, most=last):
            out.print(
                f"{record.seq:>6}  {record.at:%Y-%m-%d %H:%M:%S}  {record.event.value}"
                f"  {record.actor}  {(record.operation or '-')[:7]}  {record.body}",
                highlight=False,
                markup=False,
                soft_wrap=True,
            )


@app.command()
def export(
    client: Client,
    to: Annotated[Path, typer.Argument(help="The file to write; never overwritten.")],
) -> None:
    """Write a client's whole chain to a file that the stand-alone verifier reads."""
    run(lambda: _exported(client, to))


async def _exported(client: str, to: Path) -> None:
    from bot.wiring.front import front  # noqa: PLC0415 - its libraries take a while

    async with front(Settings.read()) as wired:
        length = await chain_length(client, front=wired.front)
        with _new(to) as file:
            async for line in exported(client, store=wired.front.store):
                file.write(line)
    _say(f"{to}: {length} records written")


@app.command()
def checkpoint(client: Client) -> None:
    """Sign the chain as it stands now, and publish that in the client's channel."""
    run(lambda: _checkpointed(client))


async def _checkpointed(client: str) -> None:
    from bot.wiring.front import front  # noqa: PLC0415 - its libraries take a while
    from bot.wiring.vault import vault  # noqa: PLC0415 - its libraries take a while

    settings = Settings.read()
    notary = vault(settings)
    async with front(settings) as wired:
        await chain_length(client, front=wired.front)
        signed = await sign(client, front=wired.front, notary=notary, source="cli")
    _say("nothing new" if signed is None else f"{signed.seq}:{signed.head}")


@app.command()
def keys(to: Annotated[Path, typer.Argument(help="The file to write.")]) -> None:
    """Write the public keys that checkpoints are signed with, as Vault has them."""
    run(lambda: _keys(to))


async def _keys(to: Path) -> None:
    from bot.wiring.vault import vault  # noqa: PLC0415 - its libraries take a while

    found = await vault(Settings.read()).public_keys()
    named = {str(version): key for version, key in found.items()}
    with _told(to):
        await asyncio.to_thread(to.write_text, json.dumps(named), encoding="ascii")
    _say(f"{to}: {len(named)} keys written")


@app.command()
def verify(
    export_file: Annotated[Path, typer.Argument(help="What `export` wrote.")],
    keys_file: Annotated[Path, typer.Option("--keys", help="What `keys` wrote.")],
    witness: Annotated[
        list[str] | None,
        typer.Option(metavar="SEQ:HASH", help="A checkpoint as it was published."),
    ] = None,
) -> None:
    """
    Verify an export with the stand-alone verifier, which knows nothing of Tandem.

    Exit status: 0 it holds, 1 it does not, 2 it could not be checked.
    """
    try:
        verifier = import_module("deploy.verify.tandem_verify")
    except ImportError:
        give_up(Refused(Message.of("cli.no-verifier")))
    published = [f"--witness={one}" for one in witness or ()]
    # It takes its words from the command line, as it does when it runs alone.
    sys.argv = [
        "tandem_verify",
        f"--keys={keys_file}",
        *published,
        "--",
        str(export_file),
    ]
    sys.exit(verifier.main())


async def chain_length(client: str, *, front: Front) -> int:
    """Return how long the chain is; Refused for what is no client and has no chain."""
    catalog = front.catalog.current()
    known = (catalog.provider.id, *(one.id for one in catalog.clients))
    length, _ = await front.store.head(client)
    # A client that left the catalog leaves its chain behind, so the name is not all.
    if length == 0 and client not in known:
        args: dict[str, str | int | Message]
        args = {"got": client[:40], "known": ", ".join(known)}
        raise Refused(Message.of("cli.nothing-recorded", args))
    return length


@contextmanager
def _new(to: Path) -> Iterator[IO[str]]:
    """Give a file that was not there before; what fails half-way leaves none."""
    with _told(to), to.open("x", encoding="ascii") as file:
        try:
            yield file
        except BaseException:
            to.unlink(missing_ok=True)
            raise


@contextmanager
def _told(to: Path) -> Iterator[None]:
    try:
        yield
    except FileExistsError as error:
        raise Refused(Message.of("cli.file-exists", {"file": str(to)})) from error
    except OSError as error:
        reason = error.strerror or type(error).__name__
        args: dict[str, str | int | Message] = {"file": str(to), "reason": reason}
        raise Refused(Message.of("cli.file-unwritable", args)) from error


def _say(text: str) -> None:
    out.print(text, highlight=False, markup=False, soft_wrap=True)
