"""The chain's rule, against a second writing of it that shares no line with it."""

from __future__ import annotations

import hashlib
import json
import struct
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.audit import (
    Checkpoint,
    Event,
    EventName,
    canonical,
    content,
    genesis,
    instant,
    link,
)

# What was once written into an audit is read for ever: a name here never changes.
EVER = """
operation.asked operation.proposed operation.refused operation.approved
operation.denied operation.cancelled operation.expired operation.voided
operation.started operation.done operation.failed operation.doubted doubt.settled
operation.reminded decision.made decision.refused request.refused
merge_request.opened merge_request.closed merge.announced merge.done gate.bypassed
action.announced action.done action.reconciled certificate.issued credentials.lent
credentials.ended handover.made effect.verified effect.missing plan.differed
apply.refused operation.escalated operation.paused operation.halted freeze.declared
freeze.lifted duty.claimed duty.passed delegation.made delegation.ended
trust.announced trust.moved trust.lapsed protection.set protection.drifted
protection.restored committer.merged
glass.broken review.opened review.reminded review.closed rota.stalled rota.resumed
checkpoint.signed inventory.read message.undelivered look.asked look.done ticket.asked
ticket.announced ticket.opened ticket.refused ticket.postponed ticket.lost link.asked
link.answered link.noted link.made link.refused link.expired link.removed
"""
FIELDS = ("name", "actor", "source", "operation", "body")
scalars = st.none() | st.booleans() | st.integers() | st.text(max_size=20)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
bodies = st.dictionaries(st.text(max_size=8), values, max_size=4)
events = st.builds(
    Event,
    name=st.sampled_from(EventName),
    actor=st.text(max_size=20),
    source=st.text(max_size=20),
    operation=st.none() | st.text(min_size=1, max_size=20),
    body=bodies,
)
zones = st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m)))
moments = st.datetimes(
    datetime(1970, 1, 2), datetime(9998, 1, 1), timezones=zones  # noqa: DTZ001 - hypothesis adds the zone
)  # fmt: skip
hashes = st.binary(min_size=32, max_size=32).map(bytes.hex)


def told(event, client, at):
    """Spell an event without the product: as RFC 8259 text built by hand."""
    parts = ["tandem-audit/1", client, moment(at), str(event.name), event.actor,
             event.source, event.operation or "", body(event.body)]  # fmt: skip
    return "[" + ",".join(quoted(part) for part in parts) + "]"


def moment(at):
    at = at.astimezone(UTC)
    return (
        f"{at.year:04}-{at.month:02}-{at.day:02}T"
        f"{at.hour:02}:{at.minute:02}:{at.second:02}.{at.microsecond:06}Z"
    )


def quoted(text):
    short = {"\\": "\\\\", '"': '\\"', "\b": "\\b", "\f": "\\f", "\n": "\\n",
             "\r": "\\r", "\t": "\\t"}  # fmt: skip
    found = ""
    for char in text:
        if char in short:
            found += short[char]
        elif " " <= char <= "~":
            found += char
        else:
            units = char.encode("utf-16-be", "surrogatepass")
            for (unit,) in struct.iter_unpack(">H", units):
                found += f"\\u{unit:04x}"
    return f'"{found}"'


def body(value):
    match value:
        case None | True | False:
            return {None: "null", True: "true", False: "false"}[value]
        case int():
            return str(value)
        case str():
            return quoted(value)
        case list():
            return "[" + ",".join(body(one) for one in value) + "]"
    pairs = (f"{quoted(key)}:{body(value[key])}" for key in sorted(value))
    return "{" + ",".join(pairs) + "}"


@given(events, st.text(max_size=20), moments)
def test_the_content_is_the_hash_of_all_that_is_said(event, client, at):
    expected = hashlib.sha256(told(event, client, at).encode()).hexdigest()

    assert content(event, client=client, at=at) == expected


@given(hashes, st.integers(1, 2**63 - 1), hashes)
def test_a_link_is_the_hash_of_before_place_and_content(previous, seq, said):
    raw = bytes.fromhex(previous) + struct.pack(">q", seq) + bytes.fromhex(said)

    assert link(previous, seq=seq, content=said) == hashlib.sha256(raw).hexdigest()


@given(st.data(), events, events, st.sampled_from(FIELDS))
def test_two_events_that_differ_anywhere_have_different_contents(
    data, event, other, field
):
    changed = event.model_copy(update={field: getattr(other, field)})
    at = data.draw(moments)

    same = content(event, client="acme", at=at) == content(
        changed, client="acme", at=at
    )

    assert same == (told(event, "acme", at) == told(changed, "acme", at))


def test_text_that_moves_from_one_field_into_the_next_is_another_event():
    one = Event(name=EventName.MERGE_DONE, actor="a", source='b","c')
    other = Event(name=EventName.MERGE_DONE, actor='a","b', source="c")
    at = datetime(2026, 1, 1, tzinfo=UTC)

    assert content(one, client="x", at=at) != content(other, client="x", at=at)


def test_chains_of_two_clients_begin_differently():
    assert genesis("acme") != genesis("globex")
    assert genesis("acme") == hashlib.sha256(b"tandem-audit/1\nacme").hexdigest()


@given(bodies)
def test_a_body_has_one_spelling_and_reads_back_the_same(value):
    text = canonical(value)

    assert text.isascii()
    assert json.loads(text) == value
    assert canonical(json.loads(text)) == text


@given(moments)
def test_a_moment_has_one_spelling_in_any_zone(at):
    elsewhere = at.astimezone(timezone(timedelta(hours=5, minutes=45)))

    assert instant(at) == instant(elsewhere) == moment(at)


def test_what_is_signed_names_client_length_head_and_moment():
    at = datetime(2026, 11, 23, 9, 0, tzinfo=timezone(timedelta(hours=1)))

    payload = Checkpoint(client="acme", seq=12, head="ab" * 32, at=at).payload()

    assert payload.decode().split("\n") == [
        "tandem-checkpoint/1",
        "acme",
        "12",
        "ab" * 32,
        "2026-11-23T08:00:00.000000Z",
    ]


@pytest.mark.parametrize("name", EventName)
def test_an_event_is_a_noun_and_a_verb_in_the_past(name):
    noun, dot, verb = name.partition(".")

    assert noun
    assert dot
    past = verb.endswith("ed") or verb in (
        "broken",
        "done",
        "lent",
        "lost",
        "made",
        "missing",
        "read",
        "set",
    )
    assert past, name


def test_the_names_of_events_are_these_for_ever():
    assert [name.value for name in EventName] == EVER.split()


def test_a_place_beyond_what_the_database_counts_has_no_link():
    with pytest.raises(OverflowError):
        link("ab" * 32, seq=2**63, content="cd" * 32)


def test_a_checkpoint_that_nobody_signed_has_no_signature():
    at = datetime(2026, 11, 23, tzinfo=UTC)

    assert Checkpoint(client="acme", seq=1, head="ab" * 32, at=at).signature == ""
