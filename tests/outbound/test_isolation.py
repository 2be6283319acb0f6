"""No client sees, counts, changes or blocks anything of another."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
import pytest_asyncio
from pydantic import SecretStr
from sqlalchemy.exc import DBAPIError

from bot.domain.audit import Checkpoint
from bot.domain.errors import Broken, Unavailable
from bot.domain.glass import Break
from bot.domain.ladder import Agreed, Seen, TrustLevel, wanted_protection
from bot.domain.link import LASTS, Ending, Link, digest
from bot.domain.message import Message
from bot.domain.scope import Environment
from bot.domain.timing.lent import Delegation
from bot.domain.writes import (
    Delivery,
    Glass,
    Ladder,
    Lending,
    Lent,
    Links,
    Overtaken,
    Writes,
)
from bot.outbound.postgres import schema
from bot.outbound.postgres.engine import engine, refuse_power
from bot.outbound.postgres.outbox import Outbox
from tests.domain import core_samples as core
from tests.outbound.store_support import TABLES, ask, asking, count, event, opened
from tests.outbound.store_support import operation as made

KEPT_ONCE = (
    *("audit", "audit_checkpoint", "decision", "delegation", "delivery"),
    *("trust_level", "branch_protection"),
    *("audit", "audit_checkpoint", "decision", "delegation", "delivery", "glass"),
    "gitlab_link",
)
NOBODYS = "' OR true --"


@pytest_asyncio.fixture
async def store(database):
    async with opened(database) as found:
        yield found


def rungs(operation):
    """Return an agreement, and a protection that was seen."""
    level = TrustLevel.REVIEW
    wanted = wanted_protection((level,))
    return Ladder(
        agreed=(
            Agreed(
                operation=operation,
                environment=Environment.STAGING,
                level=level,
                declared=level,
                at=core.NOW,
            ),
        ),
        seen=Seen(found=wanted, wanted=wanted, since=core.NOW),
    )


def wish(client, number=1, **more):
    """Return a wish to be linked, of this client's Alice."""
    return Link(
        **{
            "id": made(number).id,
            "client": client,
            "member": "alice",
            "team": "T0CLARANET",
            "user": "U0ALICE",
            "gitlab": "alice",
            "room": client,
            "channel": "C0ACMEOPS",
            "asked_code": digest("a"),
            "asked_at": core.NOW,
            "expires_at": core.NOW + LASTS,
        }
        | more
    )


async def proved(store, client, number=1, **more):
    """Keep a link that was proved."""
    asked = wish(client, number, **more)
    answered = asked.answered("b")
    for links in (
        Links(adds=(asked,)),
        Links(saves=(answered,)),
        Links(saves=(answered.made(at=core.NOW),)),
    ):
        await store.write(Writes(client=client, at=core.NOW, links=links))
    return answered.made(at=core.NOW)


def full(client, number):
    """Return writes that leave a row in every table but `courtesy`."""
    one = made(number, client=client)
    return asking(
        one,
        delivery=Delivery(key=f"{client}:1", answer=Message.of("a.b")),
        decisions=(core.decision(one, digest="d" * 64),),
        lent=(
            Lent(
                accessor=f"accessor-{client}",
                operation=one.id,
                purpose="aws",
                expires_at=core.NOW,
            ),
        ),
        checkpoints=(
            Checkpoint(client=client, seq=1, head="0" * 64, at=core.NOW, signature="s"),
        ),
        lending=Lending(
            given=(
                Delegation(
                    id=one.id,
                    client=client,
                    role="client.owner",
                    giver="carol",
                    taker="alice",
                    begins=core.NOW,
                    until=core.NOW + timedelta(hours=1),
                ),
            )
        ),
        ladder=rungs(one.id),
        links=Links(adds=(wish(client, number),)),
        glass=Glass(
            broken=(
                Break(
                    operation=one.id,
                    client=client,
                    member="alice",
                    organisation=client,
                    reason="the shop is down",
                    digest="d" * 64,
                    at=core.NOW,
                ),
            )
        ),
    )


@pytest_asyncio.fixture
async def acme(database, store):
    """A database in which acme has something in every table."""
    await store.write(full("acme", 1))
    await Outbox(store).turn(
        "acme", place="C0ACMEOPS", now=core.NOW, gap=timedelta(seconds=1)
    )
    assert {table: await count(database, table) for table in TABLES} == dict.fromkeys(
        TABLES, 1
    )
    return database


