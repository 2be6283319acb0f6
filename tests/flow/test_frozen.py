"""
A worker that comes back after its lock was lost finds the fence, and does not act.

The lock lives in a database connection. A worker that is frozen, or cut off, can lose
it and go on all the same, when another has taken the operation up.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio

from bot.domain.operation import State
from bot.domain.writes import Overtaken
from bot.flow.execute import execute


class Unlocked:
    """The store, as one sees it who takes a lost lock for held."""

    def __init__(self, store):
        self._store = store

    def __getattr__(self, name):
        return getattr(self._store, name)

    @asynccontextmanager
    async def exclusive(self, name):
        yield True


class Freezing:
    """Vault, whose answer to one wish finds the worker frozen."""

    def __init__(self, lender, wish):
        self._lender = lender
        self._wish = wish
        self.frozen = asyncio.Event()
        self.thaw = asyncio.Event()

    def __getattr__(self, name):
        return getattr(self._lender, name)

    async def aws_session(self, minted, *, scope, **named):
        await self._pass(scope.name)
        return await self._lender.aws_session(minted, scope=scope, **named)

    async def forge_token(self, minted, *, client, purpose):
        await self._pass(purpose)
        return await self._lender.forge_token(minted, client=client, purpose=purpose)

    async def _pass(self, wish):
        if wish == self._wish:
            self.frozen.set()
            await self.thaw.wait()


@asynccontextmanager
async def a_frozen_worker(ops, card, *, wish):
    """Freeze one worker right before it announces; at the end it comes back."""
    lender = Freezing(ops.back.lender, wish)
    back = ops.with_ports(lender=lender, store=Unlocked(ops.back.store))
    worker = asyncio.create_task(execute("acme", card.operation.id, back=back))
    await lender.frozen.wait()
    yield
    lender.thaw.set()
    with pytest.raises(Overtaken):
        await worker


@pytest_asyncio.fixture(loop_scope="session")
async def machine(ops):
    found = ops.aws.instance("web-1")["InstanceId"]
    await ops.edits_catalog(
        "clients/acme/inventory.yaml",
        "aws: { name_tag: web-1 }",
        f"aws: {{ instance_id: {found} }}",
    )
    return found


async def test_it_does_not_run_what_another_has_run(ops, machine):
    card = await ops.alice.asks("halt web-1")
    await ops.bob.approves(card)

    async with a_frozen_worker(ops, card, wish="stop"):
        await ops.works()
    await ops.works()

    assert await ops.state(card) is State.DONE
    assert len(ops.day.cloud.ledger.effects("ec2:StopInstances")) == 1
    assert (await ops.events(card)).count("action.announced") == 1
    assert await ops.back.store.open_leases("acme") == ()


@pytest.mark.parametrize(
    ("line", "wish", "announced"),
    [
        ("backup db-prod-2", "rds-snapshot", "action.announced"),
        ("resize web-2 m5.large", "gitlab-execute", "merge.announced"),
    ],
)
async def test_it_does_not_act_on_what_another_has_ended(ops, line, wish, announced):
    card = await ops.alice.asks(line)
    await ops.bob.approves(card)

    async with a_frozen_worker(ops, card, wish=wish):
        ops.clock.passes(hours=5)
        await ops.works()
        ended = await ops.state(card)
    await ops.works()

    assert ended is State.FAILED
    assert await ops.state(card) is State.FAILED
    assert announced not in await ops.events(card)
    assert ops.aws.created == ()
    assert ops.aws.resized == ()
    assert not ops.git.merged
