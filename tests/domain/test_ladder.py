"""The trust ladder: which level counts, who agrees, what GitLab has to protect."""

from datetime import timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.catalog import DeciderRole
from bot.domain.ladder import (
    COMMAND,
    Agreed,
    Protection,
    Seen,
    TrustLevel,
    between,
    in_force,
    is_two_sided,
    moved_to,
    next_down,
    next_up,
    sides,
    target_of,
    two_sided,
    wanted_protection,
)
from bot.domain.ladder_advice import ENOUGH, PERIOD, Numbers, suggested
from bot.domain.route import Need
from bot.domain.scope import Environment
from tests.domain import core_samples as core

PROPOSE, REVIEW, SELF_SERVE, COMMITTER = TrustLevel
# People type them, catalogs and the database hold them: they are not renamed lightly.
WORDS = ["propose", "review", "self-serve", "committer"]
LEVELS = st.sampled_from(TrustLevel)
NEEDS = st.lists(
    st.builds(Need, role=st.sampled_from([one.value for one in DeciderRole])),
    max_size=5,
)
COUNTS = st.integers(0, 400)
NUMBERS = st.builds(
    Numbers,
    approved=COUNTS,
    denied=COUNTS,
    done=COUNTS,
    failed=COUNTS,
    undone=st.integers(0, 50),
)


def agreed(level, *, declared, lapsed=False):
    return Agreed(
        operation=core.ID,
        environment=Environment.STAGING,
        level=level,
        declared=declared,
        at=core.NOW,
        lapsed_at=core.NOW if lapsed else None,
    )


# --- which level counts


def test_without_an_agreement_the_catalog_s_level_counts():
    assert in_force(REVIEW, None) is REVIEW


@pytest.mark.parametrize(("declared", "level"), list(product(TrustLevel, TrustLevel)))
def test_an_agreement_counts_while_the_catalog_says_what_it_said(declared, level):
    found = agreed(level, declared=declared)

    assert in_force(declared, found) is level
    for other in set(TrustLevel) - {declared}:
        assert in_force(other, found) is other


def test_what_lapsed_never_counts_again():
    assert in_force(REVIEW, agreed(COMMITTER, declared=REVIEW, lapsed=True)) is REVIEW


def test_the_steps_are_in_order_and_end_at_both_ends():
    ups = [next_up(one) for one in TrustLevel]
    downs = [next_down(one) for one in TrustLevel]

    assert ups == [REVIEW, SELF_SERVE, COMMITTER, None]
    assert downs == [None, PROPOSE, REVIEW, SELF_SERVE]
    assert [one.rung for one in TrustLevel] == [0, 1, 2, 3]


def test_what_lies_between_two_levels_begins_above_the_lower():
    assert between(PROPOSE, SELF_SERVE) == (REVIEW, SELF_SERVE)
    assert between(SELF_SERVE, PROPOSE) == ()
    assert between(REVIEW, REVIEW) == ()


def test_a_move_is_about_the_agreement_of_one_environment():
    assert target_of(Environment.STAGING) == "trust.staging"


# --- who agrees


@given(NEEDS)
def test_nothing_is_ever_agreed_by_one_company_alone(needs):
    found = two_sided(needs)

    assert is_two_sided(found)
    assert sides(found) == {"client", "provider"}
    assert list(found[: len(needs)]) == needs
    assert is_two_sided(needs) == (len(found) == len(needs))


def test_a_missing_company_speaks_through_its_owner_or_its_manager():
    assert two_sided(()) == (
        Need(role="client.owner"),
        Need(role="provider.manager"),
    )
    oncall = Need(role="provider.oncall", count=2)
    assert two_sided((oncall,)) == (oncall, Need(role="client.owner"))


# --- what GitLab protects


def test_the_branch_opens_only_to_a_committer_in_every_environment():
    for levels in product(TrustLevel, repeat=2):
        found = wanted_protection(levels)
        assert found.is_protected
        assert not found.developers_push
        assert found.developers_merge is (levels == (COMMITTER, COMMITTER))
    assert not wanted_protection(()).developers_merge


