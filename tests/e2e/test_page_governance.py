"""Who decides, and when nobody does, in a real browser: quorum, freeze, break-glass."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import start, stop
from tests.e2e.page import ALICE, BOB, CAROL, ERIN, approves, asks, says, shot

pytestmark = [pytest.mark.page, pytest.mark.timeout(300)]
FREEZE = "/infra freeze all until tomorrow 09:00 We launch tonight"


@pytest.fixture(scope="module")
def sandbox(folder):
    """A world of its own: a freeze would hold back the stories of others."""
    started = start(folder / "governance")
    yield started
    stop(started)


def whisper(page):
    return page.locator('article.message[data-ephemeral="true"]').last


def named(card):
    """Return the id and the fingerprint, once both stand on the card."""
    expect(card).to_contain_text("fingerprint")
    small_print = card.locator("text=/Operation [a-z2-7]{7}/").inner_text()
    found = re.search(
        r"Operation ([a-z2-7]{7}).*fingerprint ([0-9a-f]{8})", small_print
    )
    return found[1], found[2]


def test_what_is_dangerous_waits_for_both_companies(become):
    alice, bob, carol = become(ALICE), become(BOB), become(CAROL)

    card = asks(alice, "/infra stop web-2", seen_by=bob)
    expect(card).to_contain_text("Needs 1 × the provider's on-call, 1 × an owner")  # noqa: RUF001 - a multiplication sign is meant
    shot(bob, "quorum-1-both-missing")
    approves(bob, card)
    expect(card).to_contain_text("Needs 1 × an owner of the client")  # noqa: RUF001 - as above
    expect(card).not_to_contain_text("Needs 1 × the provider's")  # noqa: RUF001 - as above
    expect(card).to_contain_text("Waiting for approval")
    expect(card).to_contain_text("May decide: @Carol Petit")
    shot(bob, "quorum-2-one-missing")
    hers = carol.locator("article.message", has_text="Stop web-2").last
    approves(carol, hers)
    expect(card).to_contain_text("✅ Done")
    shot(carol, "quorum-3-done")


def test_in_a_freeze_nothing_is_approved_and_afterwards_it_is(become):
    alice, bob, carol = become(ALICE), become(BOB), become(CAROL)

    says(carol, FREEZE)
    expect(bob.locator("[data-testid=messages]")).to_contain_text(
        "Carol Petit froze everything here until"
    )
    card = asks(alice, "/infra backup db-staging", seen_by=bob)
    expect(card).to_contain_text("Frozen by Carol Petit")
    expect(card.locator('[data-action-id="deny"]')).to_be_visible()
    expect(card.locator('[data-action-id="approve"]')).to_have_count(0)
    short, fingerprint = named(card)
    says(bob, f"/infra approve {short} {fingerprint}")
    expect(whisper(bob)).to_contain_text("We launch tonight")
    expect(whisper(bob)).to_contain_text("It cannot be approved before")
    shot(bob, "freeze-1-refused")
    says(carol, "/infra unfreeze all")
    expect(card.locator('[data-action-id="approve"]')).to_be_visible()
    approves(bob, card)
    expect(card).to_contain_text("✅ Done")
    shot(bob, "freeze-2-after-it")


def test_breaking_the_glass_goes_past_a_freeze_and_is_reviewed(become):
    bob, carol = become(BOB, height=1500), become(CAROL, width=390, height=1600)
    erin = become(ERIN, channel="C0ONCALL")

    says(carol, FREEZE)
    expect(bob.locator("[data-testid=messages]")).to_contain_text("froze everything")
    card = asks(
        bob,
        "/infra break-glass backup db-prod-2 because the shop loses orders since 02:10",
    )
    expect(card).to_contain_text("BREAK-GLASS · Back up db-prod-2")
    expect(card).to_contain_text("Breaking the glass goes past this")
    breaks = card.locator('[data-action-id="break_glass"]')
    expect(breaks).to_be_visible()
    shot(bob, "glass-1-card")
    breaks.click()
    expect(bob.get_by_test_id("confirm")).to_have_css("opacity", "1")
    shot(bob, "glass-2-asked-once-more")
    bob.get_by_test_id("confirm-yes").click()
    expect(card).to_contain_text("✅ Done")
    expect(card).to_contain_text("Not reviewed yet")
    shot(bob, "glass-3-done")
    for page in (carol, erin):
        told = page.locator("[data-testid=messages]")
        expect(told).to_contain_text("BREAK-GLASS for Acme")
    shot(erin, "glass-4-the-provider-is-told")
    shot(carol, "glass-5-the-owner-on-a-phone")
    short, _ = named(card)
    says(bob, "/infra break-glass backup db-staging because it is lost as well")
    expect(whisper(bob)).to_contain_text("is not reviewed yet")
    shot(bob, "glass-6-no-second-one")
    says(carol, f"/infra review {short} It was right; the alarm names the runbook now.")
    expect(card).to_contain_text("closed the review")
    shot(bob, "glass-7-reviewed")
    says(carol, "/infra unfreeze all")
    expect(whisper(carol)).to_contain_text("The freeze is over")
