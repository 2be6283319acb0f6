"""Who holds a route's roles, now and at the moment of each approval."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import SimpleNamespace

from bot.domain.catalog import Catalog
from bot.domain.change import TrustMove
from bot.domain.decision import Verdict
from bot.domain.ladder import TrustLevel
from bot.domain.message import Message
from bot.domain.proposal import digest
from bot.domain.route import Need, Route
from bot.domain.timing.lent import Delegation
from bot.domain.timing.rota import Standing
from bot.flow.holders import borrowers, holders_now, still_missing
from bot.outbound.catalog_policies import shipped
from tests.domain import core_samples as core
from tests.domain.test_catalog import client, member, provider

# Chat, feeds and delegations say nothing here: the catalog alone does.
NOBODY_ELSE = Standing()
HANDOVER = core.NOW + timedelta(hours=1)
BOTH = Route(
    needs=(Need(role="provider.oncall"), Need(role="client.owner")),
    expires=timedelta(hours=4),
    remind_before=timedelta(minutes=5),
)


def catalog(*people):
    """Bob is on call until the handover, and Dave from then on."""
    rota = [
        {"members": ["bob"], "until": HANDOVER.isoformat()},
        {"members": ["dave"]},
    ]
    owners = people or (member("carol", "owner"), member("alice", "developer"))
    return Catalog(
        provider=provider(on_call=rota),
        clients=(
            client("acme", *owners),
            client("globex", member("gina", "owner")),
        ),
        routes=(),
        policies=shipped(),
    )


def at(now: datetime, of: Catalog | None = None):
    source = SimpleNamespace(current=lambda: of or catalog())
    return SimpleNamespace(catalog=source, now=lambda: now)


def proposed(route=BOTH):
    made = core.proposal()
    return core.asked().proposed(made, digest=digest(made.bound), route=route)


def approved(operation, who, when=core.NOW, **changes):
    return core.decision(operation, who, at=when, **changes)


def test_the_holders_are_those_of_this_moment_and_of_this_client():
    operation = proposed()

    before = holders_now(operation, standing=NOBODY_ELSE, front=at(core.NOW))
    after = holders_now(operation, standing=NOBODY_ELSE, front=at(HANDOVER))

    assert before == {
        "provider.oncall": frozenset({"bob"}),
        "client.owner": frozenset({"carol"}),
    }
    assert after["provider.oncall"] == frozenset({"dave"})


def test_without_a_route_nobody_holds_anything_and_no_place_is_named():
    operation = core.asked()

    assert holders_now(operation, standing=NOBODY_ELSE, front=at(core.NOW)) == {}
    assert (
        still_missing(operation, decisions=(), standing=NOBODY_ELSE, front=at(core.NOW))
        == ()
    )


def test_a_place_stays_empty_until_somebody_who_held_its_role_approved():
    operation = proposed()
    bob, carol = approved(operation, "bob"), approved(operation, "carol")

    def left(*decisions):
        found = still_missing(
            operation, decisions=decisions, standing=NOBODY_ELSE, front=at(core.NOW)
        )
        return [need.role for need in found]

    assert left() == ["provider.oncall", "client.owner"]
    assert left(bob) == ["client.owner"]
    assert left(carol) == ["provider.oncall"]
    assert left(bob, carol) == []


def test_a_handover_takes_no_approval_away_and_gives_none():
    operation = proposed()
    carol = approved(operation, "carol")
    then = (approved(operation, "bob"), carol)
    too_late = (approved(operation, "bob", HANDOVER), carol)

    assert (
        still_missing(
            operation, decisions=then, standing=NOBODY_ELSE, front=at(HANDOVER)
        )
        == ()
    )
    assert (
        still_missing(
            operation, decisions=too_late, standing=NOBODY_ELSE, front=at(HANDOVER)
        )
        != ()
    )


def test_who_lost_the_role_or_left_no_longer_fills_a_place():
    operation = proposed()
    decisions = (approved(operation, "bob"), approved(operation, "carol"))
    changed = (
        catalog(member("carol", "developer"), member("zoe", "owner")),
        catalog(member("zoe", "owner")),
    )

    for one in changed:
        left = still_missing(
            operation,
            decisions=decisions,
            standing=NOBODY_ELSE,
            front=at(core.NOW, one),
        )
        assert [need.role for need in left] == ["client.owner"]


def test_only_an_approval_of_this_digest_fills_a_place():
    operation = proposed()
    bob = approved(operation, "bob")

    for changes in ({"verdict": Verdict.DENY}, {"digest": "0" * 64}):
        carol = approved(operation, "carol", **changes)
        left = still_missing(
            operation, decisions=(bob, carol), standing=NOBODY_ELSE, front=at(core.NOW)
        )
        assert [need.role for need in left] == ["client.owner"]


# --- lent roles


LENT = Delegation(
    id="d1",
    client="acme",
    role="client.owner",
    giver="carol",
    taker="zoe",
    begins=core.NOW - timedelta(hours=1),
    until=core.NOW + timedelta(minutes=30),
)
FAMILY = catalog(member("carol", "owner"), member("zoe", "developer"))


def left_of(operation, *decisions, standing, of=FAMILY):
    found = still_missing(
        operation, decisions=decisions, standing=standing, front=at(core.NOW, of)
    )
    return [need.role for need in found]


def test_who_has_a_role_lent_holds_it_beside_its_giver_and_for_as_long():
    operation, lent = proposed(), Standing(delegations=(LENT,))

    now = holders_now(operation, standing=lent, front=at(core.NOW, FAMILY))
    later = holders_now(operation, standing=lent, front=at(LENT.until, FAMILY))

    assert now["client.owner"] == {"carol", "zoe"}
    assert later["client.owner"] == {"carol"}


def test_whoever_left_holds_nothing_that_was_lent():
    gone = LENT.model_copy(update={"taker": "nobody"})

    found = holders_now(
        proposed(), standing=Standing(delegations=(gone,)), front=at(core.NOW, FAMILY)
    )

    assert found["client.owner"] == {"carol"}


def test_an_approval_by_a_lent_role_fills_the_place_and_no_second_one():
    two = Route(
        needs=(Need(role="client.owner", count=2),),
        expires=timedelta(hours=4),
        remind_before=timedelta(minutes=5),
    )
    one, both = proposed(), proposed(two)
    lent = Standing(delegations=(LENT,))
    of_one = [approved(one, who) for who in ("bob", "zoe")]
    of_both = [approved(both, who) for who in ("carol", "zoe")]

    assert left_of(one, *of_one, standing=lent) == []
    assert left_of(one, *of_one, standing=NOBODY_ELSE) == ["client.owner"]
    assert left_of(both, *of_both, standing=lent) == ["client.owner"]


def test_whoever_lent_or_borrowed_takes_no_voice_from_another():
    two = Route(
        needs=(Need(role="client.owner", count=2),),
        expires=timedelta(hours=4),
        remind_before=timedelta(minutes=5),
    )
    people = (("carol", "owner"), ("dora", "owner"), ("zoe", "developer"))
    family = catalog(*(member(*one) for one in (*people, ("yan", "developer"))))
    other = LENT.model_copy(update={"id": "d2", "giver": "dora", "taker": "yan"})
    lent = Standing(delegations=(LENT, other))
    operation = proposed(two)

    def left(*who):
        decisions = [approved(operation, one) for one in who]
        return left_of(operation, *decisions, standing=lent, of=family)

    for both in (("carol", "dora"), ("carol", "yan"), ("zoe", "dora"), ("zoe", "yan")):
        assert left(*both) == []
    assert left("carol", "zoe") == left("dora", "yan") == ["client.owner"]


def test_what_the_one_who_asked_has_lent_counts_for_nobody():
    family = catalog(member("alice", "owner"), member("zoe", "developer"))
    lent = Standing(delegations=(LENT.model_copy(update={"giver": "alice"}),))

    def found(operation):
        return borrowers(
            "client.owner",
            operation,
            at=core.NOW,
            standing=lent,
            front=at(core.NOW, family),
        )

    assert found(proposed()) == {}
    assert found(proposed().model_copy(update={"requester": "bob"})) == {"zoe": "alice"}


# --- moves of trust


def test_whoever_asks_for_a_move_of_trust_fills_a_place_by_what_they_were_then():
    move = TrustMove(
        title=Message.own(en="Move", args={}),
        before=TrustLevel.PROPOSE,
        after=TrustLevel.REVIEW,
        reason="it went well",
    )
    asked = {"requester": "bob", "asked_at": core.NOW}
    plain = proposed().model_copy(update=asked)
    operation = plain.model_copy(update={"change": move})
    carol = approved(operation, "carol", HANDOVER)

    def left(of, *decisions):
        found = still_missing(
            of, decisions=decisions, standing=NOBODY_ELSE, front=at(HANDOVER)
        )
        return [need.role for need in found]

    assert left(operation) == ["client.owner"]
    assert left(operation, carol) == []
    assert left(plain, carol) == ["provider.oncall"]
