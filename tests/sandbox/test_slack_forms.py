"""Modals of the Slack stand-in: trigger ids, the stack, and what a person fills in."""

from __future__ import annotations

import pytest

from deploy.sandbox.slack import actions, modals
from deploy.sandbox.slack.refusal import SlackRefusal
from tests.sandbox.slack_support import (
    SUBMIT,
    button,
    card,
    counter,
    desk,
    modal,
    section,
    text_input,
)


@pytest.fixture
async def slack():
    async with desk() as made:
        yield made


def _trigger(slack, user="U0BOB", view=""):
    return slack.world.triggers.issue(user, view=view)


async def _opens(slack, *blocks, **more):
    view = modal(*(blocks or (text_input(),)), submit=SUBMIT, **more)
    answer = await slack.api("views.open", view=view, trigger_id=_trigger(slack))
    assert answer["ok"], answer
    return answer["view"]


async def _submits(slack, view_id, reason=None, user="U0BOB"):
    entry = {"type": "plain_text_input", "value": reason}
    values = {"why": {"reason": entry}} if reason is not None else {}
    return await modals.submit(slack.world, user=user, view_id=view_id, values=values)


async def test_a_trigger_opens_one_view_within_three_seconds():
    async with counter() as slack:
        late, once = _trigger(slack), _trigger(slack)
        used = await slack.api("views.open", view=modal(), trigger_id=once)
        again = await slack.api("views.open", view=modal(), trigger_id=once)
        slack.clock.forward(3.5)
        expired = await slack.api("views.open", view=modal(), trigger_id=late)

    assert used["ok"]
    assert again["error"] == "exchanged_trigger_id"
    assert expired["error"] == "expired_trigger_id"


async def test_a_refused_view_does_not_use_its_trigger_up():
    async with counter() as slack:
        trigger = _trigger(slack)
        refused = await slack.api(
            "views.open", view={"type": "modal"}, trigger_id=trigger
        )
        opened = await slack.api("views.open", view=modal(), trigger_id=trigger)

    assert refused["error"] == "invalid_arguments"
    assert opened["ok"]


@pytest.mark.parametrize(
    "view",
    [
        modal(text_input()),
        modal(title={"type": "plain_text", "text": "x" * 25}),
        modal(private_metadata="x" * 3001),
        modal(callback_id="x" * 256),
        modal(*[{"type": "divider"}] * 101),
        modal(section("")),
        {**modal(), "type": "dialog"},
    ],
)
async def test_a_view_beyond_the_limits_is_refused_with_the_reason(view):
    async with counter() as slack:
        answer = await slack.api("views.open", view=view, trigger_id=_trigger(slack))

    assert answer["error"] == "invalid_arguments"
    assert answer["response_metadata"]["messages"]


async def test_three_views_stack_and_a_fourth_does_not():
    async with counter() as slack:
        top = (await _opens(slack))["id"]
        answers = []
        for _ in range(3):
            trigger = _trigger(slack, view=top)
            answer = await slack.api("views.push", view=modal(), trigger_id=trigger)
            answers.append(answer)
            top = answer["view"]["id"] if answer["ok"] else top

    assert [a["ok"] for a in answers] == [True, True, False]
    assert answers[-1]["error"] == "push_limit_reached"
    assert answers[1]["view"]["previous_view_id"] == answers[0]["view"]["id"]
    assert answers[1]["view"]["root_view_id"] == answers[0]["view"]["root_view_id"]


async def test_an_update_with_an_old_hash_is_a_conflict():
    async with counter() as slack:
        view = await _opens(slack)
        change = {"view_id": view["id"], "hash": view["hash"], "view": modal()}
        first = await slack.api("views.update", **change)
        second = await slack.api("views.update", **change)
        lost = await slack.api("views.update", view_id="V0", view=modal())

    assert first["view"]["hash"] != view["hash"]
    assert second["error"] == "hash_conflict"
    assert lost["error"] == "not_found"


async def test_an_external_id_names_one_open_view():
    async with counter() as slack:
        await _opens(slack, external_id="mine")
        other = await slack.api(
            "views.open",
            view=modal(external_id="mine"),
            trigger_id=_trigger(slack, user="U0DAVE"),
        )
        changed = await slack.api("views.update", external_id="mine", view=modal())

    assert other["error"] == "duplicate_external_id"
    assert changed["ok"]


