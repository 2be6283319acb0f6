"""A fault belongs to one entry, one operation, one client; all others go on."""

import asyncio
import dataclasses
import re
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
import structlog.testing

from bot.domain.catalog import Catalog
from bot.domain.forge import PipelineStatus
from bot.domain.message import Message
from bot.domain.operation import Operation, State
from bot.domain.outgoing import Outgoing, Way
from bot.domain.writes import Lent, Task, Writes
from bot.flow.prepare import prepare
from bot.flow.sweep import sweep
from bot.inbound.speaking import Speaking
from bot.inbound.worker import _AgainError, _once
from tests.flow.people import ACME, GLOBEX
from tests.flow.test_crashes import dies


class Around:
    """A port with some of its methods replaced."""

    def __init__(self, inner, **methods):
        self._inner, self._methods = inner, methods

    def __getattr__(self, name):
        return self._methods.get(name) or getattr(self._inner, name)


@pytest.fixture
def logs():
    with structlog.testing.capture_logs() as found:
        yield found


def named(logs, event):
    return [one for one in logs if one["event"] == event]


async def test_a_client_whose_rows_cannot_be_read_stops_no_other_s_sweep(ops, logs):
    await ops.alice.asks("backup db-prod-2")
    card = await ops.gina.asks("backup shop-db", client="globex")
    ops.clock.passes(hours=20)
    real = ops.back.store

    async def unfinished(client, *, states=()):
        if client == "acme":
            Operation.model_validate({})
        return await real.unfinished(client, states=states)

    store = Around(real, unfinished=unfinished)
    for _ in range(2):
        await sweep(back=ops.with_ports(store=store))

    assert await ops.state(card) is State.EXPIRED
    first, second = named(logs, "sweep.broken")
    assert (first["client"], first["log_level"]) == ("acme", "error")
    assert first["reference"] == second["reference"]


async def test_a_loan_that_breaks_the_lender_keeps_no_other_from_being_ended(ops, logs):
    card = await ops.alice.asks("backup db-prod-2")
    lent = tuple(
        Lent(
            accessor=accessor,
            operation=card.operation.id,
            purpose="rds-snapshot",
            expires_at=ops.clock.now(),
        )
        for accessor in ("cursed", "plain")
    )
    await ops.back.store.write(Writes(client="acme", at=ops.clock.now(), lent=lent))
    real = ops.back.lender

    async def revoke(accessor):
        if accessor == "cursed":
            raise RuntimeError("nobody foresaw this")
        return await real.revoke(accessor)

    ops.clock.passes(minutes=2)
    await sweep(back=ops.with_ports(lender=Around(real, revoke=revoke)))

    left = await ops.back.store.open_leases("acme")
    assert [one.accessor for one in left] == ["cursed"]
    assert len(named(logs, "sweep.broken")) == 1


async def test_a_system_that_is_down_keeps_the_sweep_from_nothing_else(ops, logs):
    card = await ops.gina.asks("backup shop-db", client="globex")
    ops.clock.passes(hours=20)

    ops.loses_vault()
    await sweep(back=ops.back)

    (found, *_) = named(logs, "sweep.unavailable")
    assert (found["part"], found["system"]) == ("checkpoint", "Vault")
    assert named(logs, "sweep.broken") == []
    assert await ops.state(card) is State.EXPIRED


async def test_a_loan_of_this_very_moment_is_left_to_who_ends_it(ops):
    card = await ops.alice.asks("backup db-prod-2")
    await ops.bob.approves(card)
    await dies(ops, Task.EXECUTE, at=5)
    pace = dataclasses.replace(ops.back.pace, afterwards=timedelta(minutes=2))
    ops.back = ops.with_ports(pace=pace)
    await sweep(back=ops.back)
    fresh = await ops.back.store.open_leases("acme")
    ops.clock.passes(minutes=3)

    await sweep(back=ops.back)

    assert len(fresh) == 1
    assert ops.clock.now() < fresh[0].expires_at
    assert await ops.back.store.open_leases("acme") == ()


async def says(ops, card, *keys):
    """Put texts under a card, as a stage would."""
    threads = tuple(
        Outgoing(
            way=Way.THREAD,
            place=ACME,
            operation=card.operation.id,
            message=Message.of(key),
        )
        for key in keys
    )
    await ops.back.store.write(Writes(client="acme", at=ops.clock.now(), says=threads))


async def test_a_text_that_is_missing_takes_no_other_along_and_holds_up_none(ops, logs):
    card = await ops.alice.asks("backup db-prod-2")
    before = len(ops.slack.thread(card))

    await says(ops, card, "waiting.plan", "no.such-text", "waiting.playbook")
    await ops.speaks()

    assert ops.slack.thread(card)[before:] == [
        "Waiting for the plan of the merge request.",
        "The playbook is at work.",
    ]
    (fault,) = named(logs, "outbox.broken")
    assert (fault["client"], fault["log_level"]) == ("acme", "error")
    assert await ops.back.outbox.places("acme", now=ops.clock.now()) == ()


async def test_a_card_that_cannot_be_drawn_is_put_aside_and_drawn_again_later(
    ops, logs
):
    await ops.alice.says("backup db-prod-2")
    real = ops.back.chat

    async def post_card(*_, **__):
        Operation.model_validate({})

    sound, ops.back = ops.back, ops.with_ports(chat=Around(real, post_card=post_card))
    await ops.speaks()
    ops.back = sound
    await ops.works()

    assert named(logs, "outbox.broken")
    assert (
        "ready to be decided"
        in ops.slack.thread(await ops.card((await ops.newest()).id))[0]
    )


