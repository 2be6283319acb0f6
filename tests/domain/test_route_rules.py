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
    relied_on,
)
from bot.domain.catalog.routes import DeciderRole, Match, RouteRule
from bot.domain.catalog.rule_consistency import rule_inconsistencies
from bot.domain.cost import Cost
from bot.domain.ladder import TrustLevel
from bot.domain.route import Facts, Passed
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
        "costs_up_to": st.integers(0, 3),
        "after_success": st.integers(1, 4),
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
        cost=st.none() | st.builds(Cost, cents=st.integers(-100, 500)),
        successes=st.integers(0, 6),
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


def test_what_only_more_risk_would_ask_is_not_asked_of_less():
    routes = [
        rule(match={"risk": "high"}, needs=[ONCALL, OWNER]),
        rule(needs=[ONCALL]),
    ]
    request = Request(environment=PRODUCTION, command="resize")

    chosen = [chosen_rule(routes, risk=risk, request=request, used={}) for risk in Risk]

    assert chosen == [routes[1], routes[1], routes[0]]


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


@given(
    rules,
    requests,
    st.sampled_from(Risk),
    st.booleans(),
    st.none() | st.integers(0, 500),
    st.integers(0, 6),
)
def test_among_sound_rules_what_costs_more_or_went_well_less_asks_no_fewer_people(  # noqa: PLR0917 - as hypothesis hands them
    routes, request_, risk, is_free, more, fewer
):
    wrong = {one.message.key for one in rule_inconsistencies((), routes)}
    used = dict.fromkeys(("small", "tiny"), 0) if is_free else {}
    cost, successes = request_.facts.cost, request_.facts.successes
    dearer = None if more is None or cost is None else Cost(cents=cost.cents + more)
    steps = {
        "catalog.lowered-by-cost": {"cost": dearer},
        "catalog.lowered-by-history": {"successes": min(fewer, successes)},
    }

    def people(facts):
        one = request_.model_copy(update={"facts": facts})
        found = first_rule(routes, risk=risk, request=one, used=used)
        return None if found is None else found.people

    before = people(request_.facts)
    after = {
        key: people(request_.facts.model_copy(update=step))
        for key, step in steps.items()
    }

    for key, found in after.items():
        if key not in wrong and None not in (before, found):
            assert before <= found


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
        ({"destroys": True}, Facts(destroys=0), False),
        ({"destroys": False}, Facts(destroys=0), True),
        ({"replaces": False}, Facts(replaces=1), False),
        ({"replaces": True}, Facts(replaces=0), False),
        ({"replaces": False}, Facts(replaces=0), True),
        ({"addresses_up_to": 1}, Facts(addresses=1), True),
        ({"addresses_up_to": 1}, Facts(addresses=2), False),
        ({"costs_up_to": 50}, Facts(cost=Cost(cents=50_00)), True),
        ({"costs_up_to": 50}, Facts(cost=Cost(cents=50_01)), False),
        ({"costs_up_to": 0}, Facts(cost=Cost(cents=-1)), True),
        ({"costs_up_to": 1_000_000}, Facts(cost=None), False),
        ({"after_success": 3}, Facts(successes=3), True),
        ({"after_success": 3}, Facts(successes=2), False),
        ({"after_success": 1}, Facts(), False),
    ],
)
def test_rules_look_at_hours_and_at_the_plan(match, facts, fits):
    found = rule(match=match, needs=[ONCALL]).match.fits(
        risk=Risk.LOW, environment=PRODUCTION, command="resize", facts=facts
    )

    assert found is fits


@given(rules, requests, uses, st.sampled_from(Risk), st.data())
def test_a_choice_stands_for_as_long_as_there_are_the_successes_it_relies_on(
    routes, request_, used, risk, data
):
    about = {"risk": risk, "used": used}
    chosen = chosen_rule(routes, request=request_, **about)
    least = relied_on(routes, request=request_, **about)
    fewer = data.draw(st.integers(least, request_.facts.successes))
    facts = request_.facts.model_copy(update={"successes": fewer})
    later = request_.model_copy(update={"facts": facts})

    again = chosen_rule(routes, request=later, **about)

    assert again is chosen


REQUEST = Request(
    environment=PRODUCTION,
    command="resize",
    trust=TrustLevel.REVIEW,
    facts=Facts(
        is_open=True,
        destroys=1,
        replaces=1,
        addresses=2,
        cost=Cost(cents=200),
        successes=2,
    ),
)
FITTING = {
    "risk": "medium",
    "environment": "production",
    "command": "resize",
    "trust": "review",
    "hours": "open",
    "destroys": True,
    "replaces": True,
    "addresses_up_to": 2,
    "costs_up_to": 2,
    "after_success": 2,
}
OTHER = {
    "risk": "high",
    "environment": "staging",
    "command": "backup",
    "trust": "propose",
    "hours": "closed",
    "destroys": False,
    "replaces": False,
    "addresses_up_to": 1,
    "costs_up_to": 1,
    "after_success": 3,
}


def fits(match):
    return rule(match=match, needs=[ONCALL]).match.fits(
        risk=Risk.MEDIUM,
        environment=REQUEST.environment,
        command=REQUEST.command,
        trust=REQUEST.trust,
        facts=REQUEST.facts,
    )


@pytest.mark.parametrize("field", Match.model_fields)
def test_one_thing_that_is_not_so_is_enough_for_a_rule_not_to_fit(field):
    assert fits(FITTING) is True
    assert fits(FITTING | {field: OTHER[field]}) is False
    assert fits({field: FITTING[field]}) is True
    assert fits({}) is True


