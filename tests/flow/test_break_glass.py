"""Break-glass: past freeze and approval, never past who, what, shown and written."""

from __future__ import annotations

import asyncio
import json

import pytest

from bot.domain.errors import Unavailable
from bot.domain.operation import State
from bot.domain.writes import Overtaken
from bot.flow.break_glass import Shown, break_glass
from bot.inbound.slack.typed import typed
from bot.outbound.slack.pen import Pen
from bot.outbound.speech import Speech
from tests.flow.people import ONCALL
from tests.flow.test_corners import Instead

PEN = Pen(Speech(), "en")
WHY = "the shop is losing orders since 02:10"
FREEZE = "freeze all until tomorrow 09:00 We launch tonight"


async def test_in_a_freeze_the_on_call_breaks_the_glass_and_it_runs(ops):
    await ops.carol.types(FREEZE)
    card = await ops.bob.breaks_glass_for("backup db-prod-2", WHY)

    before = len(ops.aws.created)
    told = await ops.bob.confirms(card)
    await ops.works()

    assert "BREAK-GLASS" in card
    assert WHY in card
    assert "Frozen by Carol Petit" in card
    assert set(card.buttons) == {"break_glass", "cancel"}
    assert before == 0
    assert told.key == "glass.broken"
    assert await ops.state(card) is State.DONE
    assert len(ops.aws.created) == 1
    events = await ops.events(card)
    assert "glass.broken" in events
    assert {"decision.made", "operation.approved", "operation.paused"}.isdisjoint(
        events
    )


async def test_nothing_runs_before_the_card_was_confirmed(ops):
    card = await ops.bob.breaks_glass_for("backup db-prod-2", WHY)

    await ops.sweeps()

    assert await ops.state(card) is State.PROPOSED
    assert ops.aws.created == ()
    assert not any("BREAK-GLASS for" in one.text for one in ops.slack.posts())


async def test_both_companies_are_told_loudly(ops):
    card = await ops.bob.breaks_glass_for("backup db-prod-2", WHY)
    await ops.bob.confirms(card)
    await ops.speaks()

    loud = "BREAK-GLASS for Acme:"
    here = [one.text for one in ops.slack.posts() if loud in one.text]
    there = [one.text for one in ops.slack.posts(ONCALL) if loud in one.text]
    assert len(here) == 1
    assert WHY in here[0]
    assert there == here
    rows = await ops._sql(
        "SELECT place FROM outbox WHERE body->>'way' = 'direct'"
        " AND body::text LIKE '%glass.announced%' AND sent_at IS NOT NULL"
    )
    assert sorted(place for (place,) in rows) == ["U0CAROL", "U0ERIN"]


async def test_the_audit_has_who_why_what_and_past_what(ops):
    await ops.carol.types(FREEZE)
    card = await ops.bob.breaks_glass_for("backup db-prod-2", WHY)
    await ops.bob.confirms(card)

    asked = await ops.told(card, "operation.asked")
    broken = await ops.told(card, "glass.broken")

    assert asked["line"] == f"break-glass backup db-prod-2 because {WHY}"
    assert broken["reason"] == WHY
    assert broken["digest"] == card.operation.digest
    assert broken["frozen_by"] == "carol"
    assert broken["organisation"] == "claranet"


async def test_its_credentials_live_half_as_long(ops):
    usual = await ops.alice.asks("backup db-prod-2")
    await ops.bob.approves(usual)
    await ops.works()
    urgent = await ops.bob.breaks_glass_for("backup db-staging", WHY)
    await ops.bob.confirms(urgent)
    await ops.works()

    assert await lasted(ops, usual) == pytest.approx((600, 840), abs=5)
    assert await lasted(ops, urgent) == pytest.approx((300, 420), abs=5)


