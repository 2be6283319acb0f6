"""Words → the fields of a command, or a refusal that says what to type."""

from pathlib import Path

import pytest
from fluent.runtime import FluentBundle, FluentResource
from hypothesis import given, settings
from hypothesis import strategies as st

import bot
from bot.domain.binding import Arguments, FieldSpec, bind, usage
from bot.domain.errors import BadArguments, Refused
from bot.domain.text import quoted, read_words

RESIZE = (FieldSpec("target"), FieldSpec("size"), FieldSpec("when", required=False))
DENY = (FieldSpec("id"), FieldSpec("reason", kind="rest", required=False))
SERVICE = (
    FieldSpec("action", choices=("start", "stop")),
    FieldSpec("service"),
    FieldSpec("host", after="on"),
)
HAND = (FieldSpec("to", kind="member"), FieldSpec("room", kind="channel"))


@pytest.fixture(scope="module")
def texts():
    bundle = FluentBundle(["en"], use_isolating=False)
    path = Path(bot.__file__).parent / "messages" / "grammar.en.ftl"
    bundle.add_resource(FluentResource(path.read_text()))
    return bundle


def bound(line, fields=RESIZE):
    return dict(bind(read_words(line), fields, command="/infra resize"))


@pytest.mark.parametrize(
    ("line", "fields", "expected"),
    [
        ("web-2 m5.large", RESIZE, {"target": "web-2", "size": "m5.large"}),
        ("size=m5.large web-2", RESIZE, {"size": "m5.large", "target": "web-2"}),
        (
            "web-2 m5.large when='at 5'",
            RESIZE,
            {"target": "web-2", "size": "m5.large", "when": "at 5"},
        ),
        ('web-2 "-1"', RESIZE, {"target": "web-2", "size": "-1"}),
        ('web-2 "a=b"', RESIZE, {"target": "web-2", "size": "a=b"}),
        ("12", DENY, {"id": "12"}),
        (
            "12 not now, x=1 — <@U0BOB|b> <#C0OPS> knows",
            DENY,
            {"id": "12", "reason": "not now, x=1 -- @U0BOB #C0OPS knows"},
        ),
        ("reason='not now' 12", DENY, {"reason": "not now", "id": "12"}),
        ("<@U0BOB> <#C0OPS>", HAND, {"to": "U0BOB", "room": "C0OPS"}),
        (
            "stop nginx on web-1",
            SERVICE,
            {"action": "stop", "service": "nginx", "host": "web-1"},
        ),
        (
            "stop on on on",
            SERVICE,
            {"action": "stop", "service": "on", "host": "on"},
        ),
        (
            "host=web-1 stop nginx",
            SERVICE,
            {"host": "web-1", "action": "stop", "service": "nginx"},
        ),
        (
            "stop nginx on host=web-1",
            SERVICE,
            {"action": "stop", "service": "nginx", "host": "host=web-1"},
        ),
        ("room=<#C0OPS> to=<@U0BOB>", HAND, {"room": "C0OPS", "to": "U0BOB"}),
    ],
)
def test_fields_are_filled_by_place_or_by_name(line, fields, expected):
    values = bound(line, fields)

    assert values == expected