@pytest.mark.parametrize("field", Match.model_fields)
def test_what_asks_for_less_takes_all_of_what_asks_for_more(field):
    def takes(one, other):
        found = [rule(match=each, needs=[ONCALL]).match for each in (one, other)]
        return found[0].takes_all_of(found[1])

    narrow = {field: FITTING[field]}

    assert takes({}, narrow) is True
    assert takes(narrow, {}) is False
    assert takes({"after_success": 1}, {}) is False
    assert takes(FITTING, FITTING) is True
    assert takes(narrow, FITTING) is True
    # A limit that is wider takes all; any other thing that is asked for is another.
    wider = {"addresses_up_to": 3, "costs_up_to": 3, "after_success": 1}
    if field in wider:
        assert takes({field: wider[field]}, narrow) is True
        assert takes(narrow, {field: wider[field]}) is False
    else:
        assert takes({field: OTHER[field]}, narrow) is False


def test_a_rule_asks_for_one_of_a_role_unless_it_says_how_many():
    assert rule(needs=[ONCALL]).people == 1
    assert rule(needs=[OWNER, {**ONCALL, "count": 3}]).people == 4
    assert rule(needs=[], envelope={"name": "small", "per_day": 1}).people == 0


def test_who_may_be_asked_for_is_written_here_and_nowhere_else():
    assert {one.value for one in DeciderRole} == {
        "provider.oncall",
        "provider.engineer",
        "provider.manager",
        "client.developer",
        "client.owner",
    }


@pytest.mark.parametrize(
    ("match", "is_read"),
    [
        ({"addresses_up_to": 0}, True),
        ({"addresses_up_to": -1}, False),
        ({"addresses_up_to": "3"}, False),
        ({"costs_up_to": 0}, True),
        ({"costs_up_to": -1}, False),
        ({"costs_up_to": "50"}, False),
        ({"after_success": 0}, False),
        ({"after_success": 1}, True),
        ({"after_success": 50}, True),
        ({"after_success": 51}, False),
        ({"after_success": "3"}, False),
    ],
)
def test_limits_are_numbers_that_make_sense(match, is_read):
    if is_read:
        assert rule(match=match, needs=[ONCALL])
        return
    with pytest.raises(ValidationError):
        rule(match=match, needs=[ONCALL])


@pytest.mark.parametrize(
    ("per_day", "is_read"),
    [(0, False), (1, True), (1000, True), (1001, False), ("5", False)],
)
def test_an_envelope_is_for_one_at_least_and_for_a_thousand_at_most(per_day, is_read):
    fields = {"needs": [], "envelope": {"name": "small", "per_day": per_day}}
    if is_read:
        assert rule(**fields).envelope.per_day == per_day
        return
    with pytest.raises(ValidationError):
        rule(**fields)


def test_a_choice_relies_on_what_a_rule_for_less_risk_counts_on():
    routes = [
        rule(match={"risk": "low", "after_success": 2}, needs=[ONCALL, OWNER]),
        rule(match={"risk": "low"}, needs=[{**ONCALL, "count": 3}]),
        rule(needs=[ONCALL]),
    ]
    request = Request(
        environment=PRODUCTION, command="resize", facts=Facts(successes=5)
    )
    about = {"risk": Risk.MEDIUM, "used": {}}

    chosen = chosen_rule(routes, request=request, **about)

    assert chosen is routes[0]
    assert relied_on(routes, request=request, **about) == 2
    assert relied_on([], request=request, **about) == 0


def test_a_used_up_envelope_falls_to_the_next_rule():
    small = {"name": "small", "per_day": 2}
    routes = [rule(needs=[], envelope=small), rule(needs=[ONCALL])]
    request = Request(environment=PRODUCTION, command="resize")

    def needs(used):
        return chosen_rule(routes, risk=Risk.LOW, request=request, used=used).needs

    assert needs({"small": 1}) == ()
    assert needs({"small": 2}) == routes[1].needs
    assert needs({}) == routes[1].needs


def test_a_use_of_an_envelope_is_numbered_from_one_to_its_last():
    small = rule(needs=[], envelope={"name": "small", "per_day": 2})

    found = [passed(small, {"small": used}) for used in (0, 1, 2, 3)]

    assert found == [
        Passed(name="small", number=1, per_day=2),
        Passed(name="small", number=2, per_day=2),
        None,
        None,
    ]
    assert passed(small, {"other": 0}) is None
    assert passed(rule(needs=[ONCALL]), {"small": 0}) is None


@pytest.mark.parametrize(
    "fields",
    [
        {"needs": []},
        {"needs": [ONCALL], "envelope": {"name": "small", "per_day": 2}},
    ],
)
def test_a_rule_has_people_or_an_envelope(fields):
    with pytest.raises(ValidationError) as refused:
        rule(**fields)

    (error,) = refused.value.errors()
    assert error["type"] == "catalog.needs-or-envelope"
    assert error["msg"] == "wanted people, or an envelope"


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
    plain = [(one.addresses, one.destroys, one.replaces) for one in plans_apart([])]

    assert {one[0] for one in found} == {0, 1, 2, 3, 4}
    assert {one[1:] for one in found if one[0] == 0} == {(0, 0)}
    assert {one[1:] for one in found if one[0] == 1} == {(0, 0), (0, 1), (1, 0)}
    two = [(2, 0, 0), (2, 0, 1), (2, 1, 0), (2, 1, 1)]
    assert plain == [(1, 0, 0), (1, 0, 1), (1, 1, 0), *two]
