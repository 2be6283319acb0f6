"""The sandbox's page over time: who one is, and what arrives while one looks."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.sandbox import page_support
from tests.sandbox.page_samples import card, plain
from tests.sandbox.page_support import (
    ALICE,
    BOB,
    PARENT,
    act,
    bot,
    hook,
    sent,
)

pytestmark = pytest.mark.page
chromium = page_support.chromium
running = page_support.running
double = page_support.double
visit = page_support.visit


def test_one_becomes_another_by_keyboard_and_the_address_says_so(visit):
    page = visit()

    page.keyboard.press("Alt+p")
    expect(hook(page, "people")).to_contain_text("Claranet")
    page.keyboard.press("5")

    expect(hook(page, "person-switcher")).to_contain_text("Bob Durand (Claranet)")
    expect(page).to_have_url(re.compile(r"as=U0BOB&channel=C0ACMEOPS"))
    expect(page.locator("[data-channel=C0ONCALL]")).to_have_attribute(
        "data-unread", "2"
    )
    page.go_back()
    expect(hook(page, "person-switcher")).to_contain_text("Alice Martin (Acme)")


def test_a_link_to_a_message_shows_that_message(visit):
    page = visit(f"{ALICE}&ts=1795338000.000000")

    expect(page.locator("article", has_text="slow since noon")).to_be_in_viewport()


def test_an_unknown_person_in_the_address_is_said_and_someone_is_chosen(visit):
    page = visit("?as=U0NOBODY")

    expect(hook(page, "toast")).to_have_text("Nobody here is U0NOBODY.")
    expect(hook(page, "person-switcher")).to_contain_text("Alice Martin")


def test_the_rail_changes_person_and_leaves_channels_one_may_not_see(visit):
    page = visit()

    page.locator("[data-become=U0GINA]").click()

    expect(hook(page, "channel-title")).to_have_text("globex-ops")
    expect(page.locator("#sidebar [data-channel=C0ACMEOPS]")).to_have_count(0)


def test_an_update_in_place_keeps_focus_and_neighbours(visit, double):
    page = visit(BOB)
    act(page, "deny").focus()
    page.evaluate("window.kept = document.activeElement")
    blocks = card()
    blocks[0]["text"] = plain("Changed")
    message = {**double.rooms["C0ACMEOPS"][8], "blocks": blocks}

    double.put("C0ACMEOPS", message, event="message_changed")

    expect(page.locator(f'[data-ts="{PARENT}"]')).to_contain_text("Changed")
    assert page.evaluate("document.activeElement === window.kept")


def test_the_focus_stays_in_a_card_whose_buttons_are_gone(visit, double):
    page = visit(BOB)
    act(page, "approve").focus()
    blocks = [block for block in card() if block["type"] != "actions"]
    message = {**double.rooms["C0ACMEOPS"][8], "blocks": blocks}

    double.put("C0ACMEOPS", message, event="message_changed")

    expect(act(page, "approve")).to_have_count(0)
    expect(page.locator(f'article[data-ts="{PARENT}"]')).to_be_focused()


def test_a_reader_who_scrolled_up_is_not_moved(visit, double):
    page = visit()
    page.evaluate("document.querySelector('[data-testid=messages]').scrollTop = 40")
    page.wait_for_timeout(50)

    double.put("C0ACMEOPS", bot(double, text="news"), event="message")

    expect(page.locator(".jump").first).to_be_visible()
    top = "document.querySelector('[data-testid=messages]').scrollTop"
    assert page.evaluate(top) == 40
    page.locator(".jump").first.click()
    assert page.evaluate(top) > 400
    expect(hook(page, "announcer")).to_contain_text("tandem: news")


def test_a_message_elsewhere_counts_as_unread_and_a_deleted_one_goes(visit, double):
    page = visit(BOB)
    message = bot(double, text="elsewhere")

    double.put("C0GLOBEXOPS", message, event="message")
    channel = page.locator("#sidebar [data-channel=C0GLOBEXOPS]")
    expect(channel).to_have_attribute("data-unread", "1")
    channel.click()
    expect(page.locator("article", has_text="elsewhere")).to_be_visible()
    expect(channel).to_have_attribute("data-unread", "0")
    double.tell("message_deleted", {"channel": "C0GLOBEXOPS", "message": message})

    expect(page.locator("article", has_text="elsewhere")).to_have_count(0)


def test_a_thread_updates_live_and_its_replies_stay_out_of_the_channel(visit, double):
    page = visit()
    hook(page, "open-thread").click()
    thread = hook(page, "thread")
    expect(thread.locator("article")).to_have_count(3)
    expect(hook(page, "thread-composer")).to_be_focused()

    hook(page, "thread-composer").fill("Thank you")
    hook(page, "thread-composer").press("Enter")

    expect(thread.locator("article")).to_have_count(4)
    assert sent(page, double, "message")["thread_ts"] == PARENT
    expect(hook(page, "open-thread")).to_contain_text("3 replies")
    expect(
        page.locator("[data-testid=messages] article", has_text="Thank you")
    ).to_have_count(0)
    page.keyboard.press("Escape")
    expect(thread).to_be_hidden()


def test_a_lost_connection_is_said_and_what_was_missed_is_read(visit, double):
    page = visit()
    page.wait_for_timeout(200)

    double.cut()
    expect(hook(page, "reconnecting")).to_contain_text("Reconnecting")
    double.rooms["C0ACMEOPS"].append(bot(double, text="said meanwhile"))

    expect(hook(page, "reconnecting")).to_be_hidden()
    expect(page.locator("article", has_text="said meanwhile")).to_be_visible()


def test_a_notice_is_a_toast(visit, double):
    page = visit()
    page.wait_for_timeout(100)

    text = "/infra failed because the app did not respond"
    double.tell("notice", {"channel": "C0ACMEOPS", "level": "error", "text": text})

    expect(hook(page, "toast")).to_contain_text(text)
