"""What these rules have answered before is not asked again, and is never another's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.rights import Action, Actor, Asked, Thing, answered, judge, recall
from bot.domain.rights.rules import compiled
from bot.domain.scope import Environment, Risk
from bot.outbound.catalog_policies import shipped

ROLES = ("client.developer", "client.owner", "provider.oncall", "provider.manager")
QUESTIONS = st.builds(
    Asked,
    action=st.sampled_from(Action),
    actor=st.builds(
        Actor,
        id=st.sampled_from(["alice", "bob"]),
        organisation=st.sampled_from(["acme", "claranet"]),
        roles=st.frozensets(st.sampled_from(ROLES), max_size=2),
    ),
    client=st.sampled_from(["acme", "globex"]),
    thing=st.builds(
        Thing,
        name=st.sampled_from(["db-prod", "web-2"]),
        environment=st.sampled_from(Environment),
        kind=st.sampled_from(["database", "instance"]),
        critical=st.booleans(),
    ),
    command=st.sampled_from(["backup", "resize"]),
    risk=st.sampled_from(Risk),
    requester=st.sampled_from(["alice", "bob"]),
)


@pytest.fixture(scope="module")
def rules():
    return compiled(shipped(), clients=("acme", "globex"))


def alice(*roles):
    thing = Thing("db-prod", Environment.PRODUCTION, "database", critical=True)
    actor = Actor("alice", "acme", frozenset(roles))
    return Asked(Action.ASK, actor, "acme", thing, "backup", Risk.LOW)


@given(st.lists(QUESTIONS, max_size=6))
def test_the_answers_are_the_judge_s_at_first_and_ever_after(rules, questions):
    own = rules["acme"]
    wanted = tuple(judge(own, [one])[0] for one in questions)

    for _ in range(2):
        for one, answer in zip(questions, wanted, strict=True):
            assert answered(own, [one]) == (answer,)


def test_a_question_is_judged_once(rules, monkeypatch):
    own = compiled(shipped(), clients=("acme",))["acme"]
    judged = []
    monkeypatch.setattr(
        recall, "judge", lambda of, new: judged.append(new) or judge(of, new)
    )
    question = alice("client.developer")

    first = answered(own, [question, question])
    again = answered(own, [question])

    assert first == again * 2
    assert judged == [[question], []]


def test_who_lost_a_role_asks_another_question():
    own = compiled(shipped(), clients=("acme",))["acme"]

    with_role, without = (
        answered(own, [alice("client.developer")]),
        answered(own, [alice()]),
    )

    assert (with_role[0].allowed, without[0].allowed) == (True, False)


def test_other_rules_have_answered_nothing_and_share_nothing(rules):
    answered(rules["acme"], [alice("client.developer")])

    assert rules["globex"].answers is not rules["acme"].answers
    assert compiled(shipped(), clients=("acme",))["acme"].answers == {}


def test_more_than_it_keeps_is_forgotten_and_still_answered(monkeypatch):
    own = compiled(shipped(), clients=("acme",))["acme"]
    monkeypatch.setattr(recall, "MOST", 2)
    one, two, three = alice("client.developer"), alice(), alice("client.owner")

    kept = []
    for question in (one, two, three):
        assert answered(own, [question]) == judge(own, [question])
        kept.append(set(own.answers))

    assert kept == [{one}, {one, two}, {three}]
