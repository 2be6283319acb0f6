"""Every kind of element: what a person chose reaches the app in Slack's words."""

from __future__ import annotations

import pytest

from deploy.sandbox.slack import actions
from deploy.sandbox.slack.refusal import SlackRefusal
from tests.sandbox.slack_support import SUBMIT, card, desk, modal

HINT = {"type": "plain_text", "text": "Choose"}
WEEK = {"text": {"type": "plain_text", "text": "Week"}, "value": "7d"}
DAY = {"text": {"type": "plain_text", "text": "Day"}, "value": "1d"}
GROUPS = [{"label": HINT, "options": [WEEK, DAY]}]


@pytest.fixture
async def slack():
    async with desk() as made:
        yield made


def _element(kind, **more):
    return {"type": kind, "action_id": "it", **more}


KINDS = [
    (_element("overflow", options=[WEEK, DAY]), {"selected_option": WEEK}),
    (_element("radio_buttons", options=[WEEK, DAY]), {"selected_option": DAY}),
    (_element("checkboxes", options=[WEEK, DAY]), {"selected_options": [WEEK]}),
    (
        _element("static_select", placeholder=HINT, option_groups=GROUPS),
        {"selected_option": DAY},
    ),
    (
        _element("multi_static_select", placeholder=HINT, options=[WEEK, DAY]),
        {"selected_options": [DAY]},
    ),
    (_element("datepicker"), {"selected_date": "2026-11-23"}),
    (_element("timepicker"), {"selected_time": "09:30"}),
    (_element("users_select", placeholder=HINT), {"selected_user": "U0BOB"}),
    (
        _element("multi_users_select", placeholder=HINT),
        {"selected_users": ["U0BOB", "U0DAVE"]},
    ),
    (
        _element("conversations_select", placeholder=HINT),
        {"selected_conversation": "C0ACMEOPS"},
    ),
]


@pytest.mark.parametrize(
    ("element", "did"), KINDS, ids=lambda part: part.get("type", "chosen")
)
async def test_a_choice_in_a_message_reaches_the_app(slack, element, did):
    many = element["type"].startswith("multi_")
    blocks = card(element)
    if many:
        # Slack takes multi-selects in sections and inputs, not in actions.
        text = {"type": "mrkdwn", "text": "which"}
        blocks = [
            {
                "type": "section",
                "block_id": "decide",
                "text": text,
                "accessory": element,
            }
        ]
    ts = await slack.post(text="card", blocks=blocks)
    click = actions.Click(block_id="decide", action_id="it", did=did)

    await actions.click(
        slack.world, user="U0BOB", channel="C0ACMEOPS", ts=ts, action=click
    )

    action = slack.ear.payload()["actions"][0]
    assert {k: action[k] for k in did} == did


async def test_a_form_is_delivered_with_what_stood_there_at_first(slack):
    def asked(name, element, **more):
        return {
            "type": "input",
            "block_id": name,
            "label": HINT,
            "element": element,
            **more,
        }

    view = modal(
        asked(
            "span",
            _element(
                "static_select",
                placeholder=HINT,
                options=[WEEK, DAY],
                initial_option=DAY,
            ),
        ),
        asked("note", _element("plain_text_input", initial_value="as it was")),
        asked("day", _element("datepicker"), optional=True),
        asked("count", _element("number_input", is_decimal_allowed=False)),
        submit=SUBMIT,
    )
    trigger = slack.world.triggers.issue("U0BOB")
    opened = await slack.api("views.open", view=view, trigger_id=trigger)
    values = {"count": {"it": {"type": "number_input", "value": "3"}}}

    answer = await slack.page(
        "view/submit",
        **{"as": "U0BOB", "view_id": opened["view"]["id"], "state": {"values": values}},
    )

    held = slack.ear.payload()["view"]["state"]["values"]
    assert answer.json() == {"ok": True}
    assert held["span"]["it"]["selected_option"] == DAY
    assert held["note"]["it"]["value"] == "as it was"
    assert held["day"]["it"]["selected_date"] is None
    assert held["count"]["it"]["value"] == "3"


async def test_nothing_chosen_is_no_choice(slack):
    ts = await slack.post(
        text="card", blocks=card(_element("overflow", options=[WEEK, DAY]))
    )
    click = actions.Click(block_id="decide", action_id="it", did={})

    with pytest.raises(SlackRefusal, match="invalid_action"):
        await actions.click(
            slack.world, user="U0BOB", channel="C0ACMEOPS", ts=ts, action=click
        )