async def test_a_place_that_is_stuck_keeps_no_other_waiting(ops):
    await ops.alice.says("backup db-prod-2")
    await ops.gina.says("backup shop-db")
    real, stuck = ops.back.chat, asyncio.Event()

    async def post_card(view, *, channel, key):
        if channel == ACME:
            await stuck.wait()
        return await real.post_card(view, channel=channel, key=key)

    back = ops.with_ports(chat=Around(real, post_card=post_card))
    async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
        speaking = Speaking(back=back, tasks=tasks)
        await speaking.call("acme")
        await speaking.call("globex")
        await ops.until(lambda: ops.slack.posts(GLOBEX))
        meanwhile = ops.slack.posts()
        stuck.set()

    assert meanwhile == []
    assert len(ops.slack.posts()) == 1


async def test_who_was_called_while_speaking_looks_once_more(ops):
    await ops.alice.says("backup db-prod-2")
    real, looks, go_on = ops.back.outbox, [], asyncio.Event()

    @asynccontextmanager
    async def hold(place):
        looks.append(place)
        await go_on.wait()
        yield False  # another replica speaks there

    back = ops.with_ports(outbox=Around(real, hold=hold))
    async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
        speaking = Speaking(back=back, tasks=tasks)
        await speaking.call("acme")
        await ops.until(lambda: looks)
        for _ in range(3):
            await speaking.call("acme")
        go_on.set()

    assert looks == [ACME, ACME]


async def test_a_fault_in_one_place_ends_neither_the_others_nor_their_owner(ops, logs):
    await ops.alice.says("backup db-prod-2")
    await ops.gina.says("backup shop-db")
    real = ops.back.outbox

    async def waiting(client, *, place, now):
        if client == "acme":
            Operation.model_validate({})
        return await real.waiting(client, place=place, now=now)

    back = ops.with_ports(outbox=Around(real, waiting=waiting))
    async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
        speaking = Speaking(back=back, tasks=tasks)
        for client in ("acme", "globex"):
            await speaking.call(client)

    assert len(ops.slack.posts(GLOBEX)) == 1
    (fault,) = named(logs, "outbox.unsaid")
    assert re.fullmatch(r"[0-9a-f]{8}", fault["reference"])


async def test_a_fault_of_ours_is_shown_once_under_one_reference(ops, logs):
    await ops.alice.says("resize web-2 m5.large")
    operation = await ops.newest()

    async def mint(**_):
        raise RuntimeError("nobody foresaw this")

    broken = ops.with_ports(lender=Around(ops.back.lender, mint=mint))
    for _ in range(3):
        with pytest.raises(_AgainError) as again:
            await _once(prepare, "acme", operation.id, back=broken)
        assert again.value.broken
    cards = await ops._sql("SELECT 1 FROM outbox WHERE body->>'way' = 'card'")
    await ops.speaks()
    shown = await ops.card(operation.id)
    await ops.works()

    references = {one["reference"] for one in named(logs, "stage.broken")}
    assert len(references) == 1
    assert f"broken (reference {references.pop()})" in shown
    assert "does not answer" not in shown
    assert len(cards) == 2
    assert "reference" not in await ops.again(shown)


async def test_a_row_that_cannot_be_read_does_not_lose_its_job(ops, logs):
    await ops.alice.says("backup db-prod-2")
    operation = await ops.newest()

    async def unreadable(*_, **__):
        Operation.model_validate({})

    store = Around(ops.back.store, operation=unreadable)
    with pytest.raises(_AgainError):
        await _once(prepare, "acme", operation.id, back=ops.with_ports(store=store))

    assert len(named(logs, "hindrance.unsaid")) == 1


async def test_a_client_that_left_the_catalog_is_cleared_away_and_told_of(ops, logs):
    card = await ops.gina.asks("resize shop-1 m5.large", client="globex")
    whole = ops.catalog.current()

    class Fewer:
        def current(self):
            return Catalog(
                provider=whole.provider,
                clients=tuple(one for one in whole.clients if one.id != "globex"),
                routes=whole.routes,
                policies=whole.policies,
            )

    back = ops.with_ports(catalog=Fewer())
    await sweep(back=back, left={"globex"})
    early = await ops.state(card)
    ops.clock.passes(hours=20)
    await sweep(back=back, left={"globex"})
    told = len(named(logs, "client.left_the_catalog"))
    await sweep(back=back, left={"globex"})

    assert early is State.PROPOSED
    assert await ops.state(card) is State.EXPIRED
    assert told == 2
    assert len(named(logs, "client.left_the_catalog")) == 2
    assert all(task is not Task.TIDY for _, task, _, _ in await ops.jobs())


async def test_a_pipeline_that_waits_for_a_click_is_waited_for(ops):
    card = await ops.alice.asks("resize web-2 m5.large")
    await ops.bob.approves(card)
    ops.hurries()
    real = ops.back.forge

    async def pipeline_of(*words, **named):
        found = await real.pipeline_of(*words, **named)
        return found and dataclasses.replace(found, status=PipelineStatus.BLOCKED)

    sound = ops.back
    ops.back = ops.with_ports(forge=Around(real, pipeline_of=pipeline_of))
    for _ in range(4):
        await ops.tries()
    blocked = await ops.again(card)
    cards = await ops._sql("SELECT 1 FROM outbox WHERE body->>'way' = 'card'")
    await ops.tries()
    more = await ops._sql("SELECT 1 FROM outbox WHERE body->>'way' = 'card'")
    ops.back = sound
    await ops.works()

    assert "until somebody starts a job by hand" in blocked
    assert blocked.operation.state is State.RUNNING
    assert len(cards) == len(more)
    assert await ops.state(card) is State.DONE
    assert "by hand" not in await ops.again(card)
