"""A link: which code is known again, what a try comes to, who is whom by it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.accounts import Accounts
from bot.domain.link import (
    LASTS,
    TRIES,
    Ending,
    Link,
    Unfit,
    code_in,
    digest,
    is_name,
    judged,
    without_codes,
)
from bot.domain.message import Message
from bot.outbound import clock
from tests.domain.test_catalog import catalog, client, member

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
CODES = st.text("abcdefghijklmnopqrstuvwxyz234567", min_size=20, max_size=20).map(
    lambda text: "+".join(text[at : at + 4] for at in range(0, 20, 4))
)


def wish(**more):
    return Link(
        **{
            "id": "a" * 20,
            "client": "acme",
            "member": "alice",
            "team": "T0CLARANET",
            "user": "U0ALICE",
            "gitlab": "zoe",
            "room": "acme",
            "channel": "C0ACMEOPS",
            "asked_code": digest("asked"),
            "asked_at": NOW,
            "expires_at": NOW + LASTS,
        }
        | more
    )


def said(link, code="answer", *, user="U0ALICE", team="T0CLARANET", at=NOW):
    return judged(link, team=team, user=user, code=code, now=at)


def why(found):
    assert isinstance(found, Unfit)
    return found.reason.key.removeprefix("refused.link-")


# --- codes


@given(CODES)
def test_a_code_is_told_from_a_name_and_taken_out_of_any_line(code):
    assert not is_name(code)
    assert without_codes(f"link confirm {code.upper()}, please") == (
        "link confirm …, please"
    )


def test_a_new_code_is_one_and_has_a_hundred_bits():
    code = clock.new_code()

    assert without_codes(code) == "…"
    assert len(code.replace("+", "")) == 20


@pytest.mark.parametrize("line", ["resize web-2 m5.large", "a+b+c+d+e", ""])
def test_a_line_without_a_code_stays_as_it_is(line):
    assert without_codes(line) == line


@pytest.mark.parametrize(
    ("title", "code"),
    [
        ("tandem link abc", "abc"),
        ("tandem link ", None),
        ("tandem link", None),
        ("x tandem link abc", None),
        ("Tandem link abc", None),
        ("tandem link abc tandem link abc", "abc tandem link abc"),
    ],
)
def test_the_code_is_all_that_follows_in_the_title(title, code):
    assert code_in(title) == code


# --- what a try comes to


def test_the_code_that_was_answered_makes_the_link():
    found = said(wish().answered("answer"))

    assert found.stands
    assert (found.made_at, found.version) == (NOW, 2)


def test_the_newest_answer_counts():
    link = wish().answered("old").noted(at=NOW).answered("new")

    assert why(said(link, "old")) == "wrong-code"
    assert said(link, "new").stands
    assert link.noted_at is None


@pytest.mark.parametrize(
    ("link", "how", "reason"),
    [
        (None, {}, "nothing-asked"),
        (wish(), {}, "not-answered"),
        (wish().answered("answer"), {"user": "U0OTHER"}, "other-account"),
        (wish().answered("answer"), {"team": "T0OTHER"}, "other-account"),
        (wish().answered("answer"), {"at": NOW + LASTS}, "expired"),
        (wish().answered("answer").made(at=NOW), {}, "used"),
        (wish().ended(Ending.EXPIRED, at=NOW), {}, "expired"),
        (wish().ended(Ending.WRONG_CODES, at=NOW), {}, "wrong-codes"),
        (wish().ended(Ending.REPLACED, at=NOW), {}, "nothing-asked"),
        (wish().answered("answer").ended(Ending.REFUSED, at=NOW), {}, "nothing-asked"),
        (
            wish().answered("answer").made(at=NOW).ended(Ending.REMOVED, at=NOW),
            {},
            "nothing-asked",
        ),
    ],
)
def test_whatever_is_not_the_right_code_in_time_is_refused(link, how, reason):
    found = said(link, **how)

    assert why(found) == reason
    assert found.link is None or not found.link.open


def test_one_moment_before_its_end_the_code_still_counts():
    late = NOW + LASTS - timedelta(microseconds=1)

    assert said(wish().answered("answer"), at=late).stands


def test_wrong_codes_are_counted_and_the_last_one_ends_it():
    link, left = wish().answered("answer"), []
    for _ in range(TRIES - 1):
        found = said(link, "wrong")
        left.append(found.reason.args["left"])
        link = found.link

    last = said(link, "wrong")

    assert left == [4, 3, 2, 1]
    assert link.open
    assert (last.link.ending, last.link.ended_at) == (Ending.WRONG_CODES, NOW)
    assert why(last) == "wrong-codes"
    assert why(said(last.link)) == "wrong-codes"


# --- who is whom

DENIS = member("denis", "developer")
WORLD = catalog(clients=(client("acme", member("alice", "developer"), DENIS),))


def stands(**more):
    return wish(**more).answered("x").made(at=NOW)


def known(*links, world=WORLD):
    return Accounts(world, tuple(links))


def test_authors_are_those_of_the_catalog_and_of_links_together():
    accounts = known(stands(gitlab="bob"), stands(member="denis", gitlab="Zoe"))

    assert accounts.authors(["zoe", "BOB", "nobody"]) == ("bob", "alice", "denis")


def test_a_link_that_was_taken_back_still_makes_an_author_and_nothing_else():
    over = stands().ended(Ending.REMOVED, at=NOW)
    accounts = known(over)

    assert accounts.authors(["zoe"]) == ("alice",)
    assert accounts.person("zoe") is None
    assert accounts.mine(WORLD.member("alice")) is None
    assert accounts.refusal(WORLD.member("denis"), "zoe") is None


def test_a_link_makes_somebody_known():
    assert known(stands()).person("ZOE").id == "alice"
    assert known(stands()).mine(WORLD.member("alice")) == stands()


def test_the_catalog_s_word_goes_before_a_link():
    assert known(stands(gitlab="bob")).person("bob").id == "bob"


@pytest.mark.parametrize(
    "links",
    [
        (),
        (stands(member="gone"),),
        (stands(client="globex"),),
        (stands(), stands(member="denis")),
        (stands(gitlab="other"),),
    ],
    ids=["none", "gone", "another company's now", "two at once", "another user"],
)
def test_nobody_is_known_by_what_does_not_say_so(links):
    assert known(*links).person("zoe") is None


def test_whose_catalog_name_is_another_is_an_author_but_not_known_by_a_link():
    people = [member("alice", "developer", gitlab="alice")]
    world = catalog(clients=(client("acme", *people),))

    assert known(stands(), world=world).authors(["zoe"]) == ("alice",)
    assert known(stands(), world=world).person("zoe") is None


def test_who_is_deactivated_is_an_author_but_not_known_by_a_link():
    people = [member("alice", "developer", deactivated=True)]
    world = catalog(clients=(client("acme", *people),))

    assert known(stands(), world=world).authors(["zoe"]) == ("alice",)
    assert known(stands(), world=world).person("zoe") is None


@pytest.mark.parametrize(
    ("who", "name", "links", "reason"),
    [
        ("alice", "zoe", (), None),
        ("bob", "BOB", (), None),
        ("alice", "bob", (), ("other-person", "bob")),
        ("bob", "zoe", (), ("other-name", "Bob")),
        ("alice", "eve", (stands(),), ("already", "zoe")),
        ("denis", "ZOE", (stands(),), ("taken", "ZOE")),
        ("denis", "eve", (stands(),), None),
    ],
)
def test_who_may_be_linked_to_whom(who, name, links, reason):
    found = known(*links).refusal(WORLD.member(who), name)

    told = reason and Message.of(f"refused.link-{reason[0]}", {"name": reason[1]})
    assert found == told