def denied():
    return pytest.raises(DBAPIError, match=r"permission denied|row-level security")


# --- seeing


async def counts(database, client):
    """Return how many rows of each table the application sees as this client."""
    found = {}
    for table in TABLES:
        query = f"SELECT count(*) FROM {table}"  # noqa: S608 - a table of ours
        ((found[table],),) = await ask(database.app, query, client=client)
    return found


@pytest.mark.parametrize("client", ["globex", "ACME", "acme ", "", NOBODYS, None])
async def test_rows_of_another_client_are_neither_seen_nor_counted(acme, client):
    assert await counts(acme, client) == dict.fromkeys(TABLES, 0)


async def test_a_client_sees_its_own(acme):
    assert await counts(acme, "acme") == dict.fromkeys(TABLES, 1)


async def test_every_table_of_ours_is_held_to_it(database):
    loose = await ask(
        database.owner,
        "SELECT relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace"
        " WHERE nspname = 'public' AND relkind IN ('r', 'p', 'v', 'm')"
        " AND NOT relforcerowsecurity ORDER BY relname",
    )

    # The queue holds names and ids of jobs only; the steps are the same for everybody.
    assert {name for (name,) in loose} == {
        "alembic_version",
        "operation_step",
        "procrastinate_events",
        "procrastinate_jobs",
        "procrastinate_periodic_defers",
        "procrastinate_workers",
    }


async def test_a_client_that_was_set_is_forgotten_with_its_transaction(acme, store):
    await store.operation("acme", id=made(1).id)

    async with opened(acme, size=1) as one_connection:
        own = await one_connection.unfinished("acme")
        other = await one_connection.unfinished("globex")

    assert (len(own), len(other)) == (1, 0)


async def test_what_the_store_is_asked_for_another_client_is_not_there(acme, store):
    one = made(1).id

    assert await store.operation("globex", id=one) is None
    assert await store.operations_like("globex", short=one[:18]) == ()
    assert await store.unfinished("globex") == ()
    assert await store.decisions("globex", operation=one) == ()
    assert await store.records("globex", operation=one) == ()
    assert await store.checkpoints("globex") == ()
    assert await store.open_leases("globex") == ()
    assert await store.agreed("globex") == ()
    assert await store.protection("globex") is None
    assert await store.link("globex", id=one) is None
    assert await store.link_asked("globex", member="alice") is None
    assert await store.links("globex", after=core.NOW) == ()
    assert (await store.head("globex"))[0] == 0
    assert await Outbox(store).card_of("globex", operation=one) is None


# --- changing


@pytest.mark.parametrize("table", sorted(set(TABLES) - set(KEPT_ONCE)))
async def test_rows_of_another_client_are_not_changed(acme, table):
    changed = await ask(
        acme.app,
        f"UPDATE {table} SET client = client",  # noqa: S608 - a table of ours
        client="globex",
    )

    assert changed == 0


@pytest.mark.parametrize("table", sorted(set(TABLES) - set(KEPT_ONCE)))
async def test_no_row_is_given_to_another_client(acme, table):
    with pytest.raises(DBAPIError, match=r"row-level security|keeps its id"):
        await ask(acme.app, f"UPDATE {table} SET client = 'globex'", client="acme")  # noqa: S608 - a table of ours


@pytest.mark.parametrize("table", TABLES)
async def test_nothing_is_deleted_or_emptied(acme, table):
    for statement in (f"DELETE FROM {table}", f"TRUNCATE {table}"):  # noqa: S608 - a table of ours
        with denied():
            await ask(acme.app, statement, client="acme")


@pytest.mark.parametrize("table", KEPT_ONCE)
async def test_what_was_recorded_is_never_changed(acme, table):
    with denied():
        await ask(acme.app, f"UPDATE {table} SET client = client", client="acme")  # noqa: S608 - a table of ours


@pytest.mark.parametrize("table", ["audit", "audit_checkpoint"])
async def test_not_even_the_owner_changes_the_audit(acme, table):
    for statement in (
        f"UPDATE {table} SET client = 'x'",  # noqa: S608 - a table of ours
        f"DELETE FROM {table}",  # noqa: S608 - a table of ours
        f"TRUNCATE {table}",
    ):
        with pytest.raises(DBAPIError, match="never changed"):
            await ask(acme.owner, statement)


