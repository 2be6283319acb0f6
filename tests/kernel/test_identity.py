"""Who is at the door: the pair of team and user, in a room of a client, or nobody."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.domain.catalog import Catalog, ProviderChannel
from bot.domain.errors import BadArguments, NotAllowed
from bot.domain.message import Message
from bot.domain.operation import Place
from bot.domain.timing.rota import Standing
from bot.flow.door import Knock, arrive, enter, turn_away
from tests.domain.test_catalog import TEAM, client, member, provider
from tests.kernel.desk import front

WORLD = Catalog(
    provider=provider(slack_teams=[TEAM, "T0OTHER"]),
    clients=(
        client("acme", member("alice", "developer", gitlab="Alice")),
        client("globex", member("gina", "owner")),
    ),
    routes=(),
)
USERS = ("U0ALICE", "U0GINA", "U0BOB", "U0ERIN", "U0NOBODY", "u0alice", "")
ROOMS = ("C0ACME", "C0GLOBEX", "C0ONCALL", "C0NOWHERE", "")
TEAMS = (TEAM, "T0OTHER", "t0claranet", "")


def knock(user="U0ALICE", channel="C0ACME", team=TEAM, **more):
    return Knock(team, user, channel, more.pop("text", "help"), "slash:1", **more)


def said(who):
    with pytest.raises(NotAllowed) as refusal:
        enter(who, front=front(WORLD))
    return refusal.value.message


def test_a_member_in_their_clients_room_is_let_in_as_who_they_are():
    caller = enter(knock(), front=front(WORLD))

    assert (caller.person.id, caller.person.organisation) == ("alice", "acme")
    assert caller.client.id == "acme"
    assert caller.place == Place(team=TEAM, channel="C0ACME")
    assert caller.knock == knock()
    assert caller.knock.source == "slack"


def test_the_providers_people_are_let_in_wherever_a_client_is():
    caller = enter(knock("U0BOB", "C0GLOBEX"), front=front(WORLD))

    assert (caller.person.id, caller.client.id) == ("bob", "globex")


@pytest.mark.parametrize(
    ("who", "key"),
    [
        (knock(channel="C0NOWHERE"), "refused.unknown-channel"),
        (knock(team="T0OTHER"), "refused.unknown-channel"),
        (knock("U0BOB", "C0ONCALL"), "refused.provider-channel"),
        (knock("U0NOBODY"), "refused.unknown-person"),
        (knock("U0GINA"), "refused.other-client"),
    ],
)
def test_who_is_turned_away_learns_why(who, key):
    assert said(who).key == key


def test_in_the_providers_own_room_one_is_shown_the_clients_rooms():
    args = said(knock("U0BOB", "C0ONCALL")).args

    assert args == {"channels": "#acme, #globex"}


def test_a_stranger_is_told_whose_room_it_is():
    assert said(knock("U0NOBODY")).args == {"client": "Acme"}


@given(
    user=st.sampled_from(USERS),
    channel=st.sampled_from(ROOMS),
    team=st.sampled_from(TEAMS),
)
def test_nobody_is_ever_let_in_but_by_the_exact_pair(user, channel, team):
    people = {"U0ALICE": {"C0ACME"}, "U0GINA": {"C0GLOBEX"}}
    people |= {one: {"C0ACME", "C0GLOBEX"} for one in ("U0BOB", "U0ERIN")}
    allowed = team == TEAM and channel in people.get(user, set())

    if allowed:
        enter(knock(user, channel, team), front=front(WORLD))
    else:
        assert said(knock(user, channel, team)).key.startswith("refused.")


def test_who_was_deactivated_is_turned_away_by_that_very_rule():
    gone = member("alice", "developer", deactivated=True)
    world = Catalog(provider=provider(), clients=(client("acme", gone),), routes=())

    with pytest.raises(NotAllowed) as refusal:
        enter(knock(), front=front(world))

    told = Message.of("refused.deactivated", {"client": "Acme"})
    assert (refusal.value.message, refusal.value.rule) == (told, "deactivated")


async def test_the_rota_is_read_for_the_providers_people_alone():
    desk, read = front(WORLD), []
    standing = Standing(delegations=())

    async def told(provider, *, at):
        read.append((provider, at))
        return standing

    desk.store.standing = told

    alice = await arrive(knock(), front=desk)
    before = tuple(read)
    bob = await arrive(knock("U0BOB"), front=desk)

    assert (alice.person.id, before) == ("alice", ())
    assert (bob.person.id, read) == ("bob", [("claranet", desk.now())])
    assert bob.standing is standing


# --- turning away


REFUSAL = NotAllowed(Message.of("refused.why"))


@pytest.mark.parametrize(
    ("channel", "chain"),
    [("C0ACME", "acme"), ("C0ONCALL", "claranet"), ("C0NOWHERE", "claranet")],
)
async def test_a_refusal_is_written_into_the_chain_of_whose_room_it_is(channel, chain):
    desk = front(WORLD)

    answer = await turn_away(
        knock(channel=channel, source="cli"), refusal=REFUSAL, front=desk
    )

    (writes,) = desk.store.writes
    (event,) = writes.events
    assert answer == REFUSAL.message
    assert (writes.client, writes.at) == (chain, desk.now())
    assert (writes.delivery.key, writes.delivery.answer) == ("slash:1", answer)
    assert (event.name.value, event.actor, event.source, event.operation) == (
        "request.refused",
        "alice",
        "cli",
        None,
    )
    assert event.body == {
        "line": "help",
        "channel": channel,
        "reason": answer.model_dump(mode="json"),
    }


@pytest.mark.parametrize(
    ("refusal", "rule"),
    [
        (NotAllowed(Message.of("refused.why"), rule="own"), {"rule": "own"}),
        (BadArguments(Message.of("refused.why")), {}),
    ],
)
async def test_the_rule_that_said_no_is_written_down_where_it_was_one(refusal, rule):
    desk = front(WORLD)

    answer = await turn_away(knock(), refusal=refusal, front=desk)

    (event,) = desk.store.writes[0].events
    assert event.body == {
        "line": "help",
        "channel": "C0ACME",
        "reason": answer.model_dump(mode="json"),
        **rule,
    }


async def test_a_refused_decision_is_part_of_its_operations_story():
    desk = front(WORLD)

    await turn_away(
        knock("U0NOBODY", text="x" * 500), refusal=REFUSAL, front=desk, operation="op"
    )

    (event,) = desk.store.writes[0].events
    assert (event.name.value, event.operation) == ("decision.refused", "op")
    assert event.actor == f"{TEAM}/U0NOBODY"
    assert event.body["line"] == "x" * 300


async def test_a_one_time_code_in_a_refused_line_is_not_written_down():
    desk = front(WORLD)
    code = "abcd+efgh+ijkl+mnop+qrst"

    await turn_away(knock(text=f"confirm {code} now"), refusal=REFUSAL, front=desk)

    (event,) = desk.store.writes[0].events
    assert event.body["line"] == "confirm … now"


async def test_a_repeated_delivery_is_told_what_it_was_told():
    desk = front(WORLD)
    other = NotAllowed(Message.of("refused.other"))
    first = await turn_away(knock(), refusal=REFUSAL, front=desk)

    again = await turn_away(knock(), refusal=other, front=desk)
    desk.store.forgets()
    forgotten = await turn_away(knock(), refusal=other, front=desk)

    assert again == first
    assert forgotten == other.message
    assert len(desk.store.writes) == 1


# --- looking up


def test_every_lookup_is_exact_and_finds_nothing_else():
    assert WORLD.person(TEAM, "U0ALICE").id == "alice"
    assert WORLD.person("T0OTHER", "U0ALICE") is None
    assert WORLD.member("gina").organisation == "globex"
    assert WORLD.member("Gina") is None
    assert WORLD.by_gitlab("ALICE").id == "alice"
    assert WORLD.by_gitlab("alice").id == "alice"
    assert WORLD.by_gitlab("BOB").id == "bob"
    assert WORLD.by_gitlab("") is None
    assert WORLD.client("acme").name == "Acme"
    assert WORLD.client("claranet") is None
    assert WORLD.channel(TEAM, "C0GLOBEX") is WORLD.client("globex")
    assert isinstance(WORLD.channel(TEAM, "C0ONCALL"), ProviderChannel)
    assert WORLD.channel(TEAM, "C0ONCALL").provider == "claranet"
    assert WORLD.channel(TEAM, "C0ONCALL").channel.name == "oncall"


def test_a_catalog_that_contradicts_itself_is_refused_with_file_and_place():
    twice = client(
        "acme",
        member("alice", "developer"),
        channels=WORLD.client("globex").model_dump(mode="json")["channels"],
    )

    with pytest.raises(ValidationError, match=r"\.yaml \(.*\): [a-z]"):
        Catalog(
            provider=WORLD.provider,
            clients=(twice, WORLD.client("globex")),
            routes=(),
        )