async def lasted(ops, card):
    """Return how long Vault's token and AWS's session of the action were to live."""
    query = """
        SELECT extract(epoch FROM expires_at - lent_at)::float,
               extract(epoch FROM session_dies_at - lent_at)::float
        FROM lease WHERE operation = :id AND purpose NOT LIKE '%-read'
        ORDER BY lent_at DESC LIMIT 1
    """
    ((token, session),) = await ops._sql(query, id=card.operation.id)
    return token, session


async def test_nobody_else_can_break_approve_or_deny_it(ops):
    card = await ops.bob.breaks_glass_for("backup db-prod-2", WHY)

    confirmed = await ops.dave.confirms(card)
    approved = await ops.dave.approves(card)
    denied = await ops.carol.denies(card, "please do not")

    assert confirmed.key == "refused.glass-of-another"
    assert approved.key == denied.key == "refused.glass-not-decided"
    assert "Bob Durand" in PEN.plain(approved)
    assert await ops.state(card) is State.PROPOSED
    assert (await ops.events(card)).count("decision.refused") == 3
    assert (await ops.told(card, "decision.refused"))["rule"] == "glass-not-decided"


async def test_a_click_delivered_twice_at_once_breaks_it_once_and_is_told_the_same(
    ops,
):
    card = await ops.bob.breaks_glass_for("backup db-prod-2", WHY)
    knock = ops.bob._knock(kind="action")
    shown = Shown(card.operation.id, card.digest)
    first = await break_glass(knock, shown=shown, front=ops.back)

    async def operations_like(client, *, short):
        return (card.operation,)

    async def breaks(client):
        return ()

    before = {"operations_like": operations_like, "breaks": breaks}
    front = ops.with_ports(store=Instead(ops.back.store, **before))
    again = await break_glass(knock, shown=shown, front=front)

    assert first.key == "glass.broken"
    assert again == first
    assert (await ops.events(card)).count("glass.broken") == 1


async def test_an_ordinary_request_has_no_glass(ops):
    card = await ops.bob.asks("backup db-prod-2")

    told = await ops.bob.confirms(card)

    assert told.key == "refused.glass-not-asked"
    assert await ops.state(card) is State.PROPOSED


async def test_a_second_click_changes_nothing(ops):
    card = await ops.bob.breaks_glass_for("backup db-prod-2", WHY)
    await ops.bob.confirms(card)
    before = await ops.events(card)

    again = await ops.bob.confirms(card)

    assert again.key == "refused.glass-not-open"
    assert "broken already" in PEN.plain(again)
    assert await ops.events(card) == [*before, "decision.refused"]


async def test_of_clicks_at_two_replicas_one_counts(ops):
    card = await ops.bob.breaks_glass_for("backup db-prod-2", WHY)

    told = await asyncio.gather(*(ops.bob.confirms(card) for _ in range(4)))
    await ops.works()

    assert sorted(one.key for one in told) == [
        "glass.broken",
        *["refused.glass-not-open"] * 3,
    ]
    assert (await ops.events(card)).count("glass.broken") == 1
    assert len(ops.aws.created) == 1


async def test_of_two_glasses_at_once_one_is_broken(ops):
    first = await ops.bob.breaks_glass_for("backup db-prod-2", WHY)
    second = await ops.bob.breaks_glass_for("backup db-staging", WHY)

    told = await asyncio.gather(ops.bob.confirms(first), ops.bob.confirms(second))

    assert sorted(one.key for one in told) == [
        "glass.broken",
        "refused.glass-review-open",
    ]


async def test_the_same_delivery_is_answered_the_same(ops):
    card = await ops.bob.breaks_glass_for("backup db-prod-2", WHY)
    knock = ops.bob._knock(kind="action")
    shown = Shown(card.operation.id, card.digest)

    first = await break_glass(knock, shown=shown, front=ops.back)
    again = await break_glass(knock, shown=shown, front=ops.back)

    assert first == again
    assert (await ops.events(card)).count("glass.broken") == 1


