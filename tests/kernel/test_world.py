"""What the catalog says as a whole: whose people, hours, freezes, rules and routes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from bot.domain.catalog import Catalog
from bot.domain.ladder import COMMAND
from bot.domain.rights import Action, Actor, Asked, judge
from bot.domain.scope import Environment, Risk
from bot.domain.timing.rota import Duty, Standing
from bot.outbound.catalog_policies import shipped
from tests.domain.test_catalog import client, member, provider

NOON = datetime(2026, 6, 3, 10, 0, tzinfo=UTC)
HOURS = {
    "timezone": "Europe/Paris",
    "open": [{"days": ["mon"], "from": "09:00", "until": "18:00"}],
}
FREEZE = {
    "name": "sale",
    "reason": "the summer sale",
    "timezone": "UTC",
    "from": "2026-06-03T09:00",
    "until": "2026-06-03T11:00",
}


def world(*, ours=None, theirs=None, people=(), routes=()):
    return Catalog(
        provider=provider(**(ours or {})),
        clients=(
            client("acme", member("alice", "owner"), *people, **(theirs or {})),
            client("globex", member("gina", "owner")),
        ),
        routes=routes,
        policies=shipped(),
    )


def ids(people):
    return [one.id for one in people]


# --- whose people


def test_who_has_rights_on_a_client_is_its_own_and_the_providers_people():
    gone = member("zed", "owner", deactivated=True)

    found = ids(world(people=(gone,)).people("acme"))

    assert found == ["bob", "dave", "erin", "alice"]


def test_a_copy_with_other_targets_knows_these_and_no_others():
    made = client("acme", member("alice", "owner"))
    before = (made.names, made.target("web-9"))
    other = SimpleNamespace(name="web-9")

    copied = made.model_copy(update={"targets": (other,)})

    assert before == (("web-1", "db-prod"), None)
    assert (copied.names, copied.target("web-9")) == (("web-9",), other)


# --- hours


def test_a_client_without_hours_has_the_providers_and_else_none():
    neither, ours = world(), world(ours={"hours": HOURS})

    assert neither.calendars("acme") == ()
    assert neither.timezone("acme") == neither.timezone("nobody") == "UTC"
    assert [one.timezone for one in ours.calendars("acme")] == ["Europe/Paris"]
    assert ours.timezone("acme") == ours.timezone("nobody") == "Europe/Paris"


def test_a_clients_own_hours_come_first():
    own = HOURS | {"timezone": "Asia/Tokyo"}
    found = world(ours={"hours": HOURS}, theirs={"hours": own})

    zones = [one.timezone for one in found.calendars("acme")]
    assert zones == ["Asia/Tokyo", "Europe/Paris"]
    assert found.timezone("acme") == "Asia/Tokyo"
    assert found.timezone("globex") == "Europe/Paris"


# --- freezes


@pytest.mark.parametrize("whose", ["ours", "theirs"])
def test_a_freeze_of_either_company_holds(whose):
    found = world(**{whose: {"freezes": [FREEZE]}})

    def held(client, at):
        return found.hold(
            client,
            freezes=(),
            environment=Environment.STAGING,
            command="resize",
            at=at,
        )

    assert held("acme", NOON).reason == "the summer sale"
    assert held("acme", NOON + timedelta(hours=2)) is None
    assert (held("globex", NOON) is not None) == (whose == "ours")


# --- rules and routes


def test_each_client_is_asked_by_its_own_rules():
    found = world()
    question = Asked(
        Action.SEE, Actor("alice", "acme", frozenset({"client.owner"})), "acme"
    )

    assert judge(found.rules("acme"), (question,))[0].allowed
    assert not judge(found.rules("globex"), (question,))[0].allowed


def test_a_move_on_the_ladder_is_agreed_by_both_whatever_the_routes_say():
    found = world()

    def route(command):
        return found.route(
            client="acme",
            risk=Risk.LOW,
            environment=Environment.STAGING,
            command=command,
        )

    assert route("resize") is None
    agreed = route(COMMAND)
    assert [one.role for one in agreed.needs] == ["client.owner", "provider.manager"]
    assert agreed.expires == found.client("acme").requests.expires
    assert agreed.envelope is None


def test_whoever_left_is_not_on_call_whatever_is_said():
    left = member("dave", "engineer", deactivated=True)
    found = world(ours={"members": [member("bob", "engineer"), left]})

    def on_call(name):
        said = Duty(
            id="d1",
            member=name,
            begins=NOON - timedelta(hours=1),
            until=NOON + timedelta(hours=1),
            by="erin",
        )
        return ids(found.on_call(NOON, standing=Standing(duties=(said,))))

    assert "dave" not in on_call("dave")
    assert "nobody" not in on_call("nobody")
    assert on_call("bob")[0] == "bob"
    assert "alice" not in on_call("alice")
