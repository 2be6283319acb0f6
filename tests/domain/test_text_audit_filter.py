"""`who:… what:… on:… since:… state:…` → one closed filter."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from fluent.runtime import FluentBundle, FluentResource
from hypothesis import given, settings
from hypothesis import strategies as st

import bot
from bot.domain.audit_filter import KEYS, AuditFilter, Since, Who, read_filter
from bot.domain.errors import BadArguments, Refused
from bot.domain.operation import State
from bot.domain.text import read_words

NOW = datetime(2026, 11, 2, 0, 30, tzinfo=UTC)


def read(line):
    return read_filter(read_words(line))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", AuditFilter()),
        ("web-2", AuditFilter(on="web-2")),
        ("on:web-2", AuditFilter(on="web-2")),
        ('on:"web-2"', AuditFilter(on="web-2")),
        ("who:<@U0BOB|b>", AuditFilter(who=Who(kind="slack", id="U0BOB"))),
        ("who:bob", AuditFilter(who=Who(kind="member", id="bob"))),
        ("what:operation.denied", AuditFilter(what="operation.denied")),
        ("state:in_doubt", AuditFilter(state=State.IN_DOUBT)),
        ("since:30m", AuditFilter(since=Since(ago=timedelta(minutes=30)))),
        ("since:2h", AuditFilter(since=Since(ago=timedelta(hours=2)))),
        ("since:3d", AuditFilter(since=Since(ago=timedelta(days=3)))),
        ("since:2w", AuditFilter(since=Since(ago=timedelta(weeks=2)))),
        ("since:today", AuditFilter(since=Since(days_back=0))),
        ("since:yesterday", AuditFilter(since=Since(days_back=1))),
        ("since:2026-11-01", AuditFilter(since=Since(day=date(2026, 11, 1)))),
        (
            "web-2 state:done who:bob",
            AuditFilter(on="web-2", state=State.DONE, who=Who(kind="member", id="bob")),
        ),
    ],
)
def test_a_filter_is_read(line, expected):
    found = read(line)

    assert found == expected


@pytest.mark.parametrize(
    ("line", "key", "piece"),
    [
        ("web-2 web-1", "repeated-filter", "“on:”"),
        ("on:web-2 on:web-1", "repeated-filter", "column 10"),
        ("stat:done", "unknown-filter", "state"),
        ("zzzzzz:done", "unknown-filter", "who, what, on, since, state"),
        ("on:Web-2", "wrong-on", "got “Web-2”"),
        ("on:", "wrong-on", "got “”"),
        ("on:web%", "wrong-on", "web%"),
        ("what:<@U0BOB>", "no-mention-wanted", "“what”"),
        ("<@U0BOB>", "no-mention-wanted", "“on”"),
        ("what:a*", "wrong-what", "a*"),
        ("who:<#C0OPS>", "wrong-who", "who:"),
        ('who:"Bob Durand"', "wrong-who", "Bob Durand"),
        ("since:soon", "wrong-since", "soon"),
        ("since:0h", "wrong-since", "0h"),
        ("since:9999d", "wrong-since", "9999d"),
        ("since:2026-02-30", "wrong-since", "2026-02-30"),
        ("since:२h", "wrong-since", "२h"),
        ("state:don", "unknown-state", "Known: done"),
        ("state:xyz", "unknown-state", "asked, proposed"),
        ("state:as\u212aed", "unknown-state", "as\u212aed"),
    ],
)
def test_what_is_no_filter_is_refused_and_says_why(line, key, piece):
    bundle = FluentBundle(["en"], use_isolating=False)
    path = Path(bot.__file__).parent / "messages" / "grammar.en.ftl"
    bundle.add_resource(FluentResource(path.read_text()))

    with pytest.raises(BadArguments) as caught:
        read(line)

    message = caught.value.message
    pattern = bundle.get_message(message.key.replace(".", "-")).value
    shown, errors = bundle.format_pattern(pattern, message.args)
    assert errors == []
    assert message.key == f"grammar.{key}"
    assert piece in shown


@pytest.mark.parametrize(
    ("since", "expected"),
    [
        # 00:30 UTC is 01:30 in Paris: the same day; in New York it is still yesterday.
        (Since(ago=timedelta(hours=2)), datetime(2026, 11, 1, 22, 30, tzinfo=UTC)),
        (Since(days_back=0), datetime(2026, 11, 1, 23, 0, tzinfo=UTC)),
        (Since(days_back=1), datetime(2026, 10, 31, 23, 0, tzinfo=UTC)),
        # Before the clocks went back Paris was two hours ahead.
        (Since(day=date(2026, 10, 20)), datetime(2026, 10, 19, 22, 0, tzinfo=UTC)),
    ],
)
def test_days_begin_at_midnight_where_the_people_are(since, expected):
    moment = since.moment(NOW, zone=ZoneInfo("Europe/Paris"))

    assert moment == expected
    assert moment.tzinfo is UTC


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from([*KEYS, "x", ""]), st.text(max_size=12)), max_size=4
    )
)
def test_no_words_do_anything_but_make_a_filter_or_be_refused(pieces):
    line = " ".join(f"{key}:{value}" if key else value for key, value in pieces)

    try:
        found = read(line)
    except Refused:
        return

    assert isinstance(found, AuditFilter)