async def test_another_digest_than_the_one_shown_breaks_nothing(ops):
    card = await ops.bob.breaks_glass_for("backup db-prod-2", WHY)
    shown = Shown(card.operation.id, "0" * 64)

    told = await break_glass(ops.bob._knock(), shown=shown, front=ops.back)

    assert told.key == "refused.other-digest"
    assert await ops.state(card) is State.PROPOSED


async def test_it_can_be_typed_with_id_and_fingerprint(ops):
    card = await ops.bob.breaks_glass_for("backup db-prod-2", WHY)

    told = await ops.bob.types(
        f"break-glass {card.operation.short} {card.operation.digest[:8]}"
    )

    assert told.key == "glass.broken"


async def test_what_nobody_confirms_for_half_an_hour_is_over(ops):
    card = await ops.bob.breaks_glass_for("backup db-prod-2", WHY)
    ops.clock.passes(minutes=31)

    late = await ops.bob.confirms(card)
    await ops.sweeps()

    assert late.key == "refused.expired"
    assert await ops.state(card) is State.EXPIRED
    assert await ops.back.store.breaks("acme") == ()
    assert "review.opened" not in await ops.events(card)


async def test_cancelled_it_is_over_and_needs_no_review(ops):
    card = await ops.bob.breaks_glass_for("backup db-prod-2", WHY)

    told = await ops.bob.cancels(card)

    assert told.key == "decided.cancelled"
    assert await ops.back.store.breaks("acme") == ()


async def test_a_role_withdrawn_one_second_before_the_click_breaks_nothing(ops):
    card = await ops.carol.breaks_glass_for("backup db-prod-2", WHY)
    await ops.edits_catalog(
        "clients/acme/client.yaml", "roles: [owner]", "roles: [developer]"
    )

    told = await ops.carol.confirms(card)

    assert told.key == "refused.no-policy"
    assert "oncall-breaks-glass" in PEN.plain(told)
    assert await ops.state(card) is State.PROPOSED


async def test_a_role_withdrawn_before_it_runs_voids_it(ops):
    card = await ops.carol.breaks_glass_for("backup db-prod-2", WHY)
    await ops.carol.confirms(card)
    await ops.edits_catalog(
        "clients/acme/client.yaml", "roles: [owner]", "roles: [developer]"
    )

    await ops.works()

    assert await ops.state(card) is State.VOIDED
    assert ops.aws.created == ()


async def test_a_deactivated_person_breaks_nothing(ops):
    card = await ops.carol.breaks_glass_for("backup db-prod-2", WHY)
    await ops.carol.confirms(card)
    await ops.edits_catalog(
        "clients/acme/client.yaml",
        "roles: [owner]",
        "roles: [owner]\n    deactivated: true",
    )

    asked = await ops.carol.types(f"break-glass backup db-staging because {WHY}")
    await ops.works()

    assert asked.key == "refused.deactivated"
    assert await ops.state(card) is State.VOIDED
    assert ops.aws.created == ()


async def test_a_freeze_declared_after_the_click_holds_nothing_back(ops):
    card = await ops.bob.breaks_glass_for("backup db-prod-2", WHY)
    await ops.bob.confirms(card)
    await ops.carol.types(FREEZE)

    await ops.works()

    assert await ops.state(card) is State.DONE


async def test_a_merge_request_goes_the_same_way(ops):
    await ops.carol.types(FREEZE)
    card = await ops.bob.breaks_glass_for("resize web-2 m5.large", WHY)
    await ops.bob.confirms(card)

    await ops.works()

    assert await ops.state(card) is State.DONE
    assert ops.aws.type_of("web-2") == "m5.large"


async def test_a_push_before_the_click_voids_it(ops):
    card = await ops.bob.breaks_glass_for("resize web-2 m5.large", WHY)
    branch = card.operation.progress.branch
    await ops.pushes("alice", branch, {"notes.md": "more\n"})

    await ops.sweeps()
    told = await ops.bob.confirms(card)

    assert await ops.state(card) is State.VOIDED
    assert told.key == "refused.glass-not-open"


