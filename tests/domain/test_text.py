# ruff: noqa: RUF001 - look-alike quotes and dashes are what this is about
"""A typed line as Slack sends it → words, or a refusal that names the column."""

import time
import unicodedata
from contextlib import suppress
from pathlib import Path

import pytest
from fluent.runtime import FluentBundle, FluentResource
from hypothesis import example, given, settings
from hypothesis import strategies as st

import bot
from bot.domain import decode
from bot.domain.decode import LONGEST_LINE, Mention, visible
from bot.domain.errors import BadArguments, Refused
from bot.domain.text import Word, quoted, read_any, read_words


@pytest.fixture(scope="module")
def texts():
    bundle = FluentBundle(["en"], use_isolating=False)
    path = Path(bot.__file__).parent / "messages" / "grammar.en.ftl"
    bundle.add_resource(FluentResource(path.read_text()))
    return bundle


def said(texts, refused):
    message = texts.get_message(refused.message.key.replace(".", "-"))
    text, errors = texts.format_pattern(message.value, refused.message.args)
    assert errors == []
    return text


def plain(line):
    return [word.text for word in read_words(line)]


# What a person types is on the left of each comment; Slack's wire text is the case.
CAPTURED = {
    "resize web-2 m5.large": ["resize", "web-2", "m5.large"],
    "  resize   web-2  ": ["resize", "web-2"],
    "": [],
    " \t\n": [],
    # Nothing is decoded twice: typed `&lt;`.
    "say &amp;lt;": ["say", "&lt;"],
    "a&amp;b &lt;c&gt; d>e f&g &copy;": ["a&b", "<c>", "d>e", "f&g", "&copy;"],
    # Hosts, addresses and numbers that Slack turned into links by itself.
    "check <http://web-2.acme.example|web-2.acme.example>": [
        "check",
        "web-2.acme.example",
    ],
    "check <https://acme.example/|acme.example>": ["check", "acme.example"],
    "check <http://web-2.acme.example|Web-2.Acme.Example>": [
        "check",
        "Web-2.Acme.Example",
    ],
    "open <https://acme.example/?a=1&amp;b=2>": [
        "open",
        "https://acme.example/?a=1&b=2",
    ],
    "<http://a.example/x|http://a.example/x>": ["http://a.example/x"],
    "tell <mailto:ann@acme.example|ann@acme.example>": ["tell", "ann@acme.example"],
    "call <tel:+33123|+33123>": ["call", "+33123"],
    "host=<http://web-2.example|web-2.example>": ["host=web-2.example"],
    # A quote inside a link is a character of the address.
    '<http://a.example/"b"|a.example/"b">': ['a.example/"b"'],
    # Quotes, straight and as telephones and Macs curl them.
    'deny 12 "not now"': ["deny", "12", "not now"],
    "deny 12 'not now'": ["deny", "12", "not now"],
    "deny 12 “not now”": ["deny", "12", "not now"],
    "deny 12 ‘not now’": ["deny", "12", "not now"],
    "deny 12 „nicht jetzt“": ["deny", "12", "nicht jetzt"],
    "deny 12 «\u202fpas maintenant\u00a0»": ["deny", "12", "pas maintenant"],
    'deny 12 “not now"': ["deny", "12", "not now"],
    'deny 12 "not now”': ["deny", "12", "not now"],
    'reason="not now"': ["reason=not now"],
    "reason=“not now”": ["reason=not now"],
    'on:"web 2"': ["on:web 2"],
    '"he said “no” and left"': ["he said “no” and left"],
    '"he said \\"no\\" and \\\\o/"': ['he said "no" and \\o/'],
    "'l’équipe n'est pas là'": ["l’équipe n'est pas là"],
    '""': [""],
    '"a ”b"': ["a ”b"],
    # Apostrophes stand inside words.
    "l’équipe don't": ["l’équipe", "don't"],
    # Dashes are undone where a word begins, and nowhere else.
    "—force –n −1 ‐x ‑y": ["--force", "-n", "-1", "-x", "-y"],
    "web—2 web–2": ["web—2", "web–2"],
    '"— yes"': ["— yes"],
    # Spaces of all widths, tabs and line breaks part words; in quotes they are spaces.
    "resize\u00a0web-2\u202fm5.large\u3000x\ny": [
        "resize",
        "web-2",
        "m5.large",
        "x",
        "y",
    ],
    '"two\nlines"': ["two lines"],
    "\\n C:\\temp": ["\\n", "C:\\temp"],
    "deny 12 caf\u00e9 ❤\ufe0f": ["deny", "12", "café", "❤\ufe0f"],
    '"asked by <@U0BOB|bob>"': ["asked by @U0BOB"],
}


