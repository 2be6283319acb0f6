"""Group commit: made durable together, and still each write by itself."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace

import pytest
import pytest_asyncio
from pydantic import SecretStr
from sqlalchemy import text

from bot.domain.errors import Broken, Unacknowledged, Unavailable
from bot.domain.message import Message
from bot.domain.writes import Delivery, Duplicate, Job, Overtaken, Task, Writes
from bot.outbound.postgres import line
from tests.domain import core_samples as core
from tests.outbound.store_support import ask, asking, count, event, opened
from tests.outbound.store_support import operation as made

ANSWER = Message.of("asked.noted", {"id": "abcdefg"})
CUT = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE usename = 'tandem_app' AND datname = current_database()"
)
WAITING = (
    "SELECT count(*) FROM pg_stat_activity WHERE usename = 'tandem_app'"
    " AND wait_event_type = 'Lock' AND datname = current_database()"
)
FAILS_AT_COMMIT = (
    (
        "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'no'; END $$"
    ),
    (
        "CREATE CONSTRAINT TRIGGER no AFTER INSERT ON operation"
        " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION no()"
    ),
)
LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")


@pytest_asyncio.fixture
async def store(database):
    async with opened(database) as found, found.running():
        yield found


@contextlib.asynccontextmanager
async def chain_locked(database, client="acme"):
    """Hold a client's chain, so that what is written meanwhile gathers in a batch."""
    owner = replace(database, app=database.owner)
    async with opened(owner, size=1) as other, other.reading(client) as connection:
        await connection.execute(LOCK, {"name": f"tandem audit {client}"})
        yield


async def all_of(store, *writes):
    found = [store.write(one) for one in writes]
    return await asyncio.gather(*found, return_exceptions=True)


async def batch(database, store, *writes):
    """Write these in one batch, behind a first write that is held up."""
    async with chain_locked(database):
        first = asyncio.create_task(store.write(asking(made(0))))
        await asyncio.sleep(0.1)
        rest = asyncio.create_task(all_of(store, *writes))
        await asyncio.sleep(0.1)
    await first
    return await rest


def delivered(one, key):
    return asking(one, delivery=Delivery(key=key, answer=ANSWER))


# --- each whole, or not at all


async def test_what_comes_together_is_written_whole(database, store):
    ends = await batch(database, store, *(asking(made(n)) for n in range(1, 9)))

    assert ends == [None] * 8
    for table in ("operation", "outbox", "audit", "procrastinate_jobs"):
        assert await count(database, table) == 9


async def test_one_that_was_overtaken_leaves_nothing_and_the_others_stay(
    database, store
):
    twice = asking(made(1), adds=(made(1), made(1)))

    ends = await batch(database, store, asking(made(2)), twice, asking(made(3)))

    assert [type(end) for end in ends] == [type(None), Overtaken, type(None)]
    assert await store.operation("acme", id=made(1).id) is None
    assert await count(database, "audit") == 3
    assert await count(database, "outbox") == 3


@pytest.mark.parametrize(
    "poison",
    [
        asking(made(1), events=(event(made(1).id, actor="a\0b"),)),
        asking(made(1, line="a\0b")),
        asking(made(1, client="globex"), client="acme"),
    ],
    ids=["NUL in the audit", "NUL in the line", "another client's"],
)
async def test_one_that_cannot_be_stored_does_not_sink_the_batch(
    database, store, poison
):
    ends = await batch(database, store, asking(made(2)), poison, asking(made(3)))

    assert (ends[0], type(ends[1]), ends[2]) == (None, Unavailable, None)
    assert await count(database, "operation") == 3
    assert await count(database, "audit") == 3


async def test_of_one_delivery_in_one_batch_the_first_counts(database, store):
    ends = await batch(
        database, store, *(delivered(made(n), "slack:1") for n in range(1, 5))
    )

    assert (ends[0], {type(end) for end in ends[1:]}) == (None, {Duplicate})
    assert [end.answer for end in ends[1:]] == [ANSWER] * 3
    assert await count(database, "operation") == 2


async def test_a_job_wanted_once_is_one_however_many_of_a_batch_want_it(
    database, store
):
    once = Job(task=Task.WATCH, operation=made(1).id, once=True)
    hints = [
        Writes(client="acme", at=core.NOW, jobs=(once,), events=(event(n=n),))
        for n in range(4)
    ]

    ends = await batch(database, store, *hints)

    assert ends == [None] * 4
    assert await count(database, "audit") == 5
    assert await count(database, "procrastinate_jobs") == 2


async def test_a_batch_of_those_that_fit_is_taken_as_one(database, store):
    ones = [delivered(made(n), f"slack:{n}") for n in range(1, 6)]

    ends = await batch(database, store, *ones)

    # Tried one by one, each would be a subtransaction with a number of its own.
    numbers = "SELECT count(DISTINCT xmin::text) FROM operation"
    ((found,),) = await ask(database.owner, numbers)
    assert ends == [None] * 5
    assert found == 2


async def test_the_audit_has_them_in_the_order_they_came(database, store):
    ones = [asking(made(n)) for n in range(1, 100)]

    await batch(database, store, *ones)

    records = await store.records("acme")
    assert [one.seq for one in records] == list(range(1, 101))
    assert [one.operation for one in records] == [made(n).id for n in range(100)]


