"""`tandem report`: what no command does, counted from the audit by client."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.domain.audit import Event, EventName
from bot.domain.writes import Writes
from bot.outbound import clock

HOSTILE = "[red]x\x1b[31m"


def unknown(word):
    reason = {"key": "refused.no-command", "args": {"got": word}, "patterns": None}
    body = {"line": word, "channel": "C1", "reason": reason}
    name = EventName.REQUEST_REFUSED
    return Event(name=name, actor="alice", source="slack", body=body)


def asked(text):
    return Event(
        name=EventName.TICKET_ASKED,
        actor="alice",
        source="slack",
        operation="abcdefghij",
        body={"text": text},
    )


async def record(store, *events, client="acme", ago=timedelta()):
    await store.write(Writes(client=client, at=clock.now() - ago, events=events))


async def test_tickets_and_unknown_commands_are_counted_by_client(tandem, store):
    await record(store, unknown("old"), ago=timedelta(days=40))
    await record(store, unknown("defrag"), unknown(HOSTILE), unknown("defrag"))
    # A client's own merge request that was refused is no line that was typed.
    name = EventName.REQUEST_REFUSED
    await record(store, Event(name=name, actor="x", source="gitlab", body={"iid": 7}))
    await record(store, asked("please move the reports\nto 05:00"))
    await record(store, unknown("vacuum"), client="globex")

    ended = await tandem("report", "tickets")

    first, second, third, ticket, other, last = ended.out.splitlines()
    assert first.startswith("acme: 1 tickets, 3 lines with an unknown command since ")
    assert second.split() == ["2", "defrag"]
    assert "[red]x" in third
    assert "\x1b" not in ended.out
    assert "abcdefg  please move the reports" in ticket
    assert other.startswith("globex: 0 tickets, 1 lines")
    assert last.split() == ["1", "vacuum"]


async def test_one_client_and_a_time_of_one_s_own(tandem, store):
    await record(store, unknown("old"), ago=timedelta(days=40))
    await record(store, unknown("vacuum"), client="globex")

    ended = await tandem("report", "tickets", "--client", "acme", "--since", "9w")

    first, second = ended.out.splitlines()
    assert first.startswith("acme: 0 tickets, 1 lines")
    assert second.split() == ["1", "old"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--client", "acne"), "Nothing is recorded of “acne”"),
        (("--since", "whenever"), "whenever"),
        (("--since", 'a" b'), "tandem: "),
    ],
)
async def test_what_cannot_be_counted_is_said(tandem, words, said):
    ended = await tandem("report", "tickets", *words)

    assert said in ended.complaint