@pytest.mark.parametrize(
    ("line", "fields", "key", "piece"),
    [
        ("web-2", RESIZE, "missing", "/infra resize <target> <size> [when=…]"),
        ("", RESIZE, "missing", "“target”"),
        ("a b c d", RESIZE, "one-too-many", "“d” (column 7)"),
        ("a b c <@U0BOB>", RESIZE, "one-too-many", "“@U0BOB” (column 7)"),
        ("web-2 sise=m5", RESIZE, "unknown-name", "Known: size."),
        ("web-2 zz=m5", RESIZE, "unknown-name", "Known: target, size, when."),
        ("size=a size=b web-2", RESIZE, "repeated-name", "first “a”"),
        ("a target=b", RESIZE, "repeated-name", "column 3"),
        ("--force web-2", RESIZE, "no-flags", "“--force”"),
        ("web-2 —size=m5", RESIZE, "no-flags", "“--size=m5”"),
        ("web-2 size=", RESIZE, "empty-value", "“size”"),
        ('web-2 ""', RESIZE, "empty-value", "column 7"),
        ('web-2 " "', RESIZE, "empty-value", "column 7"),
        ("<@U0BOB> m5", RESIZE, "no-mention-wanted", "“target”"),
        ("stop nginx", SERVICE, "missing", "start|stop <service> on <host>"),
        ("stop nginx on", SERVICE, "missing", "“host”"),
        ("stop nginx web-1", SERVICE, "word-wanted", "“on” was expected, and “web-1”"),
        ('stop nginx "on" web-1', SERVICE, "word-wanted", "column 12"),
        ("stop nginx <@U0BOB> web-1", SERVICE, "word-wanted", "“@U0BOB”"),
        ("stop nginx on --x", SERVICE, "no-flags", "“--x”"),
        ("stop nginx on web-1 web-2", SERVICE, "one-too-many", "“web-2”"),
        ("bob <#C0OPS>", HAND, "member-wanted", "got “bob”"),
        ("<#C0OPS> <#C0OPS>", HAND, "member-wanted", "got “#C0OPS”"),
        ("<@U0BOB> <@U0BOB>", HAND, "channel-wanted", "got “@U0BOB”"),
        ("x:<@U0BOB> <#C0OPS>", HAND, "member-wanted", "got “x:@U0BOB”"),
    ],
)
def test_what_does_not_fit_is_refused_and_says_why(texts, line, fields, key, piece):
    with pytest.raises(BadArguments) as caught:
        bound(line, fields)

    message = caught.value.message
    pattern = texts.get_message(message.key.replace(".", "-")).value
    shown, errors = texts.format_pattern(pattern, message.args)
    assert errors == []
    assert message.key == f"grammar.{key}"
    assert piece in shown


def test_arguments_know_where_each_value_began():
    arguments = bind(read_words("web-2 size=m5"), RESIZE, command="/infra resize")

    assert arguments.column("target") == 1
    assert arguments.column("size") == 12
    assert len(arguments) == 2
    assert arguments["size"] == "m5"
    with pytest.raises(KeyError):
        arguments["when"]
    assert dict(Arguments()) == {}


def test_the_usage_line_shows_what_may_be_left_out():
    line = usage("/infra resize", RESIZE)

    assert line == "/infra resize <target> <size> [when=…]"


NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)
VALUES = st.text(
    st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=20
).filter(lambda text: text.isprintable() and text.isascii())


@settings(deadline=None)
@given(st.dictionaries(NAMES, VALUES, min_size=1, max_size=5), st.randoms())
def test_any_values_come_back_by_name_in_any_order(values, random):
    fields = [FieldSpec(name) for name in values]
    shuffled = list(values.items())
    random.shuffle(shuffled)

    named = " ".join(f"{name}={quoted(value)}" for name, value in shuffled)
    placed = " ".join(quoted(value) for value in values.values())

    assert bound(named, fields) == values
    assert bound(placed, fields) == values


@given(st.dictionaries(NAMES, VALUES, min_size=1, max_size=4), st.data())
def test_any_values_come_back_behind_the_words_that_lead_to_them(values, data):
    words = {
        name: data.draw(st.sampled_from(["", "on", "for"]), label=name)
        for name in values
    }
    fields = [FieldSpec(name, after=words[name]) for name in values]

    line = " ".join(f"{words[name]} {quoted(values[name])}" for name in values)

    assert bound(line, fields) == values
    assert usage("x", fields).split() == [
        "x",
        *(one for name in values for one in (words[name], f"<{name}>") if one),
    ]


@settings(deadline=None)
@given(st.lists(st.sampled_from(["a", "a=b", "size=", "--x", "''", "<@U0BOB>", "="])))
def test_binding_refuses_or_fills_every_required_field(pieces):
    try:
        values = bound(" ".join(pieces))
    except Refused:
        return

    assert {"target", "size"} <= set(values)
    assert all(values.values())


DEPLOY = (
    FieldSpec("playbook"),
    FieldSpec("version", required=False),
    FieldSpec("host", after="on"),
)


@pytest.mark.parametrize(
    ("line", "given"),
    [
        ("shop v1 on web", {"playbook": "shop", "version": "v1", "host": "web"}),
        ("shop on web", {"playbook": "shop", "host": "web"}),
        ("shop on web v1", {"playbook": "shop", "host": "web", "version": "v1"}),
        ('shop "on" on web', {"playbook": "shop", "version": "on", "host": "web"}),
        ("on v1 on web", {"playbook": "on", "version": "v1", "host": "web"}),
        ("shop host=web", {"playbook": "shop", "host": "web"}),
    ],
)
def test_what_may_be_left_out_gives_way_to_the_word_that_leads_on(line, given):
    assert dict(bind(read_words(line), DEPLOY, command="/infra deploy")) == given
