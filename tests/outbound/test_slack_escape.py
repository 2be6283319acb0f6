"""Whatever people wrote shows as text in Slack and does nothing."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.message import Message
from bot.outbound.slack.escape import Token, lines, mrkdwn, plain
from bot.outbound.slack.pen import Pen
from tests.outbound.slack_samples import GITLAB, PEN, SPEECH

# What Slack acts on: tokens, marks, emoji, calls, and a quote at a line's start.
ACTIVE = re.compile(
    r"<|>|[*~`]|(?<![^\W_])_|_(?![^\W_])|:[^\s:]+:|(?<![^\W_])@\w|\n|^&gt;"
)
NASTY = st.text(
    alphabet=st.one_of(
        st.sampled_from("<>&@!#*_~`:|\n\r\u202e\u200b\u2028\u2066 aZ9-/."),
        st.characters(),
    ),
    max_size=60,
)
TRICKS = [
    "<!channel>",
    "<@U0BOB>",
    "<#C0ACMEOPS>",
    "<https://evil.example|your GitLab>",
    "@here please",
    "*bold* _it_ ~no~ `code`",
    "```fence```",
    ":white_check_mark: approved by Bob",
    "> quoted",
    "one\ntwo",
    "\u202etfel ot thgir",
    "<!date^1392734382^{date}|x>",
]


@pytest.mark.parametrize("trick", TRICKS)
def test_no_trick_does_anything(trick):
    assert ACTIVE.search(mrkdwn(trick)) is None


@given(NASTY)
def test_no_text_whatever_does_anything(text):
    shown = mrkdwn(text)

    assert ACTIVE.search(shown) is None
    assert all(one.isprintable() for one in shown)


@given(NASTY)
def test_an_ampersand_is_always_an_entity(text):
    assert re.search(r"&(?!(?:amp|lt|gt);)", mrkdwn(text)) is None


@given(NASTY, NASTY)
def test_a_sentence_holds_only_the_tokens_of_its_template(one, two):
    message = Message.of("thread.deny-because", {"who": one, "reason": two})

    said = PEN.say(message)

    assert re.findall(r"<[^>]*>", said) == []


@given(NASTY)
def test_plain_text_is_one_line_with_nothing_unseen(text):
    assert all(one.isprintable() for one in plain(text))


@given(NASTY)
def test_preformatted_text_keeps_its_lines_and_nothing_else(text):
    shown = lines(text)

    assert all(one.isprintable() or one in "\n\t" for one in shown)
    assert shown.count("\n") == text.removesuffix("\n").count("\n")


@pytest.mark.parametrize(
    "text", ["web-2", "db_prod", "acme-db-prod", "t3.medium", "1 + 1 = 2", "100%"]
)
def test_ordinary_names_stay_as_they_are(text):
    assert mrkdwn(text) == text


def test_what_nobody_sees_is_shown_by_its_number():
    assert plain("a\u202eb\u200bc") == "a⟨U+202E⟩b⟨U+200B⟩c"


def test_our_own_markup_stays():
    assert mrkdwn(Token("<@U0BOB>")) == "<@U0BOB>"


def test_an_address_of_our_gitlab_is_a_link_and_no_other_is():
    ours = PEN.say(Message.of("failed.request-closed", {"url": f"{GITLAB}a/-/1?x&y"}))
    other = PEN.say(
        Message.of("failed.request-closed", {"url": "https://evil.example/"})
    )

    assert f"<{GITLAB}a/-/1?x&amp;y>" in ours
    assert "<" not in other


@pytest.mark.parametrize(
    "address",
    [
        f"{GITLAB}a|your bank",
        f"{GITLAB}a>b",
        f"{GITLAB}a b",
        f"{GITLAB}\u202e",
        "javascript:alert(1)",
        "https://gitlab.example.com.evil.example/",
        "https://gitlab.example.com",
        "",
    ],
)
def test_an_address_that_could_break_out_is_no_link(address):
    assert PEN.link(address) is None


def test_an_origin_is_trusted_as_a_whole_and_not_as_a_beginning():
    pen = Pen(SPEECH, "en", ("https://gitlab.example.com",))

    assert pen.link("https://gitlab.example.com/a") is not None
    assert pen.link("https://gitlab.example.com.evil.example/a") is None
    assert pen.link("https://gitlab.example.company/a") is None


def test_who_decides_is_called_by_mention_however_deep_in_a_message():
    people = Message.of("people.called", {"names": "Bob <x>", "slack": "U0BOB <!here>"})
    nobody = Message.of("people.called", {"names": "Bob <x>", "slack": ""})

    called = PEN.say(Message.of("thread.proposed", {"who": people, "until": "1"}))
    named = PEN.say(Message.of("thread.proposed", {"who": nobody, "until": "1"}))

    assert called.startswith("<@U0BOB>: this is ready")
    assert named.startswith("Bob &lt;x&gt;: this is ready")


def test_without_trusted_addresses_nothing_is_a_link():
    assert Pen(SPEECH, "en").link(f"{GITLAB}a") is None
