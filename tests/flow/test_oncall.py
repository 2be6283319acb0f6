"""On call: who is, who takes over, and what happens when the calendar stands still."""

import json
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from bot.domain.errors import Unavailable
from bot.domain.operation import State
from bot.domain.timing.rota import Slot
from bot.flow.duty import oncall
from bot.inbound.slack.typed import typed
from tests.flow.people import GLOBEX, ONCALL
from tests.flow.test_corners import Instead

FEED = """on_call:
  - feed:
      name: pager
      stale_after: 2h
      events:
        - { event: "Primary: Dave", member: dave }"""


async def says(who, words):
    return (await typed(who._knock(words), front=who.ops.back)).message


@dataclass
class Pager:
    """A calendar as its reader gives it; it can stop answering."""

    ops: object
    slots: tuple = ()
    users: tuple = ()
    answers: bool = True
    reads: list = field(default_factory=list)

    async def read(self, name, *, timezone, begins, until):
        self.reads.append(name)
        if not self.answers:
            raise Unavailable("calendar pager", "ConnectionError")
        return self.slots

    async def group(self, group, *, team):
        return self.users


@pytest.fixture
def pager(ops):
    hour = timedelta(hours=1)
    now = ops.clock.now()
    found = Pager(
        ops, (Slot(key="Primary: Dave", begins=now - hour, until=now + 9 * hour),)
    )
    ops.back = ops.with_ports(feeds=found)
    return found


async def by_calendar(ops):
    await ops.edits_catalog("provider.yaml", "on_call:\n  - members: [bob, dave]", FEED)


async def test_everybody_can_see_who_is_on_call(ops):
    told = await says(ops.alice, "oncall")

    assert told.key == "oncall.always"
    assert told.args["now"] == "Bob Durand, Dave Leroy"


async def test_who_takes_over_is_on_call_alone_until_the_moment_they_said(ops):
    await ops.edits_catalog("provider.yaml", "members: [bob, dave]", "members: [bob]")
    card = await ops.alice.asks("backup db-prod-2")

    before = await ops.dave.approves(card)
    taken = await says(ops.dave, "oncall take until tomorrow 09:00")
    other = await ops.bob.approves(card)
    after = await ops.dave.approves(card)

    assert before.key == "refused.not-a-decider"
    assert taken.key == "oncall.taken"
    assert other.key == "refused.not-a-decider"
    assert after.key == "decided.approve"
    assert await ops.state(card) is State.APPROVED
    ops.clock.passes(days=2)
    assert (await says(ops.alice, "oncall")).args["now"] == "Bob Durand"


async def test_who_hands_over_tells_the_other_and_the_provider(ops):
    told = await says(ops.bob, "oncall give <@U0DAVE> until tomorrow 09:00")
    await ops.speaks()

    shown = await says(ops.alice, "oncall")
    assert told.key == "oncall.given"
    assert shown.args["now"] == "Dave Leroy"
    assert shown.args["next"] == "Bob Durand, Dave Leroy"
    for room in ("D0DAVE", ONCALL):
        (said,) = ops.slack.posts(room)
        assert said.text.startswith("Bob Durand handed over: Dave Leroy is on call")
    records = await ops.audit(client="claranet")
    (record,) = [one for one in records if one.event == "duty.passed"]
    assert (record.actor, json.loads(record.body)["member"]) == ("bob", "dave")


async def test_an_approval_stands_after_the_rota_was_handed_over(ops):
    card = await ops.alice.asks("backup db-prod-2")
    await ops.bob.approves(card)
    await says(ops.bob, "oncall give <@U0DAVE> until tomorrow 09:00")

    await ops.works()

    assert await ops.state(card) is State.DONE