async def test_nothing_is_written_in_the_name_of_another_client(acme):
    row = "'globex', 1, now(), 'a.b', 'x', 'y', NULL, '{}', repeat('0', 64), '', ''"

    with denied():
        await ask(acme.app, f"INSERT INTO audit VALUES ({row})", client="acme")  # noqa: S608 - of this test


async def test_the_steps_are_not_ours_to_change(acme):
    with denied():
        await ask(acme.app, "INSERT INTO operation_step VALUES ('done', 'running')")


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TRIGGER audit_stays ON audit",
        "ALTER TABLE audit DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE audit DISABLE TRIGGER ALL",
        "DROP POLICY own ON audit",
        "DROP FUNCTION tandem_client() CASCADE",
        "CREATE TABLE mine (x int)",
        "SET session_replication_role = replica",
        "SET ROLE postgres",
    ],
)
async def test_the_walls_are_not_ours_to_move(acme, statement):
    with pytest.raises(DBAPIError, match=r"must be owner|permission denied"):
        await ask(acme.app, statement)


# --- writing beside one another


async def test_an_operation_of_another_client_is_not_saved_over(acme, store):
    theirs = made(1).model_copy(update={"client": "globex", "line": "stolen"})

    with pytest.raises(Overtaken):
        await store.write(Writes(client="globex", at=core.NOW, saves=(theirs,)))

    assert (await store.operation("acme", id=made(1).id)).line == made(1).line


async def test_a_conflicting_id_neither_shows_nor_changes_the_row(acme, store):
    with pytest.raises(Overtaken, match="23505"):
        await store.write(asking(made(1, client="globex", line="mine now")))

    assert (await store.operation("acme", id=made(1).id)).line == made(1).line
    assert await store.operation("globex", id=made(1).id) is None


async def test_one_clients_links_say_nothing_to_another(database, store):
    await proved(store, "acme", 1)
    await proved(store, "globex", 2)

    assert [one.client for one in await store.links("acme", after=core.NOW)] == ["acme"]
    assert await count(database, "gitlab_link") == 2


async def test_another_clients_link_is_not_changed(store):
    theirs = await proved(store, "acme")
    over = theirs.ended(Ending.REMOVED, at=core.NOW)

    with pytest.raises(Overtaken):
        await store.write(
            Writes(client="globex", at=core.NOW, links=Links(saves=(over,)))
        )

    assert await store.link("acme", id=theirs.id) == theirs


@pytest.mark.parametrize(
    "second",
    [{"gitlab": "other"}, {"member": "carol", "gitlab": "ALICE"}],
    ids=["a second user for a member", "a second member for a user"],
)
async def test_a_link_is_one_member_s_and_one_user_s(store, second):
    await proved(store, "acme", 1)

    with pytest.raises(Overtaken, match="23505"):
        await proved(store, "acme", 2, **second)


async def test_one_wish_at_a_time(store):
    await store.write(
        Writes(client="acme", at=core.NOW, links=Links(adds=(wish("acme"),)))
    )

    with pytest.raises(Overtaken, match="23505"):
        await store.write(
            Writes(client="acme", at=core.NOW, links=Links(adds=(wish("acme", 2),)))
        )


async def test_a_link_that_is_over_stays_over(store):
    over = (await proved(store, "acme")).ended(Ending.REMOVED, at=core.NOW)
    await store.write(Writes(client="acme", at=core.NOW, links=Links(saves=(over,))))
    again = over.model_copy(update={"version": 4, "ended_at": None, "ending": None})

    with pytest.raises(Overtaken):
        await store.write(
            Writes(client="acme", at=core.NOW, links=Links(saves=(again,)))
        )

    assert await store.link("acme", id=over.id) == over


@pytest.mark.parametrize("column", ["member", "gitlab", "asked_code", "slack_user"])
async def test_whose_link_it_is_is_never_changed(acme, column):
    with denied():
        await ask(acme.app, f"UPDATE gitlab_link SET {column} = 'x'", client="acme")  # noqa: S608 - of this test


@pytest.mark.parametrize(
    "change",
    ["made_at = asked_at", "tries = 6", "ended_at = now()", "answer_code = 'plain'"],
)
async def test_no_link_is_made_past_its_proof(acme, change):
    with pytest.raises(DBAPIError, match="violates check constraint"):
        await ask(acme.app, f"UPDATE gitlab_link SET {change}", client="acme")  # noqa: S608 - of this test