async def test_a_submission_says_who_and_what(slack):
    view = await _opens(slack, callback_id="denial", private_metadata="op-1")

    outcome = await _submits(slack, view["id"], "too big")

    payload = slack.ear.payload()
    values = payload["view"]["state"]["values"]
    assert outcome.ok
    assert payload["user"]["id"] == "U0BOB"
    assert payload["view"]["private_metadata"] == "op-1"
    assert values == {
        "why": {"reason": {"type": "plain_text_input", "value": "too big"}}
    }
    assert slack.world.forms.stack("U0BOB") == []


async def test_a_field_left_empty_is_refused_before_the_app_hears(slack):
    view = await _opens(slack)

    outcome = await _submits(slack, view["id"])

    assert list(outcome.errors) == ["why"]
    assert slack.ear.heard == []


async def test_an_optional_field_may_stay_empty(slack):
    view = await _opens(slack, text_input(optional=True))

    outcome = await _submits(slack, view["id"])

    values = slack.ear.payload()["view"]["state"]["values"]
    assert outcome.ok
    assert values["why"]["reason"]["value"] is None


async def test_a_field_is_held_to_its_length(slack):
    element = {"type": "plain_text_input", "action_id": "reason", "max_length": 3}
    view = await _opens(slack, text_input(element=element))

    outcome = await _submits(slack, view["id"], "four")

    assert list(outcome.errors) == ["why"]


async def test_nobody_submits_another_persons_form(slack):
    view = await _opens(slack)

    with pytest.raises(SlackRefusal, match="not_found"):
        await _submits(slack, view["id"], "x", user="U0ALICE")


async def test_errors_leave_the_form_open(slack):
    view = await _opens(slack)
    slack.ear.says({"response_action": "errors", "errors": {"why": "say more"}})

    outcome = await _submits(slack, view["id"], "x")

    assert outcome.errors == {"why": "say more"}
    assert [f.id for f in slack.world.forms.stack("U0BOB")] == [view["id"]]


@pytest.mark.parametrize(
    "answer",
    [
        {"response_action": "errors", "errors": {"nowhere": "x"}},
        {"response_action": "update", "view": {"type": "modal"}},
        {"response_action": "vanish"},
    ],
)
async def test_an_answer_that_makes_no_sense_is_told_to_the_person(slack, answer):
    view = await _opens(slack)
    slack.ear.says(answer)

    outcome = await _submits(slack, view["id"], "x")

    assert outcome.error == "invalid_response_action"


async def test_an_answer_can_update_push_and_clear(slack):
    view = await _opens(slack)
    slack.ear.says(
        {"response_action": "update", "view": modal(text_input(), submit=SUBMIT)}
    )
    await _submits(slack, view["id"], "x")
    slack.ear.says(
        {"response_action": "push", "view": modal(text_input(), submit=SUBMIT)}
    )
    await _submits(slack, view["id"], "x")
    stacked = slack.world.forms.stack("U0BOB")
    slack.ear.says({"response_action": "clear"})
    await _submits(slack, stacked[-1].id, "x")

    assert stacked[0].id == view["id"]
    assert len(stacked) == 2
    assert slack.world.forms.stack("U0BOB") == []


async def test_a_failing_app_leaves_the_form_open(slack):
    view = await _opens(slack)
    slack.ear.status = 500

    outcome = await _submits(slack, view["id"], "x")

    assert outcome.error == "dispatch_failed"
    assert len(slack.world.forms.stack("U0BOB")) == 1


async def test_a_close_is_told_only_when_it_was_asked_for(slack):
    quiet = await _opens(slack)
    await modals.close(slack.world, user="U0BOB", view_id=quiet["id"])
    loud = await _opens(slack, notify_on_close=True)
    await modals.close(slack.world, user="U0BOB", view_id=loud["id"])

    assert len(slack.ear.heard) == 1
    assert slack.ear.payload()["type"] == "view_closed"
    assert slack.ear.payload()["is_cleared"] is False


async def test_an_action_in_a_view_carries_the_view_and_what_was_typed(slack):
    view = await _opens(slack, text_input(), *card(button("more")))
    values = {"why": {"reason": {"type": "plain_text_input", "value": "half"}}}

    click = actions.Click(block_id="decide", action_id="more", did={})
    outcome = await actions.click_in_view(
        slack.world, user="U0BOB", view_id=view["id"], action=click, values=values
    )

    payload = slack.ear.payload()
    pushed = await slack.api(
        "views.push", view=modal(), trigger_id=payload["trigger_id"]
    )
    assert outcome.ok
    assert payload["view"]["state"]["values"]["why"]["reason"]["value"] == "half"
    assert "response_url" not in payload
    assert pushed["view"]["previous_view_id"] == view["id"]
