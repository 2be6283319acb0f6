"""A database is made through the gate; its password reaches one person, once."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from typing import TYPE_CHECKING

import httpx
import psycopg
import pytest
import pytest_asyncio
from pydantic import SecretStr

from bot.domain.database import NewDatabase
from bot.domain.errors import Broken, OutcomeUnknown, Refused, Unavailable
from bot.domain.message import Message
from bot.domain.operation import State
from bot.domain.scope import DatabaseScope
from bot.flow.look import LookRun
from bot.flow.run import WorkerRun
from bot.outbound.databases.server import Databases
from bot.outbound.slack.pen import Pen
from bot.outbound.slack.story import story_lines
from tests.contract.test_way_back_of_every_command import HOSTILE
from tests.flow.test_answers import asks

if TYPE_CHECKING:
    from tests.flow.people import Card

SECRET = SecretStr("a-password-of-a-test")
TOKEN = re.compile(r"Token: `([A-Za-z0-9._-]+)`")
NAMES = iter(f"shop_{number}" for number in range(1000))


@pytest.fixture
def name():
    """A name that no other test has a database of: the server outlives the stories."""
    return next(NAMES)


@pytest_asyncio.fixture(loop_scope="session")
async def owner(pg_staging):
    """The server as its superuser sees it."""
    address = pg_staging.superuser("tandem").get_secret_value()
    async with await psycopg.AsyncConnection.connect(
        address, autocommit=True
    ) as connection:
        yield connection


async def asked(ops, name, *, more="") -> Card:
    card = await ops.alice.asks(f"postgres create {name} on pg-staging{more}")
    assert card.operation.state is State.PROPOSED, card.operation.outcome
    return card


async def decided(ops, name, *, more="") -> Card:
    card = await asked(ops, name, more=more)
    await ops.bob.approves(card)
    await ops.works()
    return card


def letters(ops, user="U0ALICE"):
    """What was written to one person alone."""
    return ops.slack.directs(user)


async def unwrap(ops, token):
    async with httpx.AsyncClient(trust_env=False) as http:
        return await http.post(
            f"{ops.day.town.openbao.address}/v1/sys/wrapping/unwrap",
            headers={"X-Vault-Token": token},
        )


async def password_of(ops) -> str:
    (letter,) = letters(ops)
    answer = await unwrap(ops, TOKEN.search(letter).group(1))
    return answer.json()["data"]["password"]


async def connect(server, *, user, password, database):
    return await psycopg.AsyncConnection.connect(
        host="127.0.0.1",
        port=server.served.port,
        user=user,
        password=password,
        dbname=database,
        autocommit=True,
    )


async def test_a_database_is_made_and_its_user_gets_in_there_only(
    ops, pg_staging, name
):
    card = await decided(ops, name, more=" user=app_" + name)

    assert await ops.state(card) is State.DONE, (await ops.again(card)).operation
    password = await password_of(ops)
    how = {"user": f"app_{name}", "password": password}
    async with await connect(pg_staging, **how, database=name) as connection:
        await connection.execute("CREATE TABLE t (a int)")
    for elsewhere in ("postgres", "tandem", "template1"):
        with pytest.raises(psycopg.OperationalError, match="permission denied"):
            await connect(pg_staging, **how, database=elsewhere)
    wrong = {**how, "password": "another"}
    with pytest.raises(psycopg.OperationalError, match="authentication failed"):
        await connect(pg_staging, **wrong, database=name)


async def test_the_card_says_what_is_made_and_that_nothing_takes_it_back(
    ops, pg_staging, name
):
    card = await asked(ops, name)

    assert f"tandem.make({name}, {name}) on pg-staging" in card
    assert "PostgreSQL 18" in card
    assert f"CONNECT ON {name}, CREATE ON {name}, TEMPORARY ON {name}" in card
    assert "There is no way back by a command" in card
    assert card.operation.proposal.way_back == ""
    assert card.operation.proposal.bound.credentials == "act-acme-db-pg-staging-make"


async def test_the_token_opens_the_password_once_and_for_an_hour(ops, pg_staging, name):
    await decided(ops, name)
    (letter,) = letters(ops)
    token = TOKEN.search(letter).group(1)

    first, second = await unwrap(ops, token), await unwrap(ops, token)

    assert first.status_code == 200
    assert len(first.json()["data"]["password"]) == 32
    assert second.status_code == 400
    assert f"bao unwrap -address={ops.day.town.openbao.address} {token}" in letter
    assert f"the password of {name} for the database {name} on pg-staging" in letter
    assert "tell the provider's on-call at once" in letter


async def test_the_password_and_its_token_are_nowhere_but_in_the_letter(
    ops, pg_staging, name, capfd
):
    card = await decided(ops, name)
    (letter,) = letters(ops)
    token = TOKEN.search(letter).group(1)
    password = await password_of(ops)

    records = "".join(one.body for one in await ops.audit())
    posts = "".join(one.text + str(one.blocks) for one in ops.slack.posts())
    rows = "".join(map(str, await ops._sql("SELECT body FROM outbox")))
    seen = (await ops.again(card)).operation.model_dump_json()
    logged = "".join(capfd.readouterr())
    server = (pg_staging.folder / "server" / "server.log").read_text()
    vault = ops.day.town.openbao.audit_file.read_text()
    for place in (records, posts, seen, logged, server, vault, rows):
        assert password not in place
    for place in (records, posts, seen, logged, vault):
        assert token not in place
    assert token in rows  # it waits there to be said
    told = await ops.told(card, "handover.made")
    assert told["to"] == "alice"
    assert "handover.made" in await ops.events(card)


async def test_the_story_tells_who_got_it_and_until_when(ops, pg_staging, name):
    card = await decided(ops, name)

    view = await asks(ops, ops.alice, f"status {card.operation.short}")
    told = "\n".join(story_lines(view, Pen(ops.day.town.speech, "en")))

    assert "Handed to alice by direct message, to be opened once before" in told
    assert TOKEN.search(letters(ops)[0]).group(1) not in told


async def lent(ops, *, make=True):
    """A user of the server as an operation gets it, and how to give it back."""
    lender = ops.back.lender
    scope = DatabaseScope(
        server="pg-staging",
        engine="postgresql",
        address="pg-staging.acme.example",
        port=5432,
        unsafe_no_tls=True,
        make=make,
    )
    minted = await lender.mint(
        client="acme", action=scope.name, operation="op", ttl=timedelta(minutes=5)
    )
    account = await lender._vault.database_user(
        minted, client="acme", server="pg-staging", make=make
    )
    session = lender._databases.session(
        scope, user=account.username, password=account.password
    )
    return minted, account, session


BEYOND = [
    "CREATE DATABASE beyond",
    "CREATE ROLE beyond",
    "ALTER ROLE tandem_vault PASSWORD 'x'",
    "ALTER ROLE CURRENT_USER VALID UNTIL 'infinity'",
    "GRANT tandem_definer TO CURRENT_USER",
    "CREATE TABLE beyond (a int)",
    "CREATE TEMPORARY TABLE beyond (a int)",
    "CREATE SCHEMA beyond",
    "SELECT * FROM tandem.made",
    "DELETE FROM tandem.made",
    "SELECT * FROM tandem.loopback",
    "SELECT tandem_private.dblink_connect('dbname=postgres')",
    "SELECT lo_create(0)",
    "SELECT pg_read_file('/etc/passwd')",
    "DO $$ BEGIN END $$",
    "DROP DATABASE tandem",
    "COPY (SELECT 1) TO PROGRAM 'true'",
]


@pytest.mark.parametrize("make", [True, False])
async def test_the_lent_user_is_refused_whatever_else_it_says(ops, pg_staging, make):
    minted, account, _ = await lent(ops, make=make)
    how = {"user": account.username, "password": account.password.get_secret_value()}

    async with await connect(pg_staging, **how, database="tandem") as connection:
        for statement in (*BEYOND, *(() if make else (MAKE,))):
            with pytest.raises(psycopg.Error) as refusal:
                await connection.execute(statement)
            assert refusal.value.sqlstate in ("42501", "3F000"), statement
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        await connect(pg_staging, **how, database="postgres")
    await ops.back.lender.revoke(minted.accessor)


MAKE = "SELECT tandem.make('aaaaaaaaaaaaaaaaaaaa', 'beyond', 'beyond', 'x')"


async def test_the_lent_user_is_gone_once_the_loan_is_given_back(
    ops, pg_staging, owner
):
    minted, account, _ = await lent(ops)
    how = {"user": account.username, "password": account.password.get_secret_value()}
    connection = await connect(pg_staging, **how, database="tandem")

    await ops.back.lender.revoke(minted.accessor)

    query = "SELECT FROM pg_roles WHERE rolname = %s"
    for _ in range(100):
        found = await owner.execute(query, (account.username,))
        if await found.fetchone() is None:
            break
        await asyncio.sleep(0.1)
    with pytest.raises(psycopg.OperationalError):
        await connection.execute("SELECT 1")
    with pytest.raises(psycopg.OperationalError, match="authentication failed"):
        await connect(pg_staging, **how, database="tandem")


async def test_no_lent_user_is_left_after_a_story(ops, pg_staging, owner, name):
    before = await lent_users(owner)

    await decided(ops, name)

    for _ in range(100):
        left = await lent_users(owner) - before
        if not left:
            break
        await asyncio.sleep(0.1)
    assert left == set()


async def lent_users(owner):
    query = "SELECT rolname FROM pg_roles WHERE rolvaliduntil IS NOT NULL"
    return {row[0] for row in await (await owner.execute(query)).fetchall()}


NAMES_REFUSED = [
    *(one for one in HOSTILE if one != "undo"),
    "a`b",
    "a--",
    'a"b',
    "\u0430dmin",
    "x" * 64,
    "Shop",
    "1shop",
]


@pytest.mark.parametrize("bad", NAMES_REFUSED)
async def test_the_server_itself_refuses_a_name_that_is_none(
    ops, pg_staging, owner, bad
):
    minted, account, _ = await lent(ops)
    how = {"user": account.username, "password": account.password.get_secret_value()}
    before = await (await owner.execute("SELECT count(*) FROM pg_database")).fetchone()

    async with await connect(pg_staging, **how, database="tandem") as connection:
        for database, user in ((bad, "fine"), ("fine", bad)):
            with pytest.raises((psycopg.Error, UnicodeEncodeError)) as refusal:
                await connection.execute(
                    "SELECT tandem.make(%s, %s, %s, %s)",
                    ("a" * 20, database, user, "SCRAM-SHA-256$4096:YQ==$YQ==:YQ=="),
                )
            if "\0" not in bad:
                assert refusal.value.sqlstate == "TN001"
    after = await (await owner.execute("SELECT count(*) FROM pg_database")).fetchone()
    assert after == before
    await ops.back.lender.revoke(minted.accessor)


async def test_what_is_there_already_is_refused_before_anybody_is_asked(
    ops, pg_staging, name
):
    await decided(ops, name)

    database = await ops.alice.asks(f"postgres create {name} on pg-staging user=other")
    user = await ops.alice.asks(f"postgres create {name}_2 on pg-staging user={name}")

    key = "playbook.new-database."
    assert database.operation.outcome.key == f"{key}database-there"
    assert user.operation.outcome.key == f"{key}user-there"
    assert database.operation.state is user.operation.state is State.REFUSED


@pytest.mark.parametrize("taken", ["postgres", "tandem", "pg_x", "template9", "root"])
async def test_reserved_names_are_refused(ops, pg_staging, taken):
    card = await ops.alice.asks(f"postgres create {taken} on pg-staging")

    assert card.operation.outcome.key == "playbook.new-database.reserved"


async def test_a_name_taken_after_the_approval_voids_it(ops, pg_staging, owner, name):
    card = await asked(ops, name)
    await ops.bob.approves(card)
    await owner.execute(f"CREATE DATABASE {name}".encode())

    await ops.works()

    assert await ops.state(card) is State.VOIDED
    assert letters(ops) == []


async def test_another_engine_than_the_command_s_is_refused(ops, pg_staging):
    told = await ops.alice.says("mysql create shop on pg-staging")

    assert told.key == "playbook.new-database.other-engine"
    assert told.args["engine"] == "postgresql"


async def test_a_server_that_vault_does_not_know_is_refused_truthfully(ops):
    card = await ops.alice.asks("mysql create shop on my-staging")

    assert card.operation.state is State.REFUSED
    assert card.operation.outcome.key == "database.unknown"


async def test_a_database_that_lets_in_everybody_is_named_on_the_card(
    ops, pg_staging, owner, name
):
    await owner.execute(f"CREATE DATABASE {name}_open".encode())

    card = await asked(ops, name)
    await owner.execute(f"DROP DATABASE {name}_open".encode())

    assert f"{name}_open" in card
    (finding,) = card.operation.proposal.findings
    assert finding.key == "playbook.new-database.open"


class Around:
    """A lender with something of its own instead of some calls."""

    def __init__(self, inner, **own):
        self._inner = inner
        self.__dict__.update(own)

    def __getattr__(self, name):
        return getattr(self._inner, name)


def once(call, *, fails=None, before=False):
    """Return the call, which fails the first time: after it was made, or before."""
    left = [fails]

    async def called(*words, **named):
        found = None if before and left else await call(*words, **named)
        if left:
            raise left.pop()
        return found

    return called


async def test_a_password_that_was_lost_on_the_way_is_made_anew(ops, pg_staging, name):
    lender = ops.back.lender
    wrap = once(lender.wrap, fails=OutcomeUnknown("Vault", "it timed out"))
    ops.back = ops.with_ports(lender=Around(lender, wrap=wrap))

    card = await decided(ops, name)

    assert await ops.state(card) is State.DONE
    assert "action.reconciled" in await ops.events(card)
    password = await password_of(ops)
    how = {"user": name, "password": password, "database": name}
    async with await connect(pg_staging, **how) as connection:
        await connection.execute("SELECT 1")


async def broken_after(ops, *, call, fails, at):
    """Have one call of the n-th session fail once, after it was made."""
    lender, sessions = ops.back.lender, []

    async def database_session(*words, **named):
        found = await lender.database_session(*words, **named)
        sessions.append(found)
        if len(sessions) != at:
            return found
        return Around(found, **{call: once(getattr(found, call), fails=fails)})

    around = Around(lender, database_session=database_session)
    ops.back = ops.with_ports(lender=around)


async def test_a_crash_after_the_letter_makes_no_second_password(ops, pg_staging, name):
    card = await asked(ops, name)
    await ops.bob.approves(card)
    gone = Unavailable("pg-staging", "gone")
    await broken_after(ops, call="see", fails=gone, at=2)

    await ops.works()

    assert await ops.state(card) is State.DONE
    assert (await ops.events(card)).count("handover.made") == 1
    how = {"user": name, "password": await password_of(ops), "database": name}
    async with await connect(pg_staging, **how) as connection:
        await connection.execute("SELECT 1")


async def test_a_call_whose_answer_was_lost_is_in_doubt_and_settled_by_looking(
    ops, pg_staging, name
):
    card = await asked(ops, name)
    await ops.bob.approves(card)
    lost = OutcomeUnknown("pg-staging", "it timed out")
    await broken_after(ops, call="make", fails=lost, at=2)

    await ops.works()
    doubted = await ops.state(card)
    await ops.sweeps()

    assert doubted is State.IN_DOUBT
    assert await ops.state(card) is State.DONE
    assert len(letters(ops)) == 1


async def test_a_user_with_more_rights_than_it_should_have_is_a_failure(
    ops, pg_staging, owner, name
):
    card = await asked(ops, name)
    await ops.bob.approves(card)
    lender = ops.back.lender

    async def wrap(minted, secret):
        await owner.execute(f"ALTER ROLE {name} CREATEDB".encode())
        return await lender.wrap(minted, secret)

    ops.back = ops.with_ports(lender=Around(lender, wrap=wrap))

    await ops.works()

    failed = (await ops.again(card)).operation
    assert failed.state is State.FAILED
    assert "CREATEDB" in failed.outcome.args["rights"]


async def test_a_database_that_went_at_once_is_a_failure(ops, pg_staging, owner, name):
    card = await asked(ops, name)
    await ops.bob.approves(card)
    lender = ops.back.lender

    async def wrap(minted, secret):
        await owner.execute(f"DROP DATABASE {name}".encode())
        return await lender.wrap(minted, secret)

    ops.back = ops.with_ports(lender=Around(lender, wrap=wrap))

    await ops.works()

    failed = (await ops.again(card)).operation
    assert failed.state is State.FAILED
    assert failed.outcome.key == "playbook.new-database.missing"


async def test_the_same_operation_may_be_repeated_and_no_other_takes_its_names(
    ops, pg_staging, name
):
    minted, _, session = await lent(ops)
    # Another id for each name; an id has letters, and of the digits only some.
    operation = "a" * 19 + "abcdefghij"[int(name[-1])]
    first = NewDatabase(operation=operation, database=name, user=name)
    others = [
        first.model_copy(update={"operation": "b" * 20}),
        first.model_copy(update={"operation": "b" * 20, "database": f"{name}_b"}),
        first.model_copy(update={"database": f"{name}_b"}),
    ]

    await session.make(first, password=SECRET)
    await session.make(first, password=SECRET)
    refusals = []
    for other in others:
        with pytest.raises(Refused) as refusal:
            await session.make(other, password=SECRET)
        refusals.append(refusal.value.message.key)

    assert refusals == ["database.there", "database.there", "database.other"]
    await ops.back.lender.revoke(minted.accessor)


async def test_a_server_that_lacks_the_procedures_says_so(ops, pg_staging, name):
    minted, _, session = await lent(ops, make=False)
    wanted = NewDatabase(operation="c" * 20, database=name, user=name)

    with pytest.raises(Refused) as refusal:
        await session.make(wanted, password=SECRET)

    assert refusal.value.message.key == "database.forbidden"
    await ops.back.lender.revoke(minted.accessor)


async def test_a_secret_for_nobody_is_not_handed_over(ops, pg_staging, name):
    card = await asked(ops, name)
    stranger = card.operation.model_copy(update={"requester": "nobody"})
    bare = WorkerRun(card.operation, ops.back)
    minted, *_ = await lent(ops)
    run = WorkerRun(stranger, ops.back, minted=minted)
    gone = card.operation.model_copy(update={"id": "z" * 20})
    what = Message.of("playbook.new-database.undo")

    with pytest.raises(Refused) as refusal:
        await run.hand_over(SECRET, what=what)
    with pytest.raises(Broken, match="nothing was lent"):
        await bare.hand_over(SECRET, what=what)
    with pytest.raises(Broken, match="no database was lent"):
        _ = bare.database
    with pytest.raises(Broken, match="is gone"):
        await WorkerRun(gone, ops.back, minted=minted).hand_over(SECRET, what=what)

    assert refusal.value.message.key == "handover.nobody"
    assert letters(ops) == []
    await ops.back.lender.revoke(minted.accessor)


async def test_a_look_has_no_database_and_no_secret(ops):
    look = LookRun("look", "acme", None, ops.back)

    with pytest.raises(Broken, match="no database"):
        _ = look.database
    with pytest.raises(Broken, match="no secret"):
        await look.hand_over(SECRET, what=Message.of("x"))
    assert look.handed is False


async def test_vault_s_own_login_cannot_touch_what_it_did_not_make(
    ops, pg_staging, name
):
    await decided(ops, name)
    served = pg_staging.served
    how = {"user": served.user, "password": served.password.get_secret_value()}

    async with await connect(pg_staging, **how, database="tandem") as connection:
        for statement in (
            f"ALTER ROLE {name} PASSWORD 'x'",
            f"DROP ROLE {name}",
            "ALTER ROLE tandem_definer PASSWORD 'x'",
            "GRANT tandem_definer TO tandem_vault",
            "SELECT * FROM tandem.loopback",
            "SELECT * FROM tandem.made",
            f"DROP DATABASE {name}",
        ):
            with pytest.raises(psycopg.Error) as refusal:
                await connection.execute(statement)
            assert refusal.value.sqlstate == "42501", statement


async def test_a_server_that_is_away_is_named_and_nothing_is_done(ops, pg_staging):
    minted, account, _ = await lent(ops)
    nowhere = {"pg-staging.acme.example:5432": ("127.0.0.1", 1)}
    scope = DatabaseScope(
        server="pg-staging",
        engine="postgresql",
        address="pg-staging.acme.example",
        port=5432,
        unsafe_no_tls=True,
        make=True,
    )
    wanted = NewDatabase(operation="c" * 20, database="away", user="away")
    how = {"user": account.username, "password": account.password}
    there = {"pg-staging.acme.example:5432": ("127.0.0.1", pg_staging.served.port)}
    away = Databases(at=nowhere).session(scope, **how)
    in_the_clear = scope.model_copy(update={"unsafe_no_tls": False})
    without_tls = Databases(at=there).session(in_the_clear, **how)

    for session in (away, without_tls):
        with pytest.raises(Unavailable, match="pg-staging did not answer"):
            await session.make(wanted, password=SECRET)

    await ops.back.lender.revoke(minted.accessor)
