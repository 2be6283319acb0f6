"""`/infra can-i`: what is known beforehand is foretold, what a plan decides is not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.domain.operation import State
from bot.inbound.slack.typed import typed
from bot.outbound.slack.pen import Pen
from bot.outbound.speech import Speech
from tests.flow.test_envelope import ALWAYS, envelope
from tests.flow.test_questions import words

PEN = Pen(Speech(), "en")
BY_PLAN = """routes:
  - match: { environment: staging, destroys: false, addresses_up_to: 3 }
    needs: []
    envelope: { name: small, per_day: 2 }
"""
AT_NIGHT = """routes:
  - match: { environment: staging, hours: closed }
    needs:
      - role: provider.manager
      - role: client.owner
"""
FREEZE = "freeze staging until tomorrow 09:00 Load test"


async def said(person, line):
    view = await typed(person._knock(line), front=person.ops.back)
    return PEN.plain(view.message)


def shut_today(ops):
    return f"{ALWAYS}  closed: [{ops.clock.now():%Y-%m-%d}]\n"


async def test_what_an_envelope_lets_pass_is_foretold_with_its_number(ops):
    await envelope(ops)
    await ops.alice.asks("backup db-staging")

    told = await said(ops.alice, "can-i backup db-staging")

    assert "it would pass by itself, approved by the policy: envelope small" in told
    assert "small, 2 of 2 today." in told
    assert "it would wait for" not in told
    assert "It would expire" not in told


async def test_an_envelope_that_is_used_up_is_foretold_as_what_it_falls_to(ops):
    await envelope(ops, most=1)
    await ops.alice.asks("backup db-staging")

    told = await said(ops.alice, "can-i backup db-staging")
    card = await ops.alice.asks("backup db-staging")

    assert "it would wait for the provider's on-call (Bob Durand, Dave Leroy)." in told
    assert "envelope small could let it pass by itself, but its 1 of today" in told
    assert "pass by itself, approved" not in told
    assert card.operation.state is State.PROPOSED


async def test_when_not_everybody_is_there_no_envelope_is_foretold(ops):
    await envelope(ops, hours=shut_today(ops))

    told = await said(ops.alice, "can-i backup db-staging")

    assert "it would wait for the provider's on-call" in told
    assert "envelope small could" in told
    assert "only while everybody is there" in told


async def test_a_rule_for_closed_hours_is_foretold_while_they_are(ops):
    await envelope(ops, hours=shut_today(ops))
    await ops.edits_catalog("routes.yaml", "routes:\n", AT_NIGHT)

    told = await said(ops.alice, "can-i backup db-staging")
    card = await ops.alice.asks("backup db-staging")

    assert "a manager of the provider (Erin Blanc) and an owner of the client" in told
    assert [one.role for one in card.operation.route.needs] == [
        "provider.manager",
        "client.owner",
    ]


async def test_what_would_run_later_is_foretold_by_the_hours_of_then(ops):
    await envelope(ops, hours=shut_today(ops))
    await ops.edits_catalog("routes.yaml", "routes:\n", AT_NIGHT)
    then = (ops.clock.now() + timedelta(days=1)).replace(hour=12, minute=0)

    told = await said(ops.alice, f"can-i backup db-staging --at {then:%Y-%m-%dT%H:%MZ}")

    assert "it would wait for the provider's on-call" in told
    assert "a manager of the provider" not in told


async def test_a_freeze_that_is_over_before_its_time_is_can_be_waited_for(ops):
    await ops.edits_catalog("routes.yaml", "expires: 12h", "expires: 72h")
    await said(ops.carol, FREEZE)

    told = await said(ops.alice, "can-i backup db-staging")

    assert "Carol Petit froze this until" in told
    assert "By then its time would be over" not in told
    assert "It would expire after about 3 days." in told


async def test_a_freeze_in_force_is_foretold_with_who_why_and_until_when(ops):
    await said(ops.carol, FREEZE)

    told = await said(ops.alice, "can-i backup db-staging")
    other = await said(ops.alice, "can-i backup db-prod-2")

    assert "it would wait for the provider's on-call" in told
    assert "Carol Petit froze this until" in told
    assert "“Load test”. You may ask, but nobody could approve it before." in told
    assert "froze" not in other


async def test_a_freeze_that_outlasts_the_request_is_said_to(ops):
    await ops.edits_catalog("routes.yaml", "expires: 12h", "expires: 2h")
    day = ops.clock.now() + timedelta(days=3)
    await said(ops.carol, f"freeze staging until {day:%Y-%m-%d} 09:00 Load test")

    told = await said(ops.alice, "can-i backup db-staging")

    assert "By then its time would be over" in told


async def test_nothing_is_foretold_to_pass_a_freeze_by_itself(ops):
    await envelope(ops)
    await said(ops.carol, FREEZE)

    told = await said(ops.alice, "can-i backup db-staging")

    assert "envelope small could let it pass by itself, but nothing does that" in told
    assert "it would wait for the provider's on-call" in told


async def test_what_depends_on_the_plan_is_left_to_the_plan(ops):
    await envelope(ops, hours=ALWAYS, rule=BY_PLAN)

    planned = await said(ops.alice, "can-i resize web-staging t3.medium")
    direct = await said(ops.alice, "can-i backup db-staging")

    assert "it depends on the plan" in planned
    assert "it would pass by itself" in planned
    assert "; or it would wait for the provider's on-call" in planned
    assert "It would expire after about 12 hours." in planned
    assert "depends on the plan" not in direct
    assert "it would pass by itself" in direct


async def test_plans_that_wait_for_unlike_times_are_told_from_short_to_long(ops):
    await ops.edits_catalog(
        "routes.yaml",
        "routes:\n",
        "routes:\n"
        "  - match: { environment: staging, replaces: true }\n"
        "    needs: [{ role: provider.oncall }]\n"
        "    expires: 30m\n"
        "    remind_before: 5m\n",
    )

    told = await said(ops.alice, "can-i resize web-staging t3.medium")

    assert "after about 30 minutes to about 12 hours, by the plan." in told


async def test_low_risk_at_night_is_foretold_to_have_the_morning_left(ops):
    night = ops.clock.now()
    await ops.edits_catalog(
        "provider.yaml",
        "escalation: {",
        "quiet:\n"
        "  timezone: UTC\n"
        f"  from: {night - timedelta(hours=1):%H:%M}\n"
        f"  until: {night + timedelta(hours=6):%H:%M}\n"
        "escalation: {",
    )
    await ops.edits_catalog("routes.yaml", "expires: 12h", "expires: 2h")

    told = await said(ops.alice, "can-i backup db-staging")

    assert "It would expire after about 8 hours." in told


async def test_what_is_scheduled_is_decided_before_its_moment(ops):
    then = (ops.clock.now() + timedelta(hours=5)).strftime("%Y-%m-%dT%H:%MZ")

    told = await said(ops.alice, f"can-i backup db-prod-2 --at {then}")

    assert "It would expire after about 5 hours." in told


async def test_what_the_catalog_protects_is_foretold_as_a_no(ops):
    await ops.edits_catalog(
        "clients/acme/inventory.yaml",
        "  - name: web-2\n",
        "  - name: web-2\n    protected: [instance_type]\n",
    )

    told = await said(ops.alice, "can-i resize web-2 m5.large")

    assert told.startswith("No, “resize web-2 m5.large” would be refused.")
    assert "(rule protected, built in)" in told


@pytest.mark.parametrize(
    "line", ["show web-staging", "can-i resize web-staging m5.large"]
)
async def test_who_was_lent_a_role_is_named_beforehand(ops, line):
    await ops.edits_catalog(
        "routes.yaml",
        "      - role: provider.oncall\n    expires: 12h",
        "      - role: client.owner\n    expires: 12h",
    )
    await said(ops.carol, "delegate client.owner to <@U0ALICE> until tomorrow 18:00")

    view = await typed(ops.bob._knock(line), front=ops.back)
    told = words(view) if line.startswith("show") else PEN.plain(view.message)

    assert "Carol Petit, Alice Martin" in told or "<@U0CAROL> <@U0ALICE>" in told
