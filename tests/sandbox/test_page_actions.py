"""What people do on the sandbox's page: elements, confirm dialogs, modals, composer."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.sandbox import page_support
from tests.sandbox.page_samples import MODAL, plain
from tests.sandbox.page_support import BOB, PARENT, act, composer, hook, sent

pytestmark = pytest.mark.page
chromium = page_support.chromium
running = page_support.running
double = page_support.double
visit = page_support.visit


def test_nothing_is_sent_until_the_confirm_dialog_says_yes(visit, double):
    page = visit(BOB)
    approve = act(page, "approve")

    approve.click()
    expect(hook(page, "confirm")).to_contain_text("Approve this resize?")
    hook(page, "confirm-no").click()

    expect(hook(page, "confirm")).to_have_count(0)
    expect(approve).to_be_focused()
    assert double.sent == []


def test_a_button_spins_until_its_action_is_acknowledged(visit, double):
    page = visit(BOB)
    double.delay = 0.4

    act(page, "approve").click()
    hook(page, "confirm-yes").click()

    expect(act(page, "approve")).to_have_attribute("aria-busy", "true")
    act(page, "approve").click()  # A second click meanwhile is not a second action.
    expect(act(page, "approve")).not_to_have_attribute("aria-busy", "true")
    path, body = double.sent[0]
    assert len(double.sent) == 1
    assert path == "action"
    assert body["as"] == "U0BOB"
    assert body["channel"] == "C0ACMEOPS"
    assert body["message_ts"] == PARENT
    assert body["action"]["block_id"] == "decide"
    assert body["action"]["action_id"] == "approve"
    assert body["action"]["type"] == "button"
    assert body["action"]["value"] == "op-7f3a"


def test_a_refused_action_is_told_and_the_button_comes_back(visit, double):
    page = visit(BOB)
    double.answers["action"] = {"ok": False, "error": "operation_timeout"}

    act(page, "deny").click()

    expect(hook(page, "toast")).to_contain_text("did not respond in time")
    expect(act(page, "deny")).not_to_have_attribute("aria-busy", "true")


def test_selects_send_the_chosen_option_and_the_message_state(visit, double):
    page = visit()

    act(page, "one").click()
    page.get_by_role("option", name="m5.large").click()
    expect(act(page, "one")).to_contain_text("m5.large")
    page.locator("[data-action-id=radio] input").nth(1).check()
    page.locator("[data-action-id=checks] input").nth(0).check()
    state = sent(page, double, "action", count=3)["state"]["values"]["selects"]

    chosen = [body["action"] for path, body in double.sent if path == "action"]
    assert [one["action_id"] for one in chosen] == ["one", "radio", "checks"]
    assert chosen[0]["selected_option"]["value"] == "m5.large"
    assert chosen[1]["selected_option"]["value"] == "tonight"
    assert [one["value"] for one in chosen[2]["selected_options"]] == ["notify"]
    assert state["one"]["selected_option"]["value"] == "m5.large"
    assert state["day"]["selected_date"] == "2026-11-24"
    assert state["hour"]["selected_time"] == "09:30"


def test_an_external_select_asks_while_one_types(visit, double):
    page = visit()

    act(page, "ext").click()
    hook(page, "picker-search").fill("web")
    expect(page.get_by_role("option")).to_have_count(2)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")

    expect(act(page, "ext")).to_contain_text("web-2")
    expect(act(page, "ext")).to_be_focused()
    asked = sent(page, double, "suggest")
    assert (asked["action_id"], asked["value"]) == ("ext", "web")
    assert sent(page, double, "action")["action"]["selected_option"]["value"] == "web-2"


def test_an_overflow_menu_works_by_keyboard_alone(visit, double):
    page = visit()

    act(page, "more").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")

    expect(page.get_by_role("menu")).to_have_count(0)
    expect(act(page, "more")).not_to_have_attribute("aria-busy", "true")
    assert (
        sent(page, double, "action")["action"]["selected_option"]["value"]
        == "Cancel this"
    )


def test_a_form_shows_each_error_at_its_own_block(visit, double):
    page = visit()
    composer(page).fill("/infra form")
    composer(page).press("Enter")
    modal = hook(page, "modal")
    expect(modal).to_be_visible()

    hook(page, "view-submit").click()
    error = page.locator("[data-error-for=reason]")
    expect(error).to_have_text("Please complete this required field.")
    expect(act(page, "text", "dialog")).to_be_focused()
    assert [path for path, _ in double.sent] == ["command"]

    double.answers["view/submit"] = {"ok": False, "errors": {"size": "Not offered."}}
    act(page, "text", "dialog").fill("Too dear for us")
    act(page, "sizes", "dialog").click()
    page.get_by_role("option", name="r5.large").click()
    page.keyboard.press("Escape")
    hook(page, "view-submit").click()

    expect(page.locator("[data-error-for=size]")).to_have_text("Not offered.")
    expect(error).to_have_text("")
    values = sent(page, double, "view/submit")["state"]["values"]
    assert values["reason"]["text"]["value"] == "Too dear for us"
    assert [o["value"] for o in values["size"]["sizes"]["selected_options"]] == [
        "r5.large"
    ]


def test_an_accepted_form_closes_and_escape_closes_another(visit, double):
    page = visit()
    modal = hook(page, "modal")
    double.tell("view", {"op": "open", "view": MODAL})
    act(page, "text", "dialog").fill("Because of the budget")

    hook(page, "view-submit").click()
    expect(modal).to_be_hidden()
    double.tell("view", {"op": "open", "view": {**MODAL, "id": "V0OTHER"}})
    expect(modal).to_be_visible()
    expect(act(page, "text", "dialog")).to_have_value("")
    page.keyboard.press("Escape")

    expect(modal).to_be_hidden()
    assert sent(page, double, "view/close") == {"as": "U0ALICE", "view_id": "V0OTHER"}


def test_an_updated_form_keeps_what_was_typed_and_a_pushed_one_comes_back(
    visit, double
):
    page = visit()
    double.tell("view", {"op": "open", "view": MODAL})
    typed = act(page, "text", "dialog")
    typed.fill("half a sen")
    changed = {**MODAL, "title": plain("Deny, then"), "blocks": MODAL["blocks"][1:]}

    double.tell("view", {"op": "update", "view": changed})
    expect(hook(page, "modal")).to_contain_text("Deny, then")
    expect(typed).to_be_focused()
    pushed = {**MODAL, "id": "V0TOP", "title": plain("On top")}
    double.tell("view", {"op": "push", "view": pushed})
    expect(hook(page, "modal")).to_contain_text("On top")
    page.keyboard.press("Escape")

    expect(hook(page, "modal")).to_contain_text("Deny, then")
    expect(typed).to_have_value("half a sen")


def test_from_the_composer_to_approve_by_keyboard_alone(visit, double):
    page = visit(BOB)
    expect(composer(page)).to_be_focused()

    for _ in range(12):
        page.keyboard.press("Shift+Tab")
        if page.evaluate("document.activeElement.dataset.actionId") == "approve":
            break
    page.keyboard.press("Enter")
    expect(hook(page, "confirm-yes")).to_be_focused()
    page.keyboard.press("Enter")

    expect(act(page, "approve")).to_be_focused()
    expect(act(page, "approve")).not_to_have_attribute("aria-busy", "true")
    assert sent(page, double, "action")["action"]["action_id"] == "approve"


def test_the_slash_popup_completes_and_then_shows_the_usage(visit, double):
    page = visit()

    composer(page).press_sequentially("/in")
    expect(page.get_by_role("listbox").get_by_role("option")).to_have_count(2)
    composer(page).press("Tab")
    expect(composer(page)).to_have_value("/infra ")
    expect(hook(page, "usage-hint")).to_contain_text("resize web-2 m5.large")
    composer(page).press_sequentially("resize web-2 m5.large")
    composer(page).press("Enter")

    expect(composer(page)).to_have_value("")
    assert sent(page, double, "command") == {
        "as": "U0ALICE",
        "channel": "C0ACMEOPS",
        "text": "/infra resize web-2 m5.large",
    }
    assert len(double.sent) == 1


def test_a_mention_is_completed_to_a_name_the_server_knows(visit, double):
    page = visit()

    composer(page).press_sequentially("ask @bo")
    expect(page.get_by_role("listbox").get_by_role("option")).to_have_count(1)
    composer(page).press("Enter")

    expect(composer(page)).to_have_value("ask @bob ")
    assert double.sent == []


def test_lines_history_and_a_failed_message_that_is_given_back(visit, double):
    page = visit()
    box = composer(page)

    box.press_sequentially("one")
    box.press("Shift+Enter")
    box.press_sequentially("two <b>")
    box.press("Enter")
    mine = page.locator("[data-testid=messages] article").last
    expect(mine).to_contain_text("two <b>")
    assert sent(page, double, "message")["text"] == "one\ntwo <b>"
    box.press("ArrowUp")
    expect(box).to_have_value("one\ntwo <b>")
    double.answers["message"] = {"ok": False, "error": "not_in_channel"}
    box.press("Enter")

    expect(hook(page, "composer-problem")).to_have_text("You are not in this channel.")
    expect(box).to_have_value("one\ntwo <b>")
