"""The world by credentials lent for one operation; reading what an effect is about."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from bot.domain.errors import Broken
from bot.domain.message import Message
from bot.domain.operation import State
from bot.domain.proposal import Line
from bot.domain.scope import AwsScope, DatabaseScope, TlsScope
from bot.flow.issuing import Witnessed
from bot.flow.lending import borrowed
from bot.flow.run import WorkerRun

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from bot.domain.catalog import Client
    from bot.domain.change import Effect
    from bot.domain.operation import Operation
    from bot.domain.playbook import LiveState
    from bot.domain.scope import Scope, SshScope
    from bot.ports import Back


def client_of(operation: Operation, *, back: Back) -> Client:
    """Return the operation's client from the catalog in force."""
    client = back.catalog.current().client(operation.client)
    if client is None:
        raise Broken(f"client {operation.client!r} is no longer in the catalog")
    return client


@asynccontextmanager
async def aws_run(
    operation: Operation, *, scope: AwsScope, back: Back
) -> AsyncIterator[WorkerRun]:
    """Give a run whose AWS session can do what `scope` says, for a short while."""
    client = client_of(operation, back=back)
    until = back.now() + back.pace.action
    async with borrowed(
        back,
        client=client.id,
        action=scope.name,
        operation=operation.id,
        session_dies_at=until,
    ) as minted:
        session = await back.lender.aws_session(
            minted,
            client=client.id,
            aws=client.aws,
            scope=scope,
            operation=operation.id,
            until=until,
        )
        yield WorkerRun(operation, back, aws_session=session)


@asynccontextmanager
async def lent_run(
    operation: Operation, *, scope: Scope, back: Back
) -> AsyncIterator[WorkerRun]:
    """Give a run whose credentials reach as far as `scope` says, wherever that is."""
    if isinstance(scope, AwsScope):
        lends = aws_run(operation, scope=scope, back=back)
    elif isinstance(scope, DatabaseScope):
        lends = _database_run(operation, scope=scope, back=back)
    else:
        lends = _host_run(operation, scope=scope, back=back)
    async with lends as run:
        yield run


@asynccontextmanager
async def _database_run(
    operation: Operation, *, scope: DatabaseScope, back: Back
) -> AsyncIterator[WorkerRun]:
    client = client_of(operation, back=back)
    async with borrowed(
        back, client=client.id, action=scope.name, operation=operation.id
    ) as minted:
        session = await back.lender.database_session(
            minted, client=client.id, scope=scope
        )
        yield WorkerRun(operation, back, database_session=session, minted=minted)


@asynccontextmanager
async def _host_run(
    operation: Operation, *, scope: SshScope | TlsScope, back: Back
) -> AsyncIterator[WorkerRun]:
    """Give a run on one host, and perhaps with certificates for one of its domains."""
    client = client_of(operation, back=back)
    until = back.now() + back.pace.credentials
    async with borrowed(
        back,
        client=client.id,
        action=scope.name,
        operation=operation.id,
        session_dies_at=until,
    ) as minted:
        host = await back.lender.host_session(
            minted,
            client=client.id,
            scope=scope.login if isinstance(scope, TlsScope) else scope,
            operation=operation.id,
            until=until,
            halted=_halting(operation, back=back),
        )
        tls = None
        if isinstance(scope, TlsScope):
            lent = await back.lender.tls_session(minted, client=client.id, scope=scope)
            tls = Witnessed(operation, back, lent)
        yield WorkerRun(operation, back, host_session=host, tls_session=tls)


def _halting(
    operation: Operation, *, back: Back
) -> Callable[[], Awaitable[bool]] | None:
    """
    Return what tells whether somebody wants stopped what runs now.

    None where nothing is stopped: what only looks, before it runs and once it was
    stopped, looks to the end.
    """
    if operation.state is not State.RUNNING or operation.progress.halted_by is not None:
        return None

    async def halted() -> bool:
        now = await back.store.operation(operation.client, id=operation.id)
        return now is not None and now.progress.halted_by is not None

    return halted


async def observe(
    operation: Operation, *, effect: Effect, back: Back, until_seen: bool = False
) -> LiveState:
    """
    Return what the world says now about what the effect is about.

    With `until_seen` it is asked again for a while until the effect shows: the cloud
    may show a change some moments after it took it.
    """
    observation = back.registry.observation(effect.observation, inputs=effect.inputs)
    give_up = back.now() + back.pace.hold_on
    async with aws_run(operation, scope=observation.scope(), back=back) as run:
        while True:
            state = await observation.read(run)
            seen = all(state.value(key) == it for key, it in effect.expected.items())
            if seen or not until_seen or back.now() >= give_up:
                return state
            await back.sleep(back.pace.poll.total_seconds())


def facts(state: LiveState) -> tuple[Line, ...]:
    """Return what was read as lines of the card; AWS's own words, as data."""
    return tuple(
        Line(label=Message.of("card.live", {"name": name}), value=value)
        for name, value in state.items
    )