async def test_one_clients_turn_in_a_shared_channel_does_not_stop_another(acme, store):
    outbox, gap = Outbox(store), timedelta(seconds=1)
    await outbox.turn("acme", place="C0ONCALL", now=core.NOW, gap=gap)

    away = await outbox.turn("globex", place="C0ONCALL", now=core.NOW, gap=gap)

    assert away <= gap


async def test_one_clients_chain_does_not_wait_for_anothers(database, store):
    lock = "SELECT pg_advisory_xact_lock(hashtextextended('tandem audit acme', 0))"
    pool = engine(database.app, size=1)
    async with pool.begin() as connection:
        await connection.exec_driver_sql(lock)

        async with asyncio.timeout(3):
            await store.write(asking(made(2, client="globex")))

        with pytest.raises(Unavailable, match="55P03"):
            await store.write(asking(made(1)))
    await pool.dispose()

    assert await count(database, "operation") == 1


@pytest.mark.parametrize("client", ["acme", "globex"])
async def test_an_event_is_linked_into_the_chain_of_its_own_client(acme, store, client):
    await store.write(Writes(client=client, at=core.NOW, events=(event(),)))

    chain = await store.records(client)
    assert {record.client for record in chain} == {client}
    assert [record.seq for record in chain] == list(range(1, len(chain) + 1))


# --- too much power


async def test_the_applications_own_role_is_let_in(database):
    pool = engine(database.app, size=1)

    await refuse_power(pool)

    await pool.dispose()


@asynccontextmanager
async def role(database, *statements):
    """Give an application's address whose role was made strong by the statements."""
    url = database.app.get_secret_value().replace("tandem_app", "strong")
    pool = engine(SecretStr(url), size=1)
    try:
        for statement in ("CREATE ROLE strong LOGIN", *statements):
            await ask(database.owner, statement)
        yield pool
    finally:
        await pool.dispose()
        await ask(database.owner, "REASSIGN OWNED BY strong TO postgres")
        await ask(database.owner, "DROP OWNED BY strong")
        await ask(database.owner, "DROP ROLE strong")


OWNS = "GRANT CREATE ON SCHEMA public TO strong"


@pytest.mark.parametrize(
    "statements",
    [
        ("ALTER ROLE strong SUPERUSER",),
        ("ALTER ROLE strong BYPASSRLS",),
        ("GRANT postgres TO strong",),
        (OWNS, "ALTER TABLE audit OWNER TO strong"),
        (OWNS, "ALTER TABLE operation OWNER TO strong"),
        (OWNS, "ALTER TABLE audit_checkpoint OWNER TO strong"),
    ],
    ids=lambda statements: statements[-1],
)
async def test_a_role_that_could_step_around_the_walls_is_refused(database, statements):
    async with role(database, *statements) as pool:
        with pytest.raises(Broken, match="superuser, owns the tables or"):
            await refuse_power(pool)


async def test_a_role_with_no_power_is_let_in(database):
    async with role(database) as pool:
        await refuse_power(pool)


async def test_a_database_that_is_away_is_not_taken_for_power(database):
    url = database.app.get_secret_value().replace("tandem_app", "nobody_at_all")
    pool = engine(SecretStr(url), size=1)

    with pytest.raises(Unavailable):
        await refuse_power(pool)

    await pool.dispose()


async def test_a_database_made_before_links_is_given_them(database):
    ((made_then,),) = await ask(
        database.owner,
        "SELECT pg_get_functiondef('tandem_write(text, jsonb)'::regprocedure)",
    )
    # As an older 0002 made it: it knows nothing of links and leaves them out.
    older = made_then.replace("p ? 'links'", "false").replace(":", r"\:")
    for statement in (
        older,
        "DROP TABLE gitlab_link",
        "DROP FUNCTION tandem_write_links(text, jsonb)",
        "DROP INDEX operation_history",
        "UPDATE alembic_version SET version_num = '0007'",
    ):
        await ask(database.owner, statement)

    await schema.upgrade(database.owner)

    async with opened(database) as store:
        await store.write(
            Writes(client="acme", at=core.NOW, links=Links(adds=(wish("acme"),)))
        )
        assert await store.link("acme", id=wish("acme").id) == wish("acme")