@pytest.mark.parametrize(
    ("person", "words", "rule"),
    [
        ("alice", "oncall take", "rota-not-yours"),
        ("erin", "oncall take", "rota-not-yours"),
        ("bob", "oncall give <@U0ERIN> until tomorrow 09:00", "rota-not-theirs"),
        ("bob", "oncall give <@U0ALICE> until tomorrow 09:00", "rota-not-theirs"),
        ("bob", "oncall give <@U0NOBODY> until tomorrow 09:00", "nobody-known"),
        ("bob", "oncall give dave until tomorrow 09:00", "oncall-usage"),
        ("bob", "oncall give <@U0DAVE>", "oncall-usage"),
        ("bob", "oncall take tomorrow 09:00", "oncall-usage"),
        ("bob", "oncall take until tomorrow 09:00 please", "oncall-usage"),
        ("bob", "oncall sleep", "oncall-usage"),
        ("bob", "oncall take until 2099-01-01 09:00", "when-far"),
        ("mallory", "oncall", "unknown-person"),
        ("henri", "oncall", "deactivated"),
    ],
)
async def test_who_may_not_or_cannot_be_read_is_told_why(ops, person, words, rule):
    told = await says(getattr(ops, person), words)

    written = json.loads((await ops.audit())[-1].body)
    assert told.key == f"refused.{rule}"
    assert (await ops.events())[-1] == "request.refused"
    named = rule.startswith("rota-") or rule in {"unknown-person", "deactivated"}
    assert written.get("rule") == (rule if named else None)


async def test_an_override_lasts_two_weeks_at_most(ops):
    day = (ops.clock.now() + timedelta(days=15)).strftime("%Y-%m-%d")

    told = await says(ops.bob, f"oncall take until {day} 09:00")

    assert told.key == "refused.oncall-long"


async def test_nothing_is_said_of_the_rota_in_a_room_that_is_nobody_s(ops):
    told = await says(ops.bob.at("C0NOWHERE"), "oncall")

    assert told.key == "refused.unknown-channel"


async def test_the_rota_is_taken_over_in_the_provider_s_own_channel_too(ops):
    told = await says(ops.bob.at(ONCALL), "oncall take")

    assert told.key == "oncall.taken"


async def test_a_click_that_is_delivered_twice_takes_over_once(ops):
    knock = ops.bob._knock("oncall take")
    first = await oncall(knock, front=ops.back)
    again = await oncall(knock, front=ops.back)

    standing = await ops.back.store.standing("claranet", at=ops.clock.now())
    assert first == again
    assert len(standing.duties) == 1


async def test_overrides_are_the_provider_s_and_no_client_sees_them(ops):
    await says(ops.bob, "oncall take")

    assert (await ops.back.store.standing("acme", at=ops.clock.now())).duties == ()


async def test_who_the_calendar_names_decides(ops, pager):
    await by_calendar(ops)
    await ops.sweeps()
    card = await ops.alice.asks("backup db-prod-2")

    other = await ops.bob.approves(card)
    told = await ops.dave.approves(card)

    assert other.key == "refused.not-a-decider"
    assert told.key == "decided.approve"


async def test_a_calendar_is_not_read_at_every_sweep(ops, pager):
    await by_calendar(ops)

    await ops.sweeps()
    await ops.sweeps()

    assert pager.reads == ["pager"]


async def test_a_calendar_that_stands_still_leaves_nobody_and_everybody_is_told_once(
    ops, pager
):
    await by_calendar(ops)
    await ops.sweeps()
    card = await ops.alice.asks("backup db-staging")
    pager.answers = False
    ops.clock.passes(hours=2, minutes=1)
    await ops.sweeps()
    await ops.sweeps()

    told = await ops.dave.approves(card)

    assert told.key == "refused.not-a-decider"
    for room in ("C0ACMEOPS", "C0GLOBEXOPS", ONCALL):
        said = [one.text for one in ops.slack.posts(room) if "pager" in one.text]
        assert len(said) == 1
    assert (await ops.events(client="claranet")).count("rota.stalled") == 1


async def test_whoever_takes_over_a_dead_calendar_can_approve(ops, pager):
    await by_calendar(ops)
    pager.answers = False
    await ops.sweeps()
    card = await ops.alice.asks("backup db-prod-2")

    await says(ops.bob, "oncall take")
    told = await ops.bob.approves(card)

    assert told.key == "decided.approve"