@pytest.mark.parametrize(("line", "expected"), CAPTURED.items())
def test_a_line_is_read_as_the_person_meant_it(line, expected):
    words = plain(line)

    assert words == expected


REFUSED = {
    'deny "not now': ("unclosed-quote", 6),
    "deny 'not now": ("unclosed-quote", 6),
    "'twas": ("unclosed-quote", 1),
    'web"2"': ("stray-quote", 4),
    "foo»": ("stray-quote", 4),
    '"a""b"': ("after-quote", 4),
    '"a"b': ("after-quote", 4),
    '—"x"': ("stray-quote", 2),
    '"a\\b"': ("bad-escape", 3),
    '"a\\': ("bad-escape", 3),
    "web-2 <http://a.example": ("unfinished-token", 7),
    "web-2 <!here>": ("unknown-token", 7),
    "<!subteam^S1|@oncall>": ("unknown-token", 1),
    "<>": ("unknown-token", 1),
    "<http://>": ("unknown-token", 1),
    "<http:///|>": ("unknown-token", 1),
    "<ftp://a.example|a.example>": ("unknown-token", 1),
    "<@C0ACMEOPS>": ("unknown-token", 1),
    "<#U0BOB>": ("unknown-token", 1),
    "<@u0bob>": ("unknown-token", 1),
    "on <http://evil.example|web-2.acme.example>": ("link-label", 4),
    "on <http://k.example|\u212a.example>": ("link-label", 4),
    "on <mailto:a@evil.example|a@acme.example>": ("link-label", 4),
    "x<@U0BOB>": ("mention-inside", 2),
    "<@U0BOB>x": ("mention-inside", 1),
    "<@U0BOB><@U0EVE>": ("mention-inside", 1),
    "web\u200b-2": ("hidden-character", 4),
    "\ufeffweb-2": ("hidden-character", 1),
    "&amp;\u202egnp": ("hidden-character", 2),
    "<http://a\u200b.example>": ("hidden-character", 9),
}


@pytest.mark.parametrize(("line", "expected"), REFUSED.items())
def test_what_is_not_plainly_a_word_is_refused_at_its_column(texts, line, expected):
    with pytest.raises(BadArguments) as caught:
        read_words(line)

    args = caught.value.message.args
    assert (
        caught.value.message.key.removeprefix("grammar."),
        args["column"],
    ) == expected
    assert f"column {args['column']}" in said(texts, caught.value)


def test_a_hidden_character_is_named(texts):
    with pytest.raises(BadArguments) as caught:
        read_words("web-2\u200d")

    assert "U+200D ZERO WIDTH JOINER" in said(texts, caught.value)


def test_a_line_of_3000_characters_is_read_and_a_longer_one_is_not(texts):
    longest = "a" * LONGEST_LINE

    assert plain(longest) == [longest]
    with pytest.raises(BadArguments) as caught:
        read_words(longest + "a")
    assert "3,001" in said(texts, caught.value)


