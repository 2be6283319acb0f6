"""What became of a command lately: each client's own, and found by an index."""

from datetime import timedelta

import pytest
import pytest_asyncio

from bot.domain.history import Past
from bot.domain.scope import Environment
from tests.domain import core_samples as core
from tests.outbound.store_support import ask, opened

WHERE = Environment.STAGING
HOUR = timedelta(hours=1)
ROW = """
  INSERT INTO operation (id, client, state, version, command, target, environment,
    requester, asked_at, expires_at, ended_at, body)
  VALUES (:id, :whose, :state, 1, :command, 'db', :environment, 'alice', :at, :at,
    CASE WHEN :state IN ('done', 'failed', 'denied') THEN CAST(:at AS timestamptz) END,
    CAST(:body AS jsonb))
"""


@pytest_asyncio.fixture
async def store(database):
    async with opened(database) as found:
        yield found


async def row(database, letter, *, hours=1, state="done", body="{}", **more):
    await ask(
        database.owner,
        ROW,
        id=letter * 20,
        state=state,
        at=core.NOW + hours * HOUR,
        body=body,
        **{"whose": "acme", "command": "backup", "environment": "staging"} | more,
    )


async def past(store, client="acme", *, since=core.NOW, most=9):
    found = await store.past(
        client, environment=WHERE, command="backup", since=since, most=most
    )
    return sorted(found, key=lambda one: one.ended_at or core.NOW)


def well(hours, **more):
    return Past(ended_at=core.NOW + hours * HOUR, **{"done": True, **more})


async def test_it_is_how_the_latest_of_this_command_there_ended(store, database):
    await row(database, "a", hours=1)
    await row(database, "b", hours=2, state="failed")
    await row(database, "c", hours=3)
    await row(database, "d", hours=4, state="denied")
    await row(database, "e", hours=5, state="running")

    assert await past(store) == [well(1), well(2, done=False), well(3)]
    assert await past(store, most=2) == [well(2, done=False), well(3)]
    assert await past(store, since=core.NOW + 3 * HOUR) == [well(3)]


async def test_nothing_of_another_client_command_or_place_is_in_it(store, database):
    await row(database, "a", whose="globex")
    await row(database, "b", command="resize")
    await row(database, "c", environment="production")

    assert await past(store) == []
    assert await past(store, "globex") == [well(1)]


async def test_no_other_client_s_undo_is_looked_at(store, database):
    await row(database, "a", body=f'{{"undone_by": "{"b" * 20}"}}')
    await row(database, "b", hours=2, whose="globex")

    assert await past(store) == [well(1)]


async def test_what_was_undone_says_when_and_the_undo_does_not_count(store, database):
    await row(database, "a", body=f'{{"undone_by": "{"b" * 20}", "undoes": null}}')
    await row(database, "b", hours=2, body=f'{{"undoes": "{"a" * 20}"}}')
    await row(database, "c", hours=3, body=f'{{"undone_by": "{"d" * 20}"}}')
    await row(database, "d", hours=4, state="denied", body='{"undoes": "c"}')
    await row(database, "e", hours=5, body='{"glass": "it burns"}')

    assert await past(store) == [
        well(1, undone_at=core.NOW + 2 * HOUR),
        well(2, counts=False),
        well(3),
        well(5, counts=False),
    ]


@pytest.mark.parametrize("since", [core.NOW, core.NOW + 9 * HOUR])
async def test_one_in_doubt_is_told_however_old_it_is(store, database, since):
    await row(database, "a", hours=-9999, state="in_doubt")
    await row(database, "b", state="in_doubt")

    assert await past(store, since=since) == [Past(ended_at=None, done=False)]


async def test_it_is_found_by_an_index(database):
    found = await ask(
        database.owner,
        "SELECT indexdef FROM pg_indexes WHERE indexname = 'operation_history'",
    )

    ((made,),) = found
    assert "(client, environment, command, ended_at DESC)" in made
