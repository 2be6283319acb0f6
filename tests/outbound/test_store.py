"""What a stage leaves behind is there whole, once, or not at all."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import timedelta

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from bot.domain.decision import Verdict
from bot.domain.errors import Unavailable
from bot.domain.message import Message
from bot.domain.operation import STEPS, State
from bot.domain.writes import (
    Delivery,
    Duplicate,
    Ended,
    Job,
    Lent,
    Overtaken,
    Task,
    Writes,
)
from tests.domain import core_samples as core
from tests.outbound.store_support import TABLES, ask, asking, count, event, opened
from tests.outbound.store_support import operation as made

ANSWER = Message.of("asked.noted", {"id": "abcdefg"})


@pytest_asyncio.fixture
async def store(database):
    async with opened(database) as found:
        yield found


def delivered(one, key="slack:1", answer=ANSWER):
    return asking(one, delivery=Delivery(key=key, answer=answer))


async def everything(database):
    jobs = await count(database, "procrastinate_jobs")
    return {table: await count(database, table) for table in TABLES} | {"jobs": jobs}


# --- all or nothing


async def test_a_stage_leaves_state_audit_outbox_and_job_together(database, store):
    one = made()

    await store.write(delivered(one))

    assert await store.operation("acme", id=one.id) == one
    assert await everything(database) == {
        "operation": 1,
        "decision": 0,
        "delegation": 0,
        "trust_level": 0,
        "branch_protection": 0,
        "glass": 0,
        "gitlab_link": 0,
        "delivery": 1,
        "outbox": 1,
        "lease": 0,
        "courtesy": 0,
        "audit": 1,
        "audit_checkpoint": 0,
        "jobs": 1,
    }


@pytest.mark.parametrize(
    "fault",
    [
        {"saves": (made(7),)},
        {"decisions": (core.decision(made(8)),)},
        {"adds": (made(), made())},
        {"events": (event(), event(actor="a\0b"))},
        {"client": "globex"},
    ],
    ids=["overtaken", "no such operation", "twice", "unwritable", "other client"],
)
async def test_what_cannot_be_written_whole_leaves_nothing(database, store, fault):
    before = await everything(database)

    with pytest.raises((Overtaken, Unavailable)):
        await store.write(asking(made(), **fault))

    assert await everything(database) == before


async def test_a_write_in_the_queue_names_task_client_and_operation(database, store):
    one = made()
    later = Job(task=Task.WATCH, operation=one.id, after=timedelta(minutes=5))

    await store.write(asking(one, jobs=(later,)))

    ((task, args, waits),) = await ask(
        database.owner,
        "SELECT task_name, args, scheduled_at > now() + interval '4 minutes'"
        " FROM procrastinate_jobs",
    )
    assert task == "watch"
    assert args == {"client": "acme", "operation": one.id}
    assert waits


# --- compare and set


async def test_a_save_of_an_older_version_is_refused(store):
    one = made()
    await store.write(asking(one))
    refused = one.to(State.REFUSED, at=core.NOW)
    await store.write(Writes(client="acme", at=core.NOW, saves=(refused,)))

    with pytest.raises(Overtaken):
        await store.write(
            Writes(
                client="acme",
                at=core.NOW,
                saves=(one.to(State.CANCELLED, at=core.NOW),),
                events=(event(one.id),),
            )
        )

    found = await store.operation("acme", id=one.id)
    assert (found.state, found.version) == (State.REFUSED, 2)
    assert len(await store.records("acme")) == 1


async def test_of_many_that_move_one_operation_at_once_one_does(database, store):
    one = made()
    await store.write(asking(one))

    async def move(number):
        state = (State.CANCELLED, State.EXPIRED, State.REFUSED)[number % 3]
        writes = Writes(
            client="acme",
            at=core.NOW,
            saves=(one.to(state, at=core.NOW),),
            events=(event(one.id, by=number),),
        )
        await store.write(writes)
        return state

    ends = await asyncio.gather(*map(move, range(16)), return_exceptions=True)

    won = [end for end in ends if isinstance(end, State)]
    assert len(won) == 1
    assert sum(isinstance(end, Overtaken) for end in ends) == 15
    assert (await store.operation("acme", id=one.id)).state is won[0]
    assert await count(database, "audit") == 2


async def test_one_person_decides_once_on_one_digest_at_however_many_replicas(store):
    one = made()
    await store.write(asking(one))
    mine = core.decision(one, digest="d" * 64)

    async def decide(verdict):
        changed = mine.model_copy(update={"verdict": verdict})
        await store.write(Writes(client="acme", at=core.NOW, decisions=(changed,)))

    verdicts = (Verdict.APPROVE, Verdict.DENY) * 4
    ends = await asyncio.gather(*map(decide, verdicts), return_exceptions=True)

    assert sorted(map(repr, ends)) == sorted(["None"] + [repr(Overtaken("23505"))] * 7)
    assert len(await store.decisions("acme", operation=one.id)) == 1


# --- deliveries


async def test_a_repeated_delivery_gets_the_first_answer_and_changes_nothing(
    database, store
):
    await store.write(delivered(made(1)))
    before = await everything(database)

    with pytest.raises(Duplicate) as again:
        await store.write(delivered(made(2), answer=Message.of("other.answer")))

    assert again.value.answer == ANSWER
    assert await everything(database) == before


async def test_of_many_deliveries_of_one_request_at_once_one_counts(database, store):
    async def deliver(number):
        await store.write(
            delivered(made(number), answer=Message.of("asked.x", {"n": number}))
        )
        return number

    ends = await asyncio.gather(*map(deliver, range(12)), return_exceptions=True)

    (first,) = [end for end in ends if isinstance(end, int)]
    told = [end.answer for end in ends if isinstance(end, Duplicate)]
    assert told == [Message.of("asked.x", {"n": first})] * 11
    assert await count(database, "operation") == 1
    assert await count(database, "audit") == 1


async def test_a_delivery_that_failed_may_come_again(store):
    with pytest.raises(Overtaken):
        await store.write(delivered(made()).model_copy(update={"saves": (made(9),)}))

    await store.write(delivered(made()))

    assert await store.operation("acme", id=made().id) is not None


async def test_a_key_that_another_client_used_is_answered_without_its_answer(store):
    await store.write(delivered(made(1)))

    with pytest.raises(Duplicate) as again:
        await store.write(delivered(made(2, client="globex")))

    assert again.value.answer is None


# --- the state machine, held by the database


@pytest.mark.parametrize("before", State)
async def test_the_database_takes_the_steps_there_are_and_no_other(
    database, store, before
):
    allowed = {step.to for step in STEPS[before]} | {before}

    taken = set()
    for number, after in enumerate(State):
        one = made(number, state=before)
        await store.write(asking(one))
        pushed = one.model_copy(update={"state": after})
        try:
            await store.write(Writes(client="acme", at=core.NOW, saves=(pushed,)))
            taken.add(after)
        except Unavailable:
            pass

    assert taken == allowed


@pytest.mark.parametrize(
    "change", ["id = repeat('z', 20)", "client = 'globex'", "requester = 'bob'"]
)
async def test_an_operation_keeps_its_id_its_client_and_its_requester(
    database, store, change
):
    await store.write(asking(made()))

    with pytest.raises(Exception, match="an operation keeps its id"):
        await ask(database.owner, f"UPDATE operation SET {change}")  # noqa: S608 - of this test


# --- reading back


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.text(
        st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=40
    ),
    number=st.integers(0, 2**60),
)
async def test_whatever_people_wrote_comes_back_as_it_was(store, text, number):
    one = made(number, line=text, arguments={"x": text})

    try:
        await store.write(asking(one))
    except Overtaken:
        return

    assert await store.operation("acme", id=one.id) == one
    (record,) = await store.records("acme", operation=one.id)
    assert json.loads(record.body) == {"line": text}


async def test_operations_are_found_by_how_their_id_begins(store):
    for number in (1, 2, 40):
        await store.write(asking(made(number)))

    shorts = [
        len(await store.operations_like("acme", short=short))
        for short in ("a" * 18, made(40).id, "z", "%", "_" * 7, "")
    ]

    assert shorts == [3, 1, 0, 0, 0, 3]


async def test_what_has_not_ended_is_listed_oldest_first(store):
    old = made(1, asked_at=core.NOW - timedelta(hours=1))
    new = made(2)
    over = made(3)
    for one in (new, over, old):
        await store.write(asking(one))
    ended = over.to(State.CANCELLED, at=core.NOW)
    await store.write(Writes(client="acme", at=core.NOW, saves=(ended,)))

    listed = await store.unfinished("acme")
    proposed = await store.unfinished("acme", states=(State.PROPOSED,))

    assert [one.id for one in listed] == [old.id, new.id]
    assert proposed == ()


async def test_what_was_lent_is_open_until_it_ended(store):
    until = core.NOW + timedelta(minutes=10)
    lent = Lent(accessor="acc-1", operation=made().id, purpose="aws", expires_at=until)
    other = lent.model_copy(update={"accessor": "acc-2"})
    await store.write(Writes(client="acme", at=core.NOW, lent=(lent, other)))

    ended = Ended(accessor="acc-1", ending="revoked")
    await store.write(Writes(client="acme", at=core.NOW, ended=(ended,)))

    kept = other.model_copy(update={"lent_at": core.NOW})
    assert await store.open_leases("acme") == (kept,)


# --- locks


async def test_a_lock_has_one_holder_and_ends_with_it(store):
    async with store.exclusive("operation x") as first:
        async with store.exclusive("operation x") as second:
            pass
        async with store.exclusive("operation y") as other:
            pass
    async with store.exclusive("operation x") as again:
        pass

    assert (first, second, other, again) == (True, False, True, True)


async def test_a_lock_dies_with_its_connection(database, store):
    end = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"

    async def lose():
        async with store.exclusive("operation x"):
            await ask(database.owner, end)
            async with store.exclusive("operation x") as taken_over:
                taken.append(taken_over)

    taken = []
    with pytest.raises(Unavailable):
        await lose()

    assert taken == [True]


async def test_what_fails_under_a_lock_is_not_taken_for_the_database(store):
    with pytest.raises(TimeoutError):
        async with store.exclusive("operation x"):
            raise TimeoutError

    async with store.exclusive("operation x") as again:
        assert again


async def test_a_database_that_is_away_is_named(database, store):
    await store.ping()
    elsewhere = database.app.get_secret_value().replace("tandem_app", "nobody_at_all")

    async with opened(replace(database, app=SecretStr(elsewhere))) as stranger:
        with pytest.raises(Unavailable, match="the database"):
            await stranger.ping()
