"""Stores over a migrated database, and the smallest writes that mean something."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from bot.domain.audit import Event, EventName
from bot.domain.operation import Place
from bot.domain.outgoing import Outgoing, Way
from bot.domain.writes import Job, Task, Writes
from bot.outbound.postgres.engine import engine
from bot.outbound.postgres.store import Store
from tests.domain import core_samples as core

if TYPE_CHECKING:
    from bot.domain.operation import Operation

TABLES = (
    "operation",
    "decision",
    "delivery",
    "outbox",
    "lease",
    "courtesy",
    "audit",
    "audit_checkpoint",
    "delegation",
    "trust_level",
    "branch_protection",
    "glass",
    "gitlab_link",
)


@asynccontextmanager
async def opened(database, *, size=8):
    pool = engine(database.app, size=size)
    try:
        yield Store(pool)
    finally:
        await pool.dispose()


async def ask(url, statement, *, client=None, **values):
    """Run one statement past the store, as whoever the address says."""
    pool = create_async_engine(url.get_secret_value(), poolclass=NullPool)
    try:
        async with pool.begin() as connection:
            if client is not None:
                await connection.execute(
                    text("SELECT set_config('tandem.client', :client, true)"),
                    {"client": client},
                )
            result = await connection.execute(text(statement), values)
            return result.all() if result.returns_rows else result.rowcount
    finally:
        await pool.dispose()


async def count(database, table):
    ((found,),) = await ask(database.owner, f"SELECT count(*) FROM {table}")  # noqa: S608 - a table of ours
    return found


def operation_id(number):
    """Return the number spelled in the letters that an id has."""
    letters = "abcdefghijklmnopqrstuvwxyz234567"
    found = ""
    for _ in range(20):
        number, place = divmod(number, 32)
        found = letters[place] + found
    return found


def operation(number=0, client="acme", **changes) -> Operation:
    place = Place(team="T0CLARANET", channel=f"C0{client.upper()}OPS")
    return core.asked(id=operation_id(number), client=client, place=place, **changes)


def event(of=None, name=EventName.OPERATION_ASKED, actor="alice", **body):
    return Event(name=name, actor=actor, source="slack", operation=of, body=body)


def asking(one, **changes):
    """Return all that asking for something leaves behind."""
    return Writes(
        **{
            "client": one.client,
            "at": core.NOW,
            "adds": (one,),
            "events": (event(one.id, line=one.line),),
            "says": (
                Outgoing(way=Way.CARD, place=one.place.channel, operation=one.id),
            ),
            "jobs": (Job(task=Task.PREPARE, operation=one.id),),
        }
        | changes
    )
