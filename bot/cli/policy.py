"""`tandem policy`: the rules of who may do what, listed, and asked for anybody."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from bot.cli.running import run, words
from bot.domain.errors import Refused
from bot.domain.message import Message
from bot.domain.operation import Place
from bot.domain.suggest import near
from bot.flow.can_i import foretold
from bot.flow.door import Caller, Knock
from bot.flow.holding import standing_now
from bot.outbound.catalog import load
from bot.outbound.catalog_policies import shipped
from bot.settings import Settings

if TYPE_CHECKING:
    from bot.domain.catalog import Catalog, Person
    from bot.domain.catalog import Client as CatalogClient

app = typer.Typer(no_args_is_help=True, help="Who may do what, and why.")
out = Console()
Member = Annotated[str, typer.Argument(help="The member's id in the catalog.")]
Line = Annotated[list[str], typer.Argument(help="What the member would type.")]
Of = Annotated[
    str, typer.Option(help="The client it is about; a client's member needs none.")
]


@app.command("list")
def listed(client: Annotated[str, typer.Option(help="The client's id.")]) -> None:
    """List every rule that holds for a client: its name, place and reason."""
    run(lambda: _listed(client))


async def _listed(client: str) -> None:
    catalog = await asyncio.to_thread(load, Settings.read().catalog)
    owner = _client(client, catalog)
    rules = catalog.rules(owner.id)
    for rule in rules.rules.values():
        _say(f"{rule.place}  {rule.effect}  {rule.id}  {words(rule.because)}")
    _say(f"version {rules.version[:12]}")


@app.command(context_settings={"ignore_unknown_options": True})
def explain(member: Member, line: Line, client: Of = "") -> None:
    """Say whether a member may ask for something, by which rule, and who decides."""
    run(lambda: _explained(member, " ".join(line), client))


async def _explained(member: str, line: str, client: str) -> None:
    from bot.wiring.front import front  # noqa: PLC0415 - its libraries take a while

    async with front(Settings.read()) as wired:
        catalog = wired.front.catalog.current()
        person = _member(member, catalog)
        at_home = person.organisation != catalog.provider.id
        owner = _client(client or (person.organisation if at_home else ""), catalog)
        if at_home and person.organisation != owner.id:
            raise Refused(Message.of("refused.other-client"))
        if person.deactivated:
            raise Refused(Message.of("refused.deactivated", {"client": owner.name}))
        room = owner.channels[0]
        caller = Caller(
            person=person,
            client=owner,
            place=Place(team=room.team, channel=room.id),
            knock=Knock(room.team, "", room.id, line, "", source="cli"),
            standing=await standing_now(wired.front),
        )
        _say(words(await foretold(caller, line, front=wired.front)))


@app.command()
def schema() -> None:
    """Print the Cedar schema that every policy is held to."""
    _say(shipped().schema_text)


def _member(member: str, catalog: Catalog) -> Person:
    found = catalog.member(member)
    if found is None:
        people = [
            one.id for client in catalog.clients for one in catalog.people(client.id)
        ]
        known = ", ".join(near(member, people) or sorted(set(people))[:8])
        args: dict[str, str | int | Message] = {"got": member[:40], "known": known}
        raise Refused(Message.of("cli.policy-no-member", args))
    return found


def _client(client: str, catalog: Catalog) -> CatalogClient:
    found = catalog.client(client)
    if found is None:
        known = ", ".join(one.id for one in catalog.clients)
        raise Refused(Message.of("cli.no-client", {"got": client[:40], "known": known}))
    return found


def _say(text: str) -> None:
    out.print(text, highlight=False, markup=False, soft_wrap=True)
