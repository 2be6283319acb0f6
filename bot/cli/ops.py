"""`tandem ops`: operations listed, shown and decided on by the command line."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from bot.cli.running import run, words
from bot.domain.decision import Verdict
from bot.domain.errors import Refused
from bot.domain.message import Message
from bot.domain.proposal import FINGERPRINT
from bot.domain.suggest import near
from bot.flow.decide import Choice, decide
from bot.flow.door import Knock, turn_away
from bot.inbound.slack.typed import fit_reason
from bot.settings import Settings

if TYPE_CHECKING:
    from bot.domain.catalog import Client as CatalogClient
    from bot.domain.operation import Operation
    from bot.ports import Front

app = typer.Typer(no_args_is_help=True, help="Operations, and decisions on them.")
out = Console()
Client = Annotated[str, typer.Option(help="The client's id in the catalog.")]
Id = Annotated[str, typer.Argument(help="The operation's id, or how it begins.")]
Fingerprint = Annotated[
    str, typer.Option(help="The fingerprint on the card that you decide on.")
]


@app.command("list")
def listed(client: Client) -> None:
    """List what has not ended yet, oldest first."""
    run(lambda: _listed(client))


async def _listed(client: str) -> None:
    from bot.wiring.front import front  # noqa: PLC0415 - its libraries take a while

    async with front(Settings.read()) as wired:
        _client(client, front=wired.front)
        table = Table()
        for name in ("id", "state"):
            table.add_column(name, no_wrap=True)
        for name in ("command", "target", "asked by", "until"):
            table.add_column(name, overflow="fold")
        for one in await wired.front.store.unfinished(client):
            table.add_row(
                one.short,
                one.state.value,
                one.command,
                one.target,
                one.requester,
                f"{one.expires_at:%Y-%m-%d %H:%M} UTC",
            )
        out.print(table)


@app.command()
def show(operation: Id, client: Client) -> None:
    """Show one operation and everything the audit has of it."""
    run(lambda: _shown(operation, client))


async def _shown(short: str, client: str) -> None:
    from bot.wiring.front import front  # noqa: PLC0415 - its libraries take a while

    async with front(Settings.read()) as wired:
        _client(client, front=wired.front)
        one = await _found(short, client, front=wired.front)
        _say(f"{one.id}  {one.state.value}  {words(one.change.title)}")
        if one.digest:
            _say(f"fingerprint {one.digest[:FINGERPRINT]}")
        if one.outcome is not None:
            _say(words(one.outcome))
        for record in await wired.front.store.records(client, operation=one.id):
            _say(
                f"{record.at:%Y-%m-%d %H:%M:%S}  {record.event.value}  {record.actor}"
                f"  {record.source}  {record.body}"
            )


@app.command()
def approve(operation: Id, client: Client, fingerprint: Fingerprint) -> None:
    """Approve what the card with this fingerprint shows."""
    run(
        lambda: _decided(
            operation, client, fingerprint=fingerprint, verdict=Verdict.APPROVE
        )
    )


@app.command()
def deny(
    operation: Id,
    client: Client,
    fingerprint: Fingerprint,
    reason: Annotated[str, typer.Option(help="Why; shown to who asked.")],
) -> None:
    """Deny what the card with this fingerprint shows."""
    run(
        lambda: _decided(
            operation,
            client,
            fingerprint=fingerprint,
            verdict=Verdict.DENY,
            reason=reason,
        )
    )


async def _decided(
    short: str, client: str, *, fingerprint: str, verdict: Verdict, reason: str = ""
) -> None:
    from bot.wiring.front import front  # noqa: PLC0415 - its libraries take a while

    settings = Settings.read()
    async with front(settings) as wired:
        knock = _knock(
            settings.unsafe_cli_member,
            _client(client, front=wired.front),
            line=f"{verdict.value} {short} {fingerprint}",
            front=wired.front,
        )
        try:
            if verdict is Verdict.DENY:
                fit_reason(reason)
            one = await _found(short, client, front=wired.front)
        except Refused as refusal:
            # Written down like what is turned away in chat.
            raise Refused(
                await turn_away(knock, refusal=refusal, front=wired.front)
            ) from refusal
        choice = Choice(
            operation=one.id,
            digest=_shown_digest(one, fingerprint.lower()),
            verdict=verdict,
            reason=reason,
        )
        told = await decide(knock, choice=choice, front=wired.front)
        if told.key != f"decided.{verdict.value}":
            raise Refused(told)
        _say(words(told))


def _shown_digest(operation: Operation, fingerprint: str) -> str:
    """Return the digest that the fingerprint is of; one that fits none stays as is."""
    digest = operation.digest or ""
    # What was shown is what is decided on, here as in chat.
    fits = len(fingerprint) >= FINGERPRINT and digest.startswith(fingerprint)
    return digest if fits else fingerprint


def _knock(
    member: str | None, client: CatalogClient, *, line: str, front: Front
) -> Knock:
    """Return the knock of the member that this command line is believed to be."""
    if not member:
        raise Refused(Message.of("cli.no-member"))
    catalog = front.catalog.current()
    person = catalog.member(member)
    if person is None:
        people = (
            *(one.id for one in catalog.provider.members),
            *(one.id for one in client.members),
        )
        known = ", ".join(near(member, people) or people[:5])
        raise Refused(
            Message.of("cli.unknown-member", {"got": member[:40], "known": known})
        )
    at_home = {one.team: one for one in person.slack}
    rooms = [one for one in client.channels if one.team in at_home]
    if not rooms:
        raise Refused(Message.of("refused.other-workspace"))
    return Knock(
        team=rooms[0].team,
        user=at_home[rooms[0].team].user,
        channel=rooms[0].id,
        text=line,
        delivery=f"cli:{secrets.token_hex(16)}",
        source="cli",
    )


def _client(client: str, *, front: Front) -> CatalogClient:
    catalog = front.catalog.current()
    found = catalog.client(client)
    if found is None:
        known = ", ".join(one.id for one in catalog.clients)
        raise Refused(Message.of("cli.no-client", {"got": client[:40], "known": known}))
    return found


async def _found(short: str, client: str, *, front: Front) -> Operation:
    found = await front.store.operations_like(client, short=short.lower())
    if len(found) != 1:
        key = "refused.no-operation" if not found else "refused.ambiguous-operation"
        raise Refused(Message.of(key, {"got": short[:20]}))
    return found[0]


def _say(text: str) -> None:
    out.print(text, highlight=False, markup=False, soft_wrap=True)