def test_a_move_changes_the_level_of_its_environment_only():
    levels = {Environment.STAGING: REVIEW, Environment.PRODUCTION: PROPOSE}

    found = moved_to(levels, Environment.STAGING, COMMITTER)

    assert found == {Environment.STAGING: COMMITTER, Environment.PRODUCTION: PROPOSE}
    assert levels[Environment.STAGING] is REVIEW


def test_any_difference_is_drift():
    wanted = wanted_protection((REVIEW,))
    opened = Protection(is_protected=True, developers_push=False, developers_merge=True)

    assert Seen(found=opened, wanted=wanted, since=core.NOW).has_drifted
    assert not Seen(found=wanted, wanted=wanted, since=core.NOW).has_drifted


# --- what the numbers suggest


@given(LEVELS, NUMBERS)
def test_a_suggestion_is_one_step_or_none(level, numbers):
    found = suggested(level, numbers)

    assert found is None or abs(found.rung - level.rung) == 1


@given(LEVELS, NUMBERS)
def test_too_few_changes_say_nothing(level, numbers):
    few = numbers.model_copy(update={"done": 10, "failed": ENOUGH - 11})

    assert suggested(level, few) is None


@given(LEVELS, NUMBERS, st.integers(1, 100))
def test_more_failures_never_suggest_more_trust(level, numbers, more):
    worse = numbers.model_copy(update={"failed": numbers.failed + more})

    before, after = suggested(level, numbers), suggested(level, worse)
    if numbers.carried < ENOUGH:
        return
    assert (after or level).rung <= (before or level).rung


@given(LEVELS, NUMBERS, st.integers(1, 100))
def test_more_undone_never_suggests_more_trust(level, numbers, more):
    worse = numbers.model_copy(update={"undone": numbers.undone + more})

    before, after = suggested(level, numbers), suggested(level, worse)
    assert (after or level).rung <= (before or level).rung


@given(LEVELS, NUMBERS, st.integers(1, 100))
def test_more_denied_never_suggests_more_trust(level, numbers, more):
    worse = numbers.model_copy(update={"denied": numbers.denied + more})

    before, after = suggested(level, numbers), suggested(level, worse)
    assert (after or level).rung <= (before or level).rung


@pytest.mark.parametrize(
    ("numbers", "level"),
    [
        # The least that is enough, and what lies on and just past each bound.
        ({"done": 20, "approved": 20}, SELF_SERVE),
        ({"done": 19, "approved": 20}, None),
        ({"done": 100, "approved": 95, "denied": 5}, SELF_SERVE),
        ({"done": 100, "approved": 94, "denied": 6}, None),
        ({"done": 98, "failed": 2, "approved": 100}, SELF_SERVE),
        ({"done": 97, "failed": 3, "approved": 100}, None),
        ({"done": 100, "undone": 5, "approved": 100}, SELF_SERVE),
        ({"done": 100, "undone": 6, "approved": 100}, None),
        ({"done": 90, "failed": 10, "approved": 100}, None),
        ({"done": 89, "failed": 11, "approved": 100}, PROPOSE),
        ({"done": 100, "undone": 20, "approved": 100}, None),
        ({"done": 100, "undone": 21, "approved": 100}, PROPOSE),
        ({"failed": 20}, PROPOSE),
        ({"done": 20}, SELF_SERVE),
    ],
)
def test_the_bounds_of_a_suggestion(numbers, level):
    assert suggested(REVIEW, Numbers(**numbers)) is level


def test_nothing_is_suggested_past_either_end():
    good, bad = Numbers(done=50, approved=50), Numbers(failed=50)

    assert suggested(COMMITTER, good) is None
    assert suggested(PROPOSE, bad) is None
    assert suggested(PROPOSE, good) is REVIEW
    assert suggested(COMMITTER, bad) is SELF_SERVE


def test_the_numbers_are_told_in_percent_rounded_down():
    numbers = Numbers(approved=2, denied=1, done=5, failed=1, undone=2)

    assert (numbers.decided, numbers.carried) == (3, 6)
    assert (numbers.approval, numbers.failing, numbers.undoing) == (66, 16, 40)
    assert Numbers().approval == 0
    assert timedelta(days=90) == PERIOD
    assert ENOUGH == 20


def test_the_words_of_the_ladder_are_what_people_type():
    assert COMMAND == "trust"
    assert [one.value for one in TrustLevel] == WORDS
