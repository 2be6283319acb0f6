"""What both companies agreed on: each client's own, and never rewritten."""

from datetime import timedelta

import pytest
import pytest_asyncio
from sqlalchemy.exc import DBAPIError

from bot.domain.ladder import Agreed, Protection, Seen, TrustLevel
from bot.domain.ladder_advice import Numbers
from bot.domain.operation import State
from bot.domain.scope import Environment
from bot.domain.writes import Ladder, Overtaken, Writes
from tests.domain import core_samples as core
from tests.outbound.store_support import ask, asking, opened
from tests.outbound.store_support import operation as made

HOUR = timedelta(hours=1)
TABLES = ("trust_level", "branch_protection")
CLOSED = Protection(is_protected=True, developers_push=False, developers_merge=False)
OPEN = CLOSED.model_copy(update={"developers_merge": True})


@pytest_asyncio.fixture
async def store(database):
    async with opened(database) as found:
        yield found


def agreed(letter="a", level=TrustLevel.SELF_SERVE, later=timedelta(0), **more):
    return Agreed(
        operation=letter * 20,
        environment=more.get("environment", Environment.STAGING),
        level=level,
        declared=TrustLevel.REVIEW,
        at=core.NOW + later,
    )


def seen(found=OPEN):
    return Seen(found=found, wanted=CLOSED, since=core.NOW)


def writes(client="acme", **ladder):
    return Writes(client=client, at=core.NOW, ladder=Ladder(**ladder))


@pytest_asyncio.fixture
async def acme(store):
    await store.write(writes(agreed=(agreed(),), seen=seen()))
    return store


async def test_what_was_written_is_read_back(acme):
    assert await acme.agreed("acme") == (agreed(),)
    assert await acme.protection("acme") == seen()


@pytest.mark.parametrize("client", ["globex", "ACME", "", None])
async def test_no_other_client_sees_any_of_it(acme, database, client):
    for table in TABLES:
        query = f"SELECT count(*) FROM {table}"  # noqa: S608 - a table of ours
        ((found,),) = await ask(database.app, query, client=client)
        assert found == 0
    assert await acme.agreed("globex") == ()
    assert await acme.protection("globex") is None


async def test_no_client_writes_a_row_of_another(acme, database):
    with pytest.raises(DBAPIError, match="row-level security"):
        await ask(
            database.app,
            "INSERT INTO trust_level VALUES (repeat('b', 20), 'globex', 'staging',"
            " 'committer', 'review', now())",
            client="acme",
        )


async def test_an_agreement_of_another_client_does_not_lapse(acme):
    with pytest.raises(Overtaken):
        await acme.write(writes("globex", lapsed=("a" * 20,)))

    assert await acme.agreed("acme") == (agreed(),)


async def test_the_latest_agreement_of_each_environment_is_the_one(acme):
    newer = agreed("b", TrustLevel.PROPOSE, HOUR)
    other = agreed("c", environment=Environment.PRODUCTION)
    await acme.write(writes(agreed=(newer, other)))

    assert set(await acme.agreed("acme")) == {newer, other}


async def test_one_operation_agrees_on_one_level(acme):
    with pytest.raises(Overtaken):
        await acme.write(writes(agreed=(agreed(level=TrustLevel.COMMITTER),)))

    assert await acme.agreed("acme") == (agreed(),)


async def test_an_agreement_lapses_once(acme):
    await acme.write(writes(lapsed=("a" * 20,)))

    with pytest.raises(Overtaken):
        await acme.write(writes(lapsed=("a" * 20,)))
    (found,) = await acme.agreed("acme")
    assert found.lapsed_at == core.NOW


async def test_what_was_seen_before_is_not_news(acme):
    with pytest.raises(Overtaken):
        await acme.write(writes(seen=seen()))
    await acme.write(writes(seen=seen(CLOSED)))

    assert await acme.protection("acme") == seen(CLOSED)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE trust_level SET level = 'committer'",
        "UPDATE trust_level SET declared = 'committer'",
        "UPDATE branch_protection SET client = 'globex'",
        *(f"DELETE FROM {table}" for table in TABLES),  # noqa: S608 - a table of ours
    ],
)
async def test_what_was_agreed_is_never_rewritten(acme, database, statement):
    with pytest.raises(DBAPIError, match="permission denied"):
        await ask(database.app, statement, client="acme")


async def test_the_numbers_are_the_client_s_own_in_that_environment(store):
    mine, theirs = made(1), made(2, client="globex")
    await store.write(asking(mine))
    await store.write(asking(theirs))
    denied = mine.model_copy(update={"state": State.DENIED})
    since, where = core.NOW - HOUR, mine.environment

    before = await store.numbers("acme", environment=where, since=since)
    body = denied.model_dump_json()
    await _move(store, body, mine.id)
    after = await store.numbers("acme", environment=where, since=since)

    assert before == Numbers()
    assert after == Numbers(denied=1)
    assert await store.numbers("globex", environment=where, since=since) == Numbers()
    elsewhere = next(one for one in Environment if one is not where)
    assert await store.numbers("acme", environment=elsewhere, since=since) == Numbers()
    late = core.NOW + HOUR
    assert await store.numbers("acme", environment=where, since=late) == Numbers()


async def _move(store, body, key):
    found = await store.operation("acme", id=key)
    proposed = found.to(State.PROPOSED)
    await store.write(Writes(client="acme", at=core.NOW, saves=(proposed,)))
    denied = proposed.model_copy(update={"version": 2}).to(State.DENIED, at=core.NOW)
    await store.write(Writes(client="acme", at=core.NOW, saves=(denied,)))
