"""What was shown is what runs: every bound field is in the digest, and is named."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.domain.cost import Cost
from bot.domain.message import Message
from bot.domain.proposal import (
    Bound,
    BoundEdit,
    Effects,
    Proposal,
    differences,
    digest,
    fingerprint,
    voided,
)
from bot.domain.scope import Risk
from bot.outbound.speech import LANGUAGES, Speech
from tests.domain import core_samples as core
from tests.domain.test_audit import body

# Letters enough to look like names, hashes, and names longer than what is shown.
texts = st.text(st.characters(codec="utf-8", exclude_categories=("C",)), max_size=70)
edits = st.builds(BoundEdit, file=texts, before=texts, after=texts)
moments = st.integers(0, 10**8).map(lambda seconds: core.NOW + timedelta(0, seconds))
names = st.from_regex(r"[a-z][a-z-]{1,20}", fullmatch=True)
VALUES = {
    "arguments": st.dictionaries(texts, texts, max_size=3),
    "outlines": st.dictionaries(texts, texts, max_size=3),
    "paths": st.lists(texts, max_size=3).map(tuple),
    "edits": st.lists(edits, max_size=3).map(tuple),
    "cost": st.none() | st.builds(Cost, cents=st.integers(-10**7, 10**7)),
    "scope": st.none()
    | st.builds(lambda name, resource: core.scope(name=name, resource=resource),
                names, st.from_regex(r"arn:[a-z:]{1,30}", fullmatch=True)),
    "expires_at": moments,
    "scheduled_for": st.none() | moments,
}  # fmt: skip
bounds = st.builds(
    Bound, **{name: VALUES.get(name, texts) for name in Bound.model_fields}
)


@pytest.mark.parametrize("field", Bound.model_fields)
@given(data=st.data(), before=bounds)
def test_a_change_of_any_one_field_changes_the_digest_and_is_named(field, data, before):
    value = data.draw(VALUES.get(field, texts))
    assume(value != getattr(before, field))
    after = before.model_copy(update={field: value})

    found = differences(before, after)

    assert digest(before) != digest(after)
    assert [one.key for one in found] == [f"changed.{field.replace('_', '-')}"]


@given(bounds, bounds)
def test_what_differs_is_named_and_nothing_else(before, after):
    found = {message.key for message in differences(before, after)}

    assert found == {
        f"changed.{name.replace('_', '-')}"
        for name in Bound.model_fields
        if getattr(before, name) != getattr(after, name)
    }
    assert (digest(before) == digest(after)) == (not found)


# Moments are shown to the minute, so two within one do read the same.
TOLD_SHORT = {"expires_at", "scheduled_for", "scope"}


@pytest.mark.parametrize("field", set(Bound.model_fields) - TOLD_SHORT)
@given(data=st.data())
def test_before_and_after_never_read_the_same(field, data):
    one, other = (data.draw(VALUES.get(field, texts)) for _ in range(2))
    assume(one not in (other, "-") and other != "-")

    (said,) = differences(core.bound(**{field: one}), core.bound(**{field: other}))

    assert said.args["before"] != said.args["after"]


def test_a_price_is_told_as_people_read_it_and_an_unknown_one_as_none():
    (said,) = differences(core.bound(), core.bound(cost=Cost(cents=4730)))

    assert said.args == {"before": "-", "after": "+47.30"}


@given(bounds)
def test_a_digest_survives_being_stored(before):
    stored = Bound.model_validate_json(before.model_dump_json())

    assert digest(stored) == digest(before)


@given(bounds)
def test_a_digest_has_one_spelling_so_that_it_outlives_the_release(before):
    spelled = body(before.model_dump(mode="json"))

    assert digest(before) == hashlib.sha256(spelled.encode()).hexdigest()


def test_two_edits_that_change_places_are_another_thing():
    one = BoundEdit(file="a.tf", before="1", after="2")
    other = BoundEdit(file="b.tf", before="1", after="2")

    first, second = core.bound(edits=(one, other)), core.bound(edits=(other, one))

    assert digest(first) != digest(second)


def test_the_order_of_the_arguments_changes_nothing():
    first = core.bound(arguments={"a": "1", "b": "2"})
    second = core.bound(arguments={"b": "2", "a": "1"})

    assert digest(first) == digest(second)


def test_a_card_shows_the_beginning_of_the_digest():
    whole = digest(core.bound())

    assert fingerprint(whole) == whole[:8]


def test_what_is_only_shown_is_not_bound():
    plain = Proposal(bound=core.bound(), risk=Risk.LOW)
    more = Proposal(bound=core.bound(), risk=Risk.HIGH, diff="+ x", calls=("a",))

    assert digest(plain.bound) == digest(more.bound)


@pytest.mark.parametrize("field", Bound.model_fields)
def test_there_are_words_for_every_field(field):
    said = Message.of(
        f"changed.{field.replace('_', '-')}", {"before": "OLD", "after": "NEW"}
    )

    words = Speech().say(said, language="en")

    assert "OLD" in words
    assert "NEW" in words


@pytest.mark.parametrize("count", range(5))
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_three_differences_are_told(count, language):
    names = tuple(Bound.model_fields)[:count]
    found = differences(
        core.bound(), core.bound(**{name: {} if name == "arguments" else "OTHER"
                                    for name in names})
    )  # fmt: skip

    words = Speech().say(voided(found), language=language)

    assert len(found) == count
    for one in found[:3]:
        assert Speech().say(one, language=language) in words
    for one in found[3:]:
        assert Speech().say(one, language=language) not in words


def test_a_place_for_a_difference_that_there_is_not_stays_empty():
    (one,) = differences(core.bound(), core.bound(plan="OTHER"))
    four = tuple(
        Message.of(f"changed.{name}") for name in ("plan", "base", "paths", "edits")
    )

    assert voided((one,)).args == {
        "count": 1, "change1": one, "change2": "", "change3": "",
    }  # fmt: skip
    assert set(voided(four).args) == {"count", "change1", "change2", "change3"}


def test_a_moment_is_told_so_that_people_can_read_it():
    later = core.bound(expires_at=core.NOW)

    (said,) = differences(core.bound(), later)

    assert said.args["after"] == "2026-11-23T09:00+00:00"


def test_a_long_hash_is_told_by_its_beginning():
    (said,) = differences(core.bound(), core.bound(head_sha="9" * 40))

    assert said.args == {"before": "d" * 12, "after": "9" * 12}


def test_a_name_is_told_whole_and_nothing_as_a_dash():
    (role,) = differences(core.bound(), core.bound(credentials="act-acme-rds-restore"))
    (project,) = differences(core.bound(), core.bound(project=""))

    assert role.args["before"] == "act-acme-rds-backup"
    assert role.args["after"] == "act-acme-rds-restore"
    assert project.args["after"] == "-"


def test_lent_rights_are_told_by_their_hash():
    (said,) = differences(core.bound(), core.bound(scope=None))

    assert said.args["before"] != said.args["after"]


def test_what_is_told_by_its_hash_is_told_in_twelve_letters_whatever_its_order():
    def told(**arguments):
        other = core.bound(arguments={})
        (said,) = differences(core.bound(arguments=arguments), other)
        return said.args["before"]

    assert told(a="1", b="2") == told(b="2", a="1")
    assert len(told(a="1", b="2")) == 12


def test_what_is_not_said_of_a_proposal_is_nothing():
    required = {name for name, of in Bound.model_fields.items() if of.is_required()}
    least = Bound(**core.bound().model_dump(include=required))
    made = Proposal(bound=least, risk=Risk.LOW)

    unsaid = [
        getattr(of, name)
        for of in (least, made)
        for name, field in type(of).model_fields.items()
        if not field.is_required() and name != "effects"
    ]
    assert not any(unsaid)
    assert made.effects == Effects(destroys=0, replaces=0, addresses=0)


@pytest.mark.parametrize(("length", "whole"), [(60, True), (61, False)])
def test_a_word_is_shown_whole_up_to_sixty_letters(length, whole):
    word = "x" * length
    found = differences(core.bound(target="web-2"), core.bound(target=word))

    assert (found[0].args["after"] == word) is whole