@pytest.mark.parametrize(
    ("who", "line", "key"),
    [
        ("bob", "break-glass", "refused.glass-usage"),
        ("bob", "break-glass backup db-prod-2", "refused.glass-usage"),
        ("bob", "break-glass because it is on fire", "refused.glass-usage"),
        ("bob", "break-glass backup db-prod-2 because fire", "refused.glass-reason"),
        ("bob", f"break-glass dance because {WHY}", "refused.no-command"),
        ("bob", f"break-glass backup db-nope because {WHY}", "refused.no-target"),
        (
            "bob",
            f'break-glass backup db-prod-2 --at "tomorrow 09:00" because {WHY}',
            "refused.glass-later",
        ),
        (
            "alice",
            f"break-glass backup db-prod-2 because {WHY}",
            "refused.no-policy",
        ),
        ("ines", f"break-glass backup db-prod-2 because {WHY}", "refused.policy"),
        ("gina", f"break-glass backup shop-db because {WHY}", "refused.no-policy"),
    ],
)
async def test_what_cannot_be_an_emergency_is_refused_and_written_down(
    ops, who, line, key
):
    person = getattr(ops, who)
    client = "globex" if who == "gina" else "acme"

    told = await person.types(line)

    assert told.key == key
    assert (await ops.events(client=client))[-1] == "request.refused"
    record = (await ops.audit(client=client))[-1]
    assert json.loads(record.body)["line"] == line[:300]


async def test_a_policy_lets_developers_do_it_on_staging(ops):
    card = await ops.alice.breaks_glass_for("backup db-staging", WHY)

    told = await ops.alice.confirms(card)
    await ops.works()

    assert told.key == "glass.broken"
    assert await ops.state(card) is State.DONE


async def test_where_no_route_leads_the_glass_still_does(ops):
    await ops.edits_catalog(
        "routes.yaml",
        "  - match: { environment: staging }",
        "  - match: { environment: staging, command: resize }",
    )
    refused = await ops.alice.says("backup db-staging")
    await ops.works()
    card = await ops.alice.breaks_glass_for("backup db-staging", WHY)

    await ops.alice.confirms(card)
    await ops.works()

    found = await ops.operation(str(refused.args["id"]))
    assert found.state is State.REFUSED
    assert await ops.state(card) is State.DONE


async def test_status_tells_all_of_it(ops):
    card = await ops.bob.breaks_glass_for("backup db-prod-2", WHY)
    await ops.bob.confirms(card)
    await ops.works()
    await ops.sweeps()
    short = card.operation.short
    await ops.carol.types(f"review {short} The backup was needed and it is good.")

    view = await typed(ops.bob._knock(f"status {short}"), front=ops.back)

    told = [one.event.value for one in view.records]
    assert "glass.broken" in told
    assert told[-1] == "review.closed"
    assert view.card.broken.closed_by == "carol"


class AlwaysOvertaken:
    """A store before which somebody else is always faster."""

    def __init__(self, store):
        self._store = store

    def __getattr__(self, name):
        return getattr(self._store, name)

    async def write(self, writes):
        raise Overtaken("again")


async def test_a_click_that_is_overtaken_again_and_again_says_so(ops):
    card = await ops.bob.breaks_glass_for("backup db-prod-2", WHY)
    shown = Shown(card.operation.id, card.digest)
    front = ops.with_ports(store=AlwaysOvertaken(ops.back.store))

    with pytest.raises(Unavailable, match="too many decided at once"):
        await break_glass(ops.bob._knock(), shown=shown, front=front)


async def test_who_is_nobody_here_breaks_nothing(ops):
    card = await ops.bob.breaks_glass_for("backup db-prod-2", WHY)

    told = await ops.mallory.confirms(card)

    assert told.key == "refused.unknown-person"
    assert (await ops.events())[-1] == "request.refused"
