"""The outbox: in order, place by place, one a second, and never twice by accident."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest_asyncio

from bot.domain.message import Message
from bot.domain.outgoing import Outgoing, Way
from bot.domain.writes import Writes
from bot.outbound.postgres.outbox import Outbox
from tests.domain.core_samples import NOW
from tests.outbound.store_support import ask, asking, opened
from tests.outbound.store_support import operation as made

ROOM, OTHER = "C0ACMEOPS", "U0ALICE"
SECOND = timedelta(seconds=1)


@pytest_asyncio.fixture
async def store(database):
    async with opened(database) as found:
        yield found


@pytest_asyncio.fixture
async def outbox(store):
    return Outbox(store)


async def say(store, *words, place=ROOM, client="acme", at=NOW):
    says = tuple(
        Outgoing(way=Way.ANNOUNCE, place=place, message=Message.of(word))
        for word in words
    )
    await store.write(Writes(client=client, at=at, says=says))


async def waiting(outbox, *, at=NOW, place=ROOM, client="acme"):
    return await outbox.waiting(client, place=place, now=at)


def keys(found):
    return [one.outgoing.message.key for one in found]


# --- what waits


async def test_what_is_to_be_said_waits_in_the_order_it_came(store, outbox):
    await say(store, "a.one", "a.two")
    await say(store, "b.one", place=OTHER)
    await say(store, "a.three")

    found = await waiting(outbox)

    assert keys(found) == ["a.one", "a.two", "a.three"]
    assert {(one.attempts, one.tried, one.due) for one in found} == {(0, False, True)}
    assert keys(await waiting(outbox, place=OTHER)) == ["b.one"]
    assert set(await outbox.places("acme", now=NOW)) == {ROOM, OTHER}


async def test_what_is_not_due_waits_and_keeps_its_place(store, outbox):
    await say(store, "a.one", at=NOW + SECOND)
    await say(store, "a.two", at=NOW)

    found = await waiting(outbox)
    places = await outbox.places("acme", now=NOW - SECOND)

    assert [(one.outgoing.message.key, one.due) for one in found] == [
        ("a.one", False),
        ("a.two", True),
    ]
    assert places == ()


async def test_no_client_s_words_are_seen_from_another(store, outbox):
    await say(store, "a.one")

    assert await outbox.places("globex", now=NOW) == ()
    assert await waiting(outbox, client="globex") == ()


# --- tried, sent, postponed


async def test_what_was_tried_and_not_sent_is_known_to_have_been_tried(store, outbox):
    await say(store, "a.one", "a.two")
    first, second = await waiting(outbox)

    await outbox.trying("acme", entries=(first.id,), at=NOW)
    await outbox.trying("acme", entries=(first.id,), at=NOW)

    tried, untouched = await waiting(outbox)
    assert (tried.id, tried.tried, tried.attempts) == (first.id, True, 2)
    assert untouched == second


async def test_what_was_sent_waits_no_more(store, outbox):
    await say(store, "a.one", "a.two", "a.three")
    one, two, three = await waiting(outbox)

    await outbox.sent("acme", entries=(one.id, three.id), message="1.2", at=NOW)

    assert [left.id for left in await waiting(outbox)] == [two.id]


async def test_what_was_postponed_is_due_later_and_what_went_out_stays_tried(
    store, outbox
):
    await say(store, "a.one", "a.two")
    one, two = await waiting(outbox)
    await outbox.trying("acme", entries=(one.id, two.id), at=NOW)
    later = NOW + timedelta(seconds=30)

    for entry, untried in ((one, True), (two, False)):
        await outbox.postponed(
            "acme",
            entries=(entry.id,),
            until=later,
            problem="x" * 9999,
            untried=untried,
        )

    soon, due = await waiting(outbox), await waiting(outbox, at=later)
    assert [found.due for found in soon] == [False, False]
    assert [(found.due, found.tried) for found in due] == [(True, False), (True, True)]
    assert [found.attempts for found in due] == [1, 1]


async def test_a_problem_is_kept_short_and_forgotten_once_it_was_sent(
    database, store, outbox
):
    await say(store, "a.one")
    (one,) = await waiting(outbox)

    await outbox.postponed(
        "acme", entries=(one.id,), until=NOW, problem="y" * 9999, untried=True
    )
    ((kept,),) = await ask(database.owner, "SELECT problem FROM outbox")
    await outbox.sent("acme", entries=(one.id,), message="1.2", at=NOW)
    ((after,),) = await ask(database.owner, "SELECT problem FROM outbox")

    assert (kept, after) == ("y" * 500, None)


async def test_another_client_s_words_cannot_be_marked_as_sent(store, outbox):
    await say(store, "a.one")
    (one,) = await waiting(outbox)

    await outbox.sent("globex", entries=(one.id,), message="1.2", at=NOW)

    assert await waiting(outbox) == (one,)


async def test_an_operation_s_card_is_the_message_it_was_first_posted_as(store, outbox):
    await store.write(asking(made()))
    await store.write(asking(made(), adds=(), events=(), jobs=()))
    posted, drawn_again = await waiting(outbox)

    before = await outbox.card_of("acme", operation=made().id)
    await outbox.sent("acme", entries=(posted.id,), message="1.1", at=NOW)
    await outbox.sent("acme", entries=(drawn_again.id,), message="1.1", at=NOW)

    assert before is None
    assert await outbox.card_of("acme", operation=made().id) == "1.1"


# --- taking turns


async def test_one_replica_at_a_time_speaks_in_a_place(database, outbox):
    async with opened(database) as other_store:
        other = Outbox(other_store)

        async with outbox.hold(ROOM) as mine:
            async with other.hold(ROOM) as theirs:
                pass
            async with other.hold(OTHER) as elsewhere:
                pass
        async with other.hold(ROOM) as after:
            pass

    assert (mine, theirs, elsewhere, after) == (True, False, True, True)


async def test_a_place_is_posted_to_once_a_second_by_all_replicas_together(
    database, outbox
):
    async with opened(database) as other_store:
        both = (outbox, Outbox(other_store))

        async def turns(at):
            found = await asyncio.gather(
                *(
                    one.turn("acme", place=ROOM, now=at, gap=SECOND)
                    for one in both
                    for _ in range(6)
                )
            )
            return sorted(found)

        first = await turns(NOW)
        soon = await turns(NOW + SECOND / 4)
        second = await turns(NOW + SECOND)

    none = timedelta(0)
    assert first == [none] + [SECOND] * 11
    assert soon == [SECOND * 3 / 4] * 12
    assert second == [none] + [SECOND] * 11


async def test_places_take_their_turns_apart(outbox):
    async def turn(**how):
        given = {"client": "acme", "place": ROOM, "now": NOW, "gap": SECOND, **how}
        return await outbox.turn(given.pop("client"), **given)

    found = [await turn(), await turn(place=OTHER), await turn(client="globex")]

    assert found == [timedelta(0)] * 3


async def test_a_gap_of_nothing_never_waits(outbox):
    found = [
        await outbox.turn("acme", place=ROOM, now=NOW, gap=timedelta(0))
        for _ in range(3)
    ]

    assert found == [timedelta(0)] * 3