def test_a_mention_is_its_id_and_never_its_label():
    words = read_words("who:<@U0BOB|alice> <#C0ACMEOPS|x> to=<@W1>")

    assert words == (
        Word("who:", 1, bare=4, mention=Mention("member", "U0BOB")),
        Word("", 7, mention=Mention("channel", "C0ACMEOPS")),
        Word("to=", 9, bare=3, mention=Mention("member", "W1")),
    )


@pytest.mark.parametrize(
    ("line", "separator", "expected"),
    [
        ("size=m5.large", "=", ("size", "m5.large", 6)),
        ('size="m5 large"', "=", ("size", "m5 large", 6)),
        ("who:bob", ":", ("who", "bob", 5)),
        ("a=b=c", "=", ("a", "b=c", 3)),
        ('"size=m5.large"', "=", None),
        ("who:bob", "=", None),
        ("10:30", ":", None),
        ("=x", "=", None),
        ("é=x", "=", None),
    ],
)
def test_a_key_is_only_what_stands_bare_before_its_sign(line, separator, expected):
    (word,) = read_words(line)

    pair = word.pair(separator)

    found = pair and (pair[0], pair[1].text, pair[1].column)
    assert found == expected


def test_every_code_point_is_read_or_refused_at_three_positions():
    seen = 0
    for number in range(0x110000):
        character = chr(number)
        category = unicodedata.category(character)
        # Letters beyond the first planes are many and alike; a sample of them will do.
        if number > 0x3400 and category in {"Lo", "Cn", "Co"} and number % 997:
            continue
        for line in (f"{character}eb", f"w{character}b", f"we{character}"):
            try:
                words = plain(line)
            except Refused:
                continue
            seen += 1
            hidden = category[0] == "C" and character not in "\t\n\r"
            assert not hidden
            assert len("".join(words)) in (2, 3, 4)
    assert seen > 10_000


def seen_by_nobody(character):
    try:
        decode.seen(character, 1)
    except BadArguments:
        return True
    return False


@settings(deadline=None)
@given(st.text(max_size=200))
@example("\\")
@example("<|>")
@example("“\\”")
def test_quoting_any_text_and_reading_it_gives_it_back(text):
    if any(seen_by_nobody(character) for character in text):
        with pytest.raises(BadArguments, match="hidden-character"):
            read_words(quoted(text))
        return

    (word,) = read_words(quoted(text))

    spaced = "".join(" " if one.isspace() else one for one in text)
    assert word.text == spaced
    assert word.quoted


LEXICAL = "ab=:-—–\"'“”‘’«»<>|@#&;\\ \u00a0\u200bUC0http://amp"


@settings(deadline=None)
@given(st.text(alphabet=LEXICAL, max_size=60) | st.text(max_size=60))
def test_no_line_does_anything_but_be_read_or_refused(line):
    try:
        words = read_words(line)
    except Refused:
        return

    columns = [word.column for word in words]
    assert columns == sorted(set(columns))


PRINTABLE = st.characters(min_codepoint=32, max_codepoint=126)


@given(st.text(alphabet="ab=:- /.", max_size=40) | st.text(PRINTABLE, max_size=40))
def test_a_plain_line_read_at_once_is_read_as_character_by_character(line):
    def read(by):
        try:
            return by(line)
        except Refused as refusal:
            return refusal.message

    assert read(read_words) == read(read_any)


@pytest.mark.parametrize(
    "piece", ["a=", '"', "“", "\\", "&amp;", "<", "<@U1>", "'", "—"]
)
def test_no_line_takes_longer_than_its_length_warrants(piece):
    line = (piece * LONGEST_LINE)[:LONGEST_LINE]
    began = time.thread_time()

    with suppress(Refused):
        read_words(line)

    assert time.thread_time() - began < 0.5


def test_what_is_shown_back_is_short_and_has_nothing_unseen():
    assert visible("a\u202eb\n") == "a\ufffdb\ufffd"
    assert visible("x" * 100) == "x" * 60 + "…"