async def test_who_died_while_telling_of_a_calendar_tells_nobody_twice(ops, pager):
    await by_calendar(ops)
    pager.answers = False
    store, tried = ops.back.store, []

    async def write(writes):
        if writes.timing is not None and writes.timing.told and not tried:
            tried.append(writes)
            raise Unavailable("the database", "not now")
        await store.write(writes)

    ops.back = ops.with_ports(store=Instead(store, write=write))
    await ops.sweeps()
    half = await ops.events(client="claranet")

    await ops.sweeps()

    assert "rota.stalled" not in half
    for room in ("C0ACMEOPS", "C0GLOBEXOPS", ONCALL):
        said = [one.text for one in ops.slack.posts(room) if "pager" in one.text]
        assert len(said) == 1
    assert (await ops.events(client="claranet")).count("rota.stalled") == 1


async def test_a_calendar_that_comes_back_is_said_once(ops, pager):
    await by_calendar(ops)
    pager.answers = False
    await ops.sweeps()
    pager.answers = True
    await ops.sweeps()
    ops.clock.passes(minutes=30)
    await ops.sweeps()

    said = [one.text for one in ops.slack.posts(ONCALL) if "is read again" in one.text]
    events = await ops.events(client="claranet")
    assert len(said) == 1
    assert events.count("rota.stalled") == events.count("rota.resumed") == 1
    assert (await says(ops.alice, "oncall")).args["now"] == "Dave Leroy"


async def test_a_slack_group_says_who_is_on_call_by_their_accounts(ops, pager):
    await ops.edits_catalog(
        "provider.yaml",
        "on_call:\n  - members: [bob, dave]",
        "on_call:\n  - group: { team: T0CLARANET, id: S0ONCALL }",
    )
    pager.users = ("U0DAVE", "U0ALICE", "U0STRANGER")

    await ops.sweeps()

    assert (await says(ops.alice, "oncall")).args["now"] == "Dave Leroy"


async def test_a_process_without_feeds_has_nobody_on_call_by_them(ops):
    await ops.edits_catalog("provider.yaml", "on_call:\n  - members: [bob, dave]", FEED)
    await ops.sweeps()

    assert (await says(ops.alice, "oncall")).args["now"] == "-"


async def test_the_next_on_the_rota_is_told_and_then_the_managers(ops):
    await ops.edits_catalog("routes.yaml", "expires: 1h", "expires: 3h")
    card = await ops.alice.asks("backup db-prod-2")
    ops.clock.passes(minutes=21)
    await ops.sweeps()
    await ops.sweeps()
    first = {room: len(ops.slack.posts(room)) for room in ("D0BOB", "D0DAVE", "D0ERIN")}
    ops.clock.passes(minutes=20)
    await ops.sweeps()

    assert first == {"D0BOB": 0, "D0DAVE": 1, "D0ERIN": 0}
    assert "you are next on the rota" in ops.slack.posts("D0DAVE")[0].text
    (told,) = ops.slack.posts("D0ERIN")
    assert "Nobody of the rota has decided" in told.text
    assert (await ops.events(card)).count("operation.escalated") == 2


async def test_without_a_word_of_the_catalog_nobody_is_told(ops):
    await ops.edits_catalog(
        "provider.yaml", "escalation: { next_after: 20m, manager_after: 40m }", ""
    )
    card = await ops.alice.asks("backup db-prod-2")
    ops.clock.passes(minutes=41)

    await ops.sweeps()

    assert "operation.escalated" not in await ops.events(card)
    assert ops.slack.posts("D0DAVE") == ops.slack.posts("D0ERIN") == []


async def test_what_has_time_until_its_moment_is_not_urgent_before(ops):
    at = (ops.clock.now() + timedelta(hours=5)).replace(second=0, microsecond=0)
    await ops.alice.says(f'backup db-prod-2 --at "{at:%Y-%m-%dT%H:%MZ}"')
    await ops.works()
    card = await ops.card((await ops.newest()).id)
    ops.clock.passes(hours=1)
    await ops.sweeps()
    early = await ops.events(card)
    ops.clock.passes(hours=3, minutes=2)

    await ops.sweeps()

    assert "operation.escalated" not in early
    assert (await ops.told(card, "operation.escalated"))["step"] == 1
    assert "you are next on the rota" in ops.slack.posts("D0DAVE")[0].text


