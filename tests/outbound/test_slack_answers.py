"""Answers to questions: help, stories, the audit; each one a message Slack takes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import registry
from bot.domain.audit import EventName
from bot.domain.audit_filter import AuditFilter
from bot.domain.found import Hit, Page
from bot.domain.message import Message
from bot.domain.operation import State
from bot.domain.views import Found, Help, Said, Story
from bot.outbound.slack.answers import answer
from bot.outbound.slack.modals import denial, told
from bot.outbound.slack.story import event_key
from deploy.sandbox.slack.blocks import message_faults, view_faults
from deploy.sandbox.slack.contracts import Contracts
from tests.outbound.slack_samples import (
    PEN,
    SPEECH,
    decision_of,
    operation_of,
    record_of,
    view_of,
)

CONTRACTS = Contracts(Path(__file__).parents[3] / "shared/contracts/slack")
ANY = AuditFilter()
SPECS = tuple(command.spec for _, command in sorted(registry.load().commands.items()))
KINDS = {"instance": ("shop-1",), "database": ("shop-db",)}


def drawn(view, **more):
    made = answer(view, pen=PEN, **more)
    assert message_faults(list(made.blocks), CONTRACTS) == []
    assert made.text
    return json.dumps(made.blocks, ensure_ascii=False)


def story(records, *, state=State.DONE):
    card = view_of(operation_of("resize", state))
    link = card.operation.progress.url
    return Story(card=card, records=tuple(records), link=link, language="en")


def test_one_message_is_one_paragraph():
    assert "No such" not in drawn(Said(Message.of("refused.status-usage"), "en"))


def test_help_has_an_example_that_works_here():
    whole = drawn(Help(SPECS, None, (), KINDS, "en"))

    assert "`/infra resize shop-1 m5.large`" in whole
    assert "`/infra backup shop-db`" in whole
    # With the word that leads to the host, or it would be refused as it stands.
    assert "`/infra service restart nginx on web-host`" in whole


def test_help_of_one_command_has_its_arguments_and_targets():
    resize = next(spec for spec in SPECS if spec.name == "resize")

    whole = drawn(Help(SPECS, resize, ("shop-1",), KINDS, "en"))

    assert "`/infra resize &lt;instance&gt; &lt;type&gt;`" in whole
    assert "the EC2 instance type it should have" in whole
    assert "Yours: shop-1" in whole


@pytest.mark.parametrize("name", list(EventName))
def test_every_event_has_words(name):
    assert SPEECH.has(event_key(name), language="en")
    assert drawn(story([record_of(name)]))


def test_a_story_tells_who_did_what():
    reason = Message.of("done.verified", {"effect": "instance_type = m5.large"})
    whole = drawn(
        story(
            [
                record_of(
                    "operation.asked", actor="alice", body='{"line": "resize <!here>"}'
                ),
                record_of(
                    "decision.made",
                    actor="bob",
                    body='{"verdict": "approve", "reason": "go"}',
                ),
                record_of(
                    "operation.done",
                    body=json.dumps({"reason": reason.model_dump(mode="json")}),
                ),
            ]
        )
    )

    assert "<@U0ALICE> asked: /infra resize &lt;!here&gt;" in whole
    assert "<@U0BOB> approved: go" in whole
    assert "It is done: Done, and read back: instance_type = m5.large" in whole


def test_rights_to_read_are_counted_and_rights_to_act_are_told():
    reads = [
        record_of("credentials.lent", body='{"action": "gitlab-read"}')
        for _ in range(50)
    ]
    act = record_of("credentials.lent", body='{"action": "gitlab-execute"}')

    whole = drawn(story([*reads, act]))

    assert "Rights were lent for gitlab-execute" in whole
    assert "Rights to read were lent 50 times meanwhile." in whole


def test_a_story_too_long_for_a_message_says_so_and_keeps_both_ends():
    asked = record_of("operation.asked", actor="alice", body='{"line": "first"}')
    ended = record_of("operation.expired")
    between = [record_of("operation.started") for _ in range(400)]

    whole = drawn(story([asked, *between, ended]))

    assert "/infra first" in whole
    assert "Its time was over." in whole
    assert "more events, not shown here." in whole


def test_a_page_of_the_audit_has_a_line_for_each_and_a_way_on():
    operation = operation_of("resize", State.DONE)
    hit = Hit(operation, (decision_of(operation),), "1795420947.698624")
    page = Page((hit,) * 8, next=operation.id)
    names = {"alice": "Alice Martin", "bob": "Bob <Durand>"}

    whole = drawn(
        Found(page, "audit on:web-2", ANY, names, "en"),
        site="https://claranet.slack.com/",
    )

    card = "https://claranet.slack.com/archives/C0ACMEOPS/p1795420947698624"
    assert whole.count(f"<{card}|Card>") == 8
    assert whole.count("asked by Alice Martin") == 8
    assert "✅ Bob &lt;Durand&gt; <!date^" in whole
    assert "Merge request !12" in whole
    carried = {"q": "audit on:web-2", "b": operation.id}
    assert json.dumps(json.dumps(carried, separators=(",", ":"))) in whole


def test_an_empty_page_suggests_what_to_do():
    whole = drawn(Found(Page((), None), "audit on:x", ANY, {}, "en"))

    assert "Nothing was found." in whole
    assert "Fewer words find more" in whole


def test_the_form_that_asks_why_carries_what_was_shown():
    view = denial(operation="a" * 20, digest="0" * 64, channel="C1", pen=PEN)

    assert view_faults(view, CONTRACTS) == []
    assert json.loads(view["private_metadata"]) == {
        "o": "a" * 20,
        "d": "0" * 64,
        "c": "C1",
    }


def test_what_takes_the_forms_place_is_a_form_slack_takes():
    assert view_faults(told("It is recorded.", pen=PEN), CONTRACTS) == []


@given(st.text(max_size=3000), st.text(max_size=300))
def test_no_text_makes_an_answer_that_slack_refuses(one, other):
    operation = operation_of("resize", State.DENIED, line=one, target=other or "x")
    hit = Hit(operation, ())

    drawn(Said(Message.of("refused.no-operation", {"got": one}), "en"))
    drawn(Found(Page((hit,), None), one, ANY, {"alice": other}, "en"))
    record = record_of(
        "operation.asked", actor=other or "x", body=json.dumps({"line": one})
    )
    drawn(story([record]))
