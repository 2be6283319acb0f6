"""Freezes, overrides, feeds and uses: each client's own, and what is said stays."""

from datetime import date, timedelta

import pytest
import pytest_asyncio
from sqlalchemy.exc import DBAPIError

from bot.domain.timing.freeze import Freeze
from bot.domain.timing.marks import Lift, Marks, Told, Use
from bot.domain.timing.rota import Duty, Feed, Slot
from bot.domain.writes import Overtaken, Writes
from tests.domain import core_samples as core
from tests.outbound.store_support import ask, opened

HOUR = timedelta(hours=1)
TABLES = ("freeze_window", "duty", "feed", "envelope_use")
DAY = date(2026, 11, 24)


@pytest_asyncio.fixture
async def store(database):
    async with opened(database) as found:
        yield found


def freeze(letter="a", client="acme"):
    return Freeze(
        id=letter * 20,
        client=client,
        environment=None,
        begins=core.NOW,
        until=core.NOW + HOUR,
        reason="We launch",
        by="carol",
        organisation=client,
    )


def duty(letter="a"):
    return Duty(
        id=letter * 20,
        member="bob",
        begins=core.NOW,
        until=core.NOW + HOUR,
        by="bob",
    )


def feed(*keys, later=timedelta(0)):
    slots = tuple(Slot(key=key, begins=core.NOW) for key in keys)
    return Feed(name="pager", fetched_at=core.NOW + later, slots=slots)


def use(number=1, operation=core.ID):
    return Use(envelope="small", day=DAY, number=number, operation=operation)


def writes(client="acme", **marks):
    return Writes(client=client, at=core.NOW, timing=Marks(**marks))


@pytest_asyncio.fixture
async def acme(store):
    whole = writes(
        freezes=(freeze(),), duties=(duty(),), feeds=(feed("k"),), uses=(use(),)
    )
    await store.write(whole)
    return store


async def test_what_was_written_is_read_back(acme):
    standing = await acme.standing("acme", at=core.NOW)

    assert await acme.freezes("acme", after=core.NOW) == (freeze(),)
    assert standing.duties == (duty(),)
    assert standing.feeds == (feed("k"),)
    assert await acme.used("acme", envelope="small", day=DAY) == 1


@pytest.mark.parametrize("client", ["globex", "ACME", "", None])
async def test_no_other_client_sees_any_of_it(acme, database, client):
    for table in TABLES:
        query = f"SELECT count(*) FROM {table}"  # noqa: S608 - a table of ours
        ((seen,),) = await ask(database.app, query, client=client)
        assert seen == 0


async def test_a_freeze_of_another_client_is_not_lifted(acme):
    with pytest.raises(Overtaken):
        await acme.write(writes("globex", lifts=(Lift(id="a" * 20, by="greg"),)))

    assert len(await acme.freezes("acme", after=core.NOW)) == 1


async def test_a_freeze_is_lifted_once(acme):
    lift = Lift(id="a" * 20, by="carol")
    await acme.write(writes(lifts=(lift,)))

    with pytest.raises(Overtaken):
        await acme.write(writes(lifts=(lift,)))
    assert await acme.freezes("acme", after=core.NOW) == ()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE freeze_window SET reason = 'x'",
        "UPDATE freeze_window SET until = now()",
        "UPDATE duty SET member = 'dave'",
        "UPDATE envelope_use SET number = 1",
        *(f"DELETE FROM {table}" for table in TABLES),  # noqa: S608 - a table of ours
    ],
)
async def test_what_people_said_is_never_rewritten(acme, database, statement):
    with pytest.raises(DBAPIError, match="permission denied"):
        await ask(database.app, statement, client="acme")


async def test_a_place_in_an_envelope_is_taken_once(acme):
    other = "b" * 20

    with pytest.raises(Overtaken):
        await acme.write(writes(uses=(use(1, other),)))
    await acme.write(writes(uses=(use(2, other),)))

    assert await acme.used("acme", envelope="small", day=DAY) == 2
    assert await acme.used("globex", envelope="small", day=DAY) == 0
    assert await acme.used("acme", envelope="small", day=date(2026, 11, 25)) == 0


async def test_one_operation_takes_one_place(acme):
    with pytest.raises(Overtaken):
        await acme.write(writes(uses=(use(2),)))


async def test_an_older_reading_of_a_feed_does_not_replace_a_newer(acme):
    await acme.write(writes(feeds=(feed("new", later=HOUR),)))
    await acme.write(writes(feeds=(feed("old", later=HOUR / 2),)))

    (found,) = (await acme.standing("acme", at=core.NOW)).feeds
    assert found == feed("new", later=HOUR)


async def test_that_people_were_told_is_forgotten_when_the_feed_comes_back(acme):
    await acme.write(writes(told=(Told(feed="pager", at=core.NOW),)))
    (stalled,) = (await acme.standing("acme", at=core.NOW)).feeds
    await acme.write(writes(feeds=(feed("k", later=HOUR),)))
    (resumed,) = (await acme.standing("acme", at=core.NOW)).feeds

    assert stalled.told_at == core.NOW
    assert resumed.told_at is None


async def test_a_feed_that_was_never_read_is_older_than_anything(acme):
    await acme.write(writes("globex", told=(Told(feed="other", at=core.NOW),)))

    (found,) = (await acme.standing("globex", at=core.NOW)).feeds

    assert found.is_stale(core.NOW, after=timedelta(days=9999))


async def test_overrides_that_are_long_over_are_not_read(acme):
    standing = await acme.standing("acme", at=core.NOW + timedelta(days=121))

    assert standing.duties == ()