async def test_beside_the_only_one_on_call_who_follows_on_the_rota_is_told(ops):
    await says(ops.bob, "oncall take until tomorrow 09:00")
    card = await ops.alice.asks("backup db-prod-2")
    ops.clock.passes(minutes=21)

    await ops.sweeps()

    assert await ops.told(card, "operation.escalated") == {
        "people": ["dave"],
        "step": 1,
    }
    assert "you are next on the rota" in ops.slack.posts("D0DAVE")[0].text
    assert len(ops.slack.posts("D0BOB")) == 0


async def test_where_nobody_follows_on_the_rota_the_thread_says_so(ops):
    await ops.edits_catalog("provider.yaml", "members: [bob, dave]", "members: [bob]")
    card = await ops.alice.asks("backup db-prod-2")
    ops.clock.passes(minutes=21)

    await ops.sweeps()

    assert (await ops.told(card, "operation.escalated"))["people"] == []
    assert ops.slack.posts("D0DAVE") == ops.slack.posts("D0BOB") == []


async def test_what_was_decided_is_not_escalated(ops):
    card = await ops.alice.asks("backup db-prod-2")
    await ops.bob.denies(card, "not today, please")
    ops.clock.passes(minutes=45)

    await ops.sweeps()

    assert "operation.escalated" not in await ops.events(card)


async def test_what_waits_for_the_client_alone_is_not_escalated_to_the_provider(ops):
    card = await ops.gina.asks("resize shop-1 m5.large", client="globex")
    await ops.bob.at(GLOBEX).approves(card)
    ops.clock.passes(minutes=45)

    await ops.sweeps()

    assert "operation.escalated" not in await ops.events(card)


async def test_low_risk_calls_nobody_at_night_and_has_the_morning_left(ops):
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
    card = await ops.alice.asks("backup db-staging")
    ops.clock.passes(hours=3)
    await ops.sweeps()
    quiet = [ops.slack.posts(room) for room in ("D0BOB", "D0DAVE", "D0ERIN")]
    thread = ops.slack.thread(card)
    ops.clock.passes(hours=3, minutes=1)
    await ops.sweeps()

    assert card.operation.risk.name == "LOW"
    assert "nobody is called for it before the morning" in card
    assert quiet == [[], [], []]
    assert not any("U0BOB" in one for one in thread)
    assert any("U0BOB" in one for one in ops.slack.thread(card))
    assert await ops.state(card) is State.PROPOSED
    left = card.operation.expires_at - night
    assert timedelta(hours=7, minutes=50) < left < timedelta(hours=8, minutes=5)


async def test_low_risk_is_not_reminded_of_at_night_but_in_the_morning(ops):
    dusk = ops.clock.now()
    await ops.edits_catalog(
        "provider.yaml",
        "escalation: {",
        "quiet:\n"
        "  timezone: UTC\n"
        f"  from: {dusk + timedelta(minutes=30):%H:%M}\n"
        f"  until: {dusk + timedelta(hours=6):%H:%M}\n"
        "escalation: {",
    )
    await ops.edits_catalog(
        "routes.yaml",
        "expires: 12h\n    remind_before: 1h",
        "expires: 2h\n    remind_before: 100m",
    )
    card = await ops.alice.asks("backup db-staging")
    ops.clock.passes(hours=5, minutes=55)
    await ops.sweeps()
    at_night = await ops.events(card)
    due = card.operation.decide_by - card.operation.route.remind_before
    was_due = ops.clock.now() >= due
    ops.clock.passes(minutes=6)

    await ops.sweeps()

    assert was_due
    assert "operation.reminded" not in at_night
    assert (await ops.events(card)).count("operation.reminded") == 1


async def test_higher_risk_calls_at_night_too(ops):
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

    card = await ops.alice.asks("backup db-prod")

    assert card.operation.risk.name != "LOW"
    assert any("U0BOB" in one for one in ops.slack.thread(card))
