"""Which rule a request falls to: in order, risk only raises, envelopes run out."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.domain.catalog.choosing import (
    Request,
    chosen_rule,
    first_rule,
    passed,
    plans_apart,
)
from bot.domain.catalog.routes import RouteRule
from bot.domain.catalog.rule_consistency import rule_inconsistencies
from bot.domain.ladder import TrustLevel
from bot.domain.route import Facts
from bot.domain.scope import Environment, Risk

ONCALL = {"role": "provider.oncall"}
OWNER = {"role": "client.owner"}
PRODUCTION = Environment.PRODUCTION

matches = st.fixed_dictionaries(
    {},
    optional={
        "risk": st.sampled_from(["low", "medium", "high"]),
        "environment": st.sampled_from(["staging", "production"]),
        "command": st.sampled_from(["resize", "backup"]),
        "hours": st.sampled_from(["open", "closed"]),
        "trust": st.sampled_from(["propose", "self-serve"]),
        "destroys": st.booleans(),
        "replaces": st.booleans(),
        "addresses_up_to": st.integers(0, 3),
    },
)
asks = st.sampled_from(
    [
        {"needs": [ONCALL]},
        {"needs": [ONCALL, OWNER]},
        {"needs": [{**ONCALL, "count": 3}]},
        {"needs": [], "envelope": {"name": "small", "per_day": 2}},
        {"needs": [], "envelope": {"name": "tiny", "per_day": 5}},
    ]
)
rules = st.lists(
    st.builds(
        lambda match, ask: RouteRule.model_validate({"match": match, **ask}),
        matches,
        asks,
    ),
    max_size=6,
)
requests = st.builds(
    Request,
    environment=st.sampled_from(Environment),
    command=st.sampled_from(["resize", "backup", "other"]),
    trust=st.sampled_from(TrustLevel),
    facts=st.builds(
        Facts,
        is_open=st.booleans(),
        destroys=st.integers(0, 2),
        replaces=st.integers(0, 2),
        addresses=st.integers(0, 5),
    ),
)
uses = st.dictionaries(st.sampled_from(["small", "tiny"]), st.integers(0, 6))


def rule(**fields):
    return RouteRule.model_validate(fields)


@given(rules, requests, uses)
def test_more_risk_never_asks_fewer_people(routes, request_, used):
    chosen = [
        chosen_rule(routes, risk=risk, request=request_, used=used) for risk in Risk
    ]

    people = [one.people for one in chosen if one is not None]
    assert people == sorted(people)


@given(rules, requests, uses, st.sampled_from(Risk))
def test_the_first_that_fits_is_the_one_unless_less_risk_asks_more(
    routes, request_, used, risk
):
    chosen = chosen_rule(routes, risk=risk, request=request_, used=used)

    own = first_rule(routes, risk=risk, request=request_, used=used)
    if own is None:
        assert chosen is None
    else:
        assert chosen is own or chosen.people > own.people


@given(rules, requests, uses, st.sampled_from(Risk))
def test_an_envelope_lets_no_more_pass_than_it_says(routes, request_, used, risk):
    chosen = chosen_rule(routes, risk=risk, request=request_, used=used)

    if chosen is not None and not chosen.needs:
        counted = passed(chosen, used)
        assert counted.number == used[chosen.envelope.name] + 1
        assert counted.number <= chosen.envelope.per_day


@given(rules)
def test_rules_that_are_called_sound_choose_the_same_without_the_guard(routes):
    wrong = {one.message.key for one in rule_inconsistencies((), routes)}
    if "catalog.lowered-by-risk" in wrong:
        return

    for risk in Risk:
        for count in range(6):
            request = Request(
                environment=PRODUCTION,
                command="resize",
                facts=Facts(addresses=count, destroys=count % 2),
            )
            own = first_rule(routes, risk=risk, request=request, used={})
            guarded = chosen_rule(routes, risk=risk, request=request, used={})
            assert guarded is own


@given(rules, requests, st.sampled_from(Risk))
def test_what_a_rule_takes_all_of_never_reaches_the_other(routes, request_, risk):
    for index, later in enumerate(routes):
        for earlier in routes[:index]:
            if earlier.match.takes_all_of(later.match):
                about = request_.model_dump(exclude={"facts"})
                fits = {"risk": risk, "facts": request_.facts, **about}
                assert not later.match.fits(**fits) or earlier.match.fits(**fits)


@pytest.mark.parametrize(
    ("match", "facts", "fits"),
    [
        ({"hours": "open"}, Facts(is_open=True), True),
        ({"hours": "open"}, Facts(is_open=False), False),
        ({"hours": "closed"}, Facts(is_open=False), True),
        ({"destroys": False}, Facts(destroys=1), False),
        ({"destroys": True}, Facts(destroys=1), True),
        ({"replaces": False}, Facts(replaces=1), False),
        ({"addresses_up_to": 1}, Facts(addresses=1), True),
        ({"addresses_up_to": 1}, Facts(addresses=2), False),
    ],
)
def test_rules_look_at_hours_and_at_the_plan(match, facts, fits):
    found = rule(match=match, needs=[ONCALL]).match.fits(
        risk=Risk.LOW, environment=PRODUCTION, command="resize", facts=facts
    )

    assert found is fits


def test_a_used_up_envelope_falls_to_the_next_rule():
    small = {"name": "small", "per_day": 2}
    routes = [rule(needs=[], envelope=small), rule(needs=[ONCALL])]
    request = Request(environment=PRODUCTION, command="resize")

    def needs(used):
        return chosen_rule(routes, risk=Risk.LOW, request=request, used=used).needs

    assert needs({"small": 1}) == ()
    assert needs({"small": 2}) == routes[1].needs
    assert needs({}) == routes[1].needs


@pytest.mark.parametrize(
    "fields",
    [
        {"needs": []},
        {"needs": [ONCALL], "envelope": {"name": "small", "per_day": 2}},
    ],
)
def test_a_rule_has_people_or_an_envelope(fields):
    with pytest.raises(ValidationError, match="people, or an envelope"):
        rule(**fields)


def test_an_envelope_is_in_one_rule_and_hides_none():
    small = {"name": "small", "per_day": 2}
    routes = [
        rule(needs=[], envelope=small, match={"risk": "low"}),
        rule(needs=[], envelope=small, match={"risk": "low"}),
        rule(needs=[ONCALL], expires="2h", remind_before="5m"),
    ]

    found = [one.message.key for one in rule_inconsistencies((), routes)]

    assert found == ["catalog.envelope-twice"]
    assert routes[2].expires == timedelta(hours=2)


def test_an_envelope_for_more_risk_than_people_decide_on_is_refused():
    small = {"name": "small", "per_day": 2}
    routes = [
        rule(needs=[], envelope=small, match={"risk": "high"}),
        rule(needs=[ONCALL]),
    ]

    found = [one.message.key for one in rule_inconsistencies((), routes)]

    assert found == ["catalog.lowered-by-risk"]


def test_every_plan_that_the_rules_tell_apart_is_tried_and_no_impossible_one():
    routes = [rule(match={"addresses_up_to": most}, needs=[ONCALL]) for most in (0, 3)]

    found = {(one.addresses, one.destroys, one.replaces) for one in plans_apart(routes)}
    plain = {(one.destroys, one.replaces) for one in plans_apart([])}

    assert {one[0] for one in found} == {0, 1, 2, 3, 4}
    assert {one[1:] for one in found if one[0] == 0} == {(0, 0)}
    assert {one[1:] for one in found if one[0] == 1} == {(0, 0), (0, 1), (1, 0)}
    assert plain == {(0, 0), (0, 1), (1, 0), (1, 1)}
