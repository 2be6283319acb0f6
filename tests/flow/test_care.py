"""What may go wrong around an operation: unread rows, patience, no pipeline."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

from bot.domain.errors import Throttled
from bot.domain.operation import State
from bot.flow.answer import answer
from bot.flow.report import report
from tests.flow.people import ACME, PACE


async def outbox(ops):
    query = "SELECT id, body->>'way', message, problem FROM outbox ORDER BY id"
    return [tuple(row) for row in await ops._sql(query)]


async def test_a_row_that_cannot_be_read_holds_up_nothing_behind_it(ops):
    await ops.alice.says("backup db-prod-2")
    await ops._sql(
        """UPDATE outbox SET body = '{"way": "smoke", "place": "x"}'
        WHERE id = (SELECT min(id) FROM outbox)"""
    )
    card = await ops.alice.asks("backup db-staging")

    rows = await outbox(ops)
    assert card.operation.state is State.PROPOSED
    assert rows[0][2:] == ("", "way: enum")
    (record,) = [one for one in await ops.audit() if one.event == "message.undelivered"]
    assert "way: enum" in record.body
    assert await ops.back.outbox.places("acme", now=ops.back.now()) == ()


async def test_patience_that_slack_asks_for_gives_no_message_up(ops):
    class Busy:
        def __init__(self, chat):
            self.chat, self.left = chat, 70

        def __getattr__(self, name):
            async def call(*args, **more):
                self.left -= 1
                if self.left > 0:
                    raise Throttled("Slack", retry_after=1)
                return await getattr(self.chat, name)(*args, **more)

            return call

    busy = Busy(ops.back.chat)
    await ops.alice.says("backup db-prod-2")
    ops.back = ops.with_ports(chat=busy)

    while busy.left > 0:
        await report("acme", ACME, back=ops.back)
        ops.clock.passes(seconds=2)
    await ops.works()

    assert all(row[2] for row in await outbox(ops))


async def test_a_merge_without_a_pipeline_is_said_and_looked_at_again(ops):
    card = await ops.alice.asks("resize web-2 m5.large")
    real = ops.back

    class NoPipeline:
        def __getattr__(self, name):
            if name == "pipeline_of":
                return self.none
            return getattr(real.forge, name)

        async def none(self, *args, **more):
            return None

    pace = dataclasses.replace(PACE, hold_on=timedelta(0))
    ops.back = ops.with_ports(forge=NoPipeline(), pace=pace)
    await ops.bob.approves(card)
    await ops.tries()
    assert await ops.state(card) is State.RUNNING

    ops.clock.passes(minutes=31)
    await ops.works()

    assert await ops.state(card) is State.IN_DOUBT
    assert "the merge stands" in ops.slack.thread(card)[-1]

    ops.back = real
    await ops.sweeps()

    assert await ops.state(card) is State.DONE


async def test_a_long_story_shows_its_beginning_and_its_end_and_counts_the_rest(ops):
    card = await ops.alice.asks("backup db-prod-2")
    for _ in range(220):
        await ops.carol.cancels(card)
    await ops.alice.cancels(card)

    story = await answer(
        ops.alice._knock(f"status {card.operation.short}"), front=ops.back
    )

    assert story.records[0].event == "operation.asked"
    assert story.records[-1].event == "operation.cancelled"
    assert len(story.records) == 200
    assert story.left_out == len(await ops.audit(card)) - 200


async def test_what_was_said_long_ago_is_forgotten_and_cards_are_not(ops):
    card = await ops.alice.asks("backup db-prod-2")
    await ops.bob.approves(card)
    await ops.works()
    records = len(await ops.audit())
    old = "UPDATE outbox SET sent_at = sent_at - interval '40 days'"
    await ops._sql(old)
    await ops._sql("UPDATE delivery SET at = at - interval '40 days'")

    await ops.sweeps()

    assert [row[1] for row in await outbox(ops)] == ["card"]
    assert await ops._sql("SELECT 1 FROM delivery") == []
    assert len(await ops.audit()) >= records
    assert (await ops.again(card)).ts == card.ts


async def test_what_waits_or_is_fresh_is_not_forgotten(ops):
    await ops.alice.says("backup db-prod-2")
    await ops._sql("UPDATE outbox SET created_at = created_at - interval '90 days'")

    gone = await ops.back.outbox.prune("acme", before=ops.back.now())
    await ops.works()

    assert gone == 0
    assert len(await outbox(ops)) >= 1
    assert await ops.back.outbox.prune("acme", before=ops.back.now()) == 0
