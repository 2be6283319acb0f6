"""Envelopes: what the policy approves by itself, so many a day, and never at night."""

from datetime import timedelta

from bot.domain.operation import State
from bot.domain.timing.hours import Weekday
from bot.flow.freeze import freeze

RULE = """routes:
  - match: {{ environment: staging, hours: open }}
    needs: []
    envelope: {{ name: small, per_day: {most} }}
"""
ACME = "clients/acme/client.yaml"
HOURS = """  timezone: Europe/Paris
  holidays: FR
  open:
    - { days: [mon, tue, wed, thu, fri], from: "08:30", until: "18:30" }
"""
ALWAYS = """  timezone: UTC
  open:
    - { days: [mon, tue, wed, thu, fri, sat, sun], from: 00:00, until: 24:00 }
"""


async def envelope(ops, most=2, hours=ALWAYS, rule=None):
    text = rule or RULE.format(most=most)
    await ops.edits_catalog("routes.yaml", "routes:\n", text)
    await ops.edits_catalog(ACME, HOURS, hours)


async def test_the_policy_approves_and_the_audit_says_so(ops):
    await envelope(ops)

    card = await ops.alice.asks("backup db-staging")

    assert await ops.state(card) is State.DONE
    (record,) = [
        one for one in await ops.audit(card) if one.event == "operation.approved"
    ]
    assert record.actor == "policy"
    assert await ops.told(card, "operation.approved") == {
        "name": "small",
        "number": 1,
        "per_day": 2,
    }
    assert "Approved by the policy: envelope small, 1 of 2 that day" in card


async def test_what_is_over_the_day_s_number_falls_to_people(ops):
    await envelope(ops, most=1)
    await ops.alice.asks("backup db-staging")

    second = await ops.alice.asks("backup db-staging")
    other = await ops.gina.asks("resize shop-staging m5.large", client="globex")

    assert second.operation.state is State.PROPOSED
    assert [one.role for one in second.operation.route.needs] == ["provider.oncall"]
    assert other.operation.route.envelope.number == 1


async def test_a_new_day_has_its_own_number(ops):
    await envelope(ops, most=1)
    await ops.alice.asks("backup db-staging")
    ops.clock.passes(days=1)

    again = await ops.alice.asks("backup db-staging")

    assert again.operation.route.envelope.number == 1


async def test_nothing_passes_a_freeze_by_itself(ops):
    await envelope(ops)
    knock = ops.carol._knock("freeze staging until tomorrow 09:00 Load test")
    await freeze(knock, front=ops.back)

    card = await ops.alice.asks("backup db-staging")

    assert card.operation.state is State.PROPOSED
    assert card.operation.route.envelope is None


async def test_nothing_passes_a_closed_calendar_by_itself(ops):
    today = f"{ops.clock.now():%Y-%m-%d}"
    await envelope(ops, hours=f"{ALWAYS}  closed: [{today}]\n")

    card = await ops.alice.asks("backup db-staging")

    assert card.operation.state is State.PROPOSED
    assert card.operation.route.envelope is None


async def test_what_the_policy_approved_for_later_is_void_if_all_left_by_then(ops):
    noon = (ops.clock.now() + timedelta(days=1)).replace(hour=12, minute=0, second=0)
    that_day = f"{noon:%a}".lower()
    others = ", ".join(one for one in Weekday if one != that_day)
    await envelope(
        ops,
        hours="  timezone: UTC\n  open:\n"
        f"    - {{ days: [{others}], from: 00:00, until: 24:00 }}\n"
        f"    - {{ days: [{that_day}], from: 00:00, until: 12:10 }}\n",
    )
    await ops.alice.says(f"backup db-staging --at {noon:%Y-%m-%dT%H:%MZ}")
    await ops.works()
    approved = await ops.newest()
    late = noon + timedelta(minutes=15) - ops.clock.now()
    ops.clock.passes(seconds=late.total_seconds())

    await ops.sweeps()

    ended = await ops.newest()
    assert approved.state is State.APPROVED
    assert ended.state is State.VOIDED
    assert ended.outcome.key == "voided.hours"


async def test_two_that_take_the_last_place_at_once_are_one(ops):
    await envelope(ops, most=1)
    await ops.alice.says("backup db-staging")
    await ops.alice.says("backup db-staging")
    real = ops.back.store

    class Late:
        """Answers as if the other had not been counted yet."""

        def __getattr__(self, name):
            return getattr(real, name)

        async def used(self, client, *, envelope, day):
            return 0

    fresh, ops.back = ops.back, ops.with_ports(store=Late())
    await ops.tries()
    ops.back = fresh
    await ops.works()

    rows = await ops._sql("SELECT count(*) FROM envelope_use")
    states = sorted(one[0] for one in await ops._sql("SELECT state FROM operation"))
    assert rows == [(1,)]
    assert states == ["done", "proposed"]
