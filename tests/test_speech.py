"""Messages in words: data stays data, and what is lacking is our own mistake."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import Broken
from bot.domain.message import Message
from bot.outbound.speech import LANGUAGES, Speech

SPEECH = Speech()
KEY = "refused.no-operation"
# Fluent's own marks, other templates', and what breaks a line.
HOSTILE = (
    "{ $got }",
    '{ "x" }',
    "{ NUMBER(1) }",
    "{{ 7*7 }}",
    "-term",
    "${HOME}",
    "%s %(x)s",
    "a\nb = { $got }",
    ".attr = x",
    "[one] x *[other] y",
    "\\u0041 \N{RIGHT-TO-LEFT OVERRIDE}",
    "",
)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_an_argument_is_said_as_it_is(hostile):
    known = SPEECH.say(Message.of(KEY, {"got": hostile}), language="en")
    own = SPEECH.say(Message.own(en="<{ $got }>", args={"got": hostile}), language="en")

    assert f"“{hostile}”" in known
    assert own == f"<{hostile}>"


@given(st.text(max_size=80))
def test_whatever_people_write_is_an_argument_and_no_pattern(text):
    own = Message.own(en="a { $x } b { $x }", args={"x": text})

    assert SPEECH.say(own, language="en") == f"a {text} b {text}"


def test_a_message_may_be_an_argument_and_its_own_stay_data():
    inner = Message.own(en="Resize { $x }", args={"x": "{ $id }"})
    outer = Message.of("asked.noted", {"id": "abcdefg", "title": inner})

    said = SPEECH.say(outer, language="en")

    assert said.startswith("Noted as abcdefg: Resize { $id }. A card")


def test_texts_pass_through_the_escape_of_the_place_and_numbers_do_not():
    message = Message.own(
        en="{ $x } { $n } { $in }",
        args={"x": "<!here>", "n": 7, "in": Message.of(KEY, {"got": "<b>"})},
    )

    said = SPEECH.say(message, language="en", escape=lambda text: f"({text})")

    assert said.startswith("(<!here>) 7 There is no operation “(<b>)” here.")


# --- languages


def test_a_text_that_a_language_lacks_is_said_in_english():
    lacking = Message.of(KEY, {"got": "x"})

    assert not SPEECH.has(KEY, language="fr") or LANGUAGES == ("en", "fr")
    assert SPEECH.say(lacking, language="fr")


def test_own_texts_are_said_in_the_language_there_is():
    both = Message.own(en="yes { $x }", fr="oui { $x }", args={"x": 1})
    one = Message.own(en="yes { $x }", args={"x": 1})

    said = [SPEECH.say(it, language=to) for it in (both, one) for to in ("en", "fr")]

    assert said == ["yes 1", "oui 1", "yes 1", "yes 1"]


def test_plurals_are_of_the_language():
    def hidden(count):
        return SPEECH.say(Message.of("card.hidden", {"count": count}), language="en")

    assert hidden(1).startswith("One more line")
    assert hidden(2).startswith("2 more lines")


# --- our own mistakes


@pytest.mark.parametrize(
    "message",
    [
        Message.of("refused.of-no-text"),
        Message.of(""),
        Message.of("-term"),
        Message.of("refused no operation"),
        Message.of(KEY),
        Message.own(en="{ $lacking }", args={}),
        Message.own(en="{ unclosed", args={}),
        Message.own(en="", args={}),
        Message(key="", patterns={}),
        Message(key="", patterns={"fr": "oui"}),
    ],
    ids=lambda message: message.key or str(message.patterns),
)
def test_what_cannot_be_said_is_broken_and_never_half_said(message):
    with pytest.raises(Broken):
        SPEECH.say(message, language="en")