async def test_a_client_whose_chain_is_held_makes_no_other_wait(database, store):
    async with chain_locked(database, "acme"):
        held = asyncio.create_task(store.write(asking(made(1))))
        async with asyncio.timeout(3):
            await store.write(asking(made(2, client="globex")))
        waits = not held.done()
    await held

    assert waits
    assert await count(database, "operation") == 2


async def test_enough_of_them_follow_one_that_is_on_its_way_and_no_more(
    database, store
):
    async with chain_locked(database):
        first = asyncio.create_task(store.write(asking(made(0))))
        await asyncio.sleep(0.1)
        rest = asyncio.create_task(
            all_of(store, *(asking(made(n)) for n in range(1, 8)))
        )
        await asyncio.sleep(0.1)
        alone = await ask(database.owner, WAITING)
        more = asyncio.create_task(
            all_of(store, *(asking(made(n)) for n in range(8, 30)))
        )
        await asyncio.sleep(0.1)
        followed = await ask(database.owner, WAITING)
    await asyncio.gather(first, rest, more)

    assert (alone, followed) == ([(1,)], [(2,)])
    assert await count(database, "operation") == 30


async def test_what_is_too_much_for_the_socket_at_once_goes_bit_by_bit(database, store):
    long = "x" * 100_000
    ones = [asking(made(n), events=(event(made(n).id, actor=long),)) for n in range(60)]

    assert await all_of(store, *ones) == [None] * 60

    assert await count(database, "audit") == 60


# --- who goes away, and when it ends


async def test_a_writer_who_goes_away_takes_no_other_s_write_along(database, store):
    async with chain_locked(database):
        first = asyncio.create_task(store.write(asking(made(0))))
        await asyncio.sleep(0.1)
        gone = asyncio.create_task(store.write(asking(made(1))))
        stays = asyncio.create_task(store.write(asking(made(2))))
        await asyncio.sleep(0.1)
        first.cancel()
        gone.cancel()
        await asyncio.gather(first, gone, return_exceptions=True)
    await stays

    # Whether theirs is written or not: whole, and the chain goes on.
    assert await count(database, "operation") == await count(database, "audit")
    assert await store.operation("acme", id=made(2).id) is not None
    await store.write(asking(made(3)))


async def test_what_waits_at_the_end_is_still_written(database):
    async with opened(database) as store:
        async with store.running():
            late = asyncio.create_task(store.write(asking(made(1))))
            await asyncio.sleep(0)
        await late

        assert await count(database, "operation") == 1
        await store.write(asking(made(2)))
        assert await count(database, "operation") == 2


async def test_an_error_of_the_body_comes_out_as_it_is(database):
    late = []

    async def fail(store):
        async with store.running():
            late.append(asyncio.create_task(store.write(asking(made(1)))))
            await asyncio.sleep(0)
            raise Broken("as it is")

    async with opened(database) as store:
        with pytest.raises(Broken, match="as it is"):
            await fail(store)
        await late[0]

    assert await count(database, "operation") == 1


# --- the database


async def test_a_database_that_cannot_be_reached_is_said_to_everyone(database):
    elsewhere = database.app.get_secret_value().replace("tandem_app", "nobody_at_all")
    away = replace(database, app=SecretStr(elsewhere))

    async with opened(away) as store, store.running():
        ends = await all_of(store, *(asking(made(n)) for n in range(5)))

    assert {type(end) for end in ends} == {Unavailable}
    assert {str(end) for end in ends} == {
        "the database did not answer: OperationalError "
    }


async def test_a_connection_that_is_cut_leaves_it_open_whether_it_was_written(
    database, store
):
    async with chain_locked(database):
        ends = asyncio.create_task(all_of(store, *(asking(made(n)) for n in range(3))))
        await asyncio.sleep(0.2)
        await ask(database.owner, CUT)
        told = await ends
        assert {type(end) for end in told} == {Unacknowledged}

    await store.write(asking(made(9)))
    assert await count(database, "operation") == 1


async def test_a_connection_that_was_cut_while_nothing_was_sent_is_not_missed(
    database, store
):
    await store.write(asking(made(1)))
    await ask(database.owner, CUT)
    await asyncio.sleep(0.1)

    await store.write(asking(made(2)))

    assert await count(database, "operation") == 2


async def test_what_fails_only_at_the_commit_was_not_written(database, store):
    """The statement itself has succeeded by then, and its answer has come."""
    for statement in FAILS_AT_COMMIT:
        await ask(database.owner, statement)

    with pytest.raises(Unavailable) as caught:
        await store.write(asking(made(1)))

    assert not isinstance(caught.value, Unacknowledged)
    assert await count(database, "operation") == 0


async def test_a_server_that_says_nothing_is_not_waited_for_for_ever(
    database, store, monkeypatch
):
    monkeypatch.setattr(line, "PATIENCE", 0.3)
    async with chain_locked(database):
        with pytest.raises(Unacknowledged, match="OperationalError"):
            await store.write(asking(made(1)))

    # Nobody knows of the first, and whoever asks next is served.
    await store.write(asking(made(2)))
    assert await store.operation("acme", id=made(2).id) is not None
