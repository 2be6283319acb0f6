"""The page as its users have it: opened as somebody, typed into, clicked."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

CHROMIUM = Path("/usr/bin/chromium")
ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
ALICE, BOB, CAROL, ERIN = "U0ALICE", "U0BOB", "U0CAROL", "U0ERIN"
ARTIFACTS = Path(__file__).parents[2] / "artifacts"
PATIENCE = 60_000


def says(page, line):
    composer = page.get_by_test_id("composer")
    composer.fill(line)
    composer.press("Enter")


def cards(page):
    messages = page.locator("[data-testid=messages] article.message")
    return messages.filter(has=page.locator("[data-block-type=header]"))


def asks(page, line, *, seen_by=None):
    """Type a line and return the card it brings, as somebody sees it."""
    there = cards(seen_by or page)
    # Counted before: "the last one" would be that of the story before for a moment.
    card = there.nth(there.count())
    says(page, line)
    expect(card).to_be_visible()
    return card


def shot(page, name):
    ARTIFACTS.mkdir(exist_ok=True)
    page.screenshot(path=ARTIFACTS / f"{name}.png")


def approves(page, card):
    card.locator('[data-action-id="approve"]').click()
    page.get_by_test_id("confirm-yes").click()
