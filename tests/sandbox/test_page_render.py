"""What the sandbox's page draws in a real browser, and what it never runs."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.sandbox import page_support
from tests.sandbox.page_samples import MODAL, button, mrkdwn, plain
from tests.sandbox.page_support import bot, fits, hook

pytestmark = pytest.mark.page
chromium = page_support.chromium
running = page_support.running
double = page_support.double
visit = page_support.visit


def test_hostile_text_is_shown_as_text_and_never_runs(visit):
    page = visit()

    message = page.locator("article[data-author=U0MALLORY]")

    expect(message).to_contain_text("<script>alert(1)</script>")
    expect(message).to_contain_text("<img src=x onerror=alert(1)>")
    expect(message).to_contain_text("<javascript:alert(1)|click me>")
    expect(message).to_contain_text("<b>not bold</b>")
    assert message.locator("script, img, iframe, b, i").count() == 0


def test_every_link_is_a_web_address_that_cannot_reach_back(visit):
    page = visit()

    links = page.locator("[data-testid=messages] a").evaluate_all(
        "all => all.map(a => [a.protocol, a.target, a.rel])"
    )

    assert len(links) > 3
    for protocol, target, rel in links:
        assert protocol in {"http:", "https:"}
        assert target == "_blank"
        assert "noopener" in rel


@pytest.mark.parametrize("where", ["blocks", "username", "attachments", "title"])
def test_hostile_words_stay_words_wherever_an_app_puts_them(visit, double, where):
    page = visit()
    bad = "<img src=x onerror=alert(1)><javascript:alert(2)|x>"
    pieces = {
        "blocks": {
            "blocks": [
                {"type": "header", "text": plain(bad)},
                {"type": "section", "text": mrkdwn(bad), "fields": [plain(bad)]},
                {"type": bad, "block_id": bad},
                {"type": "actions", "elements": [button(bad, bad), {"type": bad}]},
                {
                    "type": "actions",
                    "elements": [button("go", "go", url="javascript:alert(3)")],
                },
                {
                    "type": "rich_text",
                    "elements": [
                        {
                            "type": "rich_text_section",
                            "elements": [
                                {"type": "link", "url": "javascript:x", "text": bad},
                                {"type": "color", "value": "url(x)"},
                                {"type": bad},
                            ],
                        }
                    ],
                },
            ]
        },
        "username": {"username": bad, "text": "hello"},
        "attachments": {
            "attachments": [
                {
                    "color": "url(//x)",
                    "title": bad,
                    "title_link": "javascript:x",
                    "text": bad,
                    "fields": [{"title": bad, "value": bad}],
                }
            ]
        },
        "title": {"text": bad},
    }
    message = bot(double, **pieces[where])

    double.put("C0ACMEOPS", message, event="message")

    shown = page.locator(f'[data-testid=messages] article[data-ts="{message["ts"]}"]')
    expect(shown).to_contain_text("<img src=x onerror=alert(1)>")
    assert shown.locator("img, script").count() == 0
    assert shown.locator("a").count() == 0


def test_every_block_type_is_drawn_and_an_unknown_one_says_so(visit):
    page = visit()

    types = set(
        page.locator("[data-testid=messages] [data-block-type]").evaluate_all(
            "all => all.map(node => node.dataset.blockType)"
        )
    )

    assert types >= {
        "section",
        "header",
        "context",
        "divider",
        "actions",
        "rich_text",
        "image",
        "input",
        "table",
        "video",
    }
    unknown = page.locator("[data-unsupported=video]")
    expect(unknown).to_contain_text("Unsupported block “video”")


def test_mrkdwn_marks_become_what_slack_shows(visit):
    page = visit()

    message = page.locator("article", has_text="snake_case_name")

    expect(message.locator("strong")).to_have_text("bold")
    expect(message.locator("em").first).to_have_text("italic")
    expect(message.locator("s")).to_have_text("gone")
    expect(message.locator("code")).to_have_text("code *not bold*")
    expect(message.locator("blockquote")).to_have_text("quoted line")
    expect(message.locator("pre")).to_have_text("pre *raw* <x>")
    expect(message).to_contain_text("@Carol Petit #acme-ops @here 🚀 :nope:")
    expect(message).to_contain_text("2*3*4 a & b")
    expect(message).to_contain_text("(edited)")
    hrefs = message.locator("a").evaluate_all("all => all.map(a => a.href)")
    assert hrefs == ["https://example.com/a", "https://bare.example/x"]


def test_a_long_line_of_lonely_marks_is_read_in_linear_time(visit):
    page = visit()

    took = page.evaluate(
        """async () => {
          const { mrkdwn } = await import('/assets/mrkdwn.js');
          const directory = { channels: new Map(), person: () => null };
          const start = performance.now();
          for (const piece of ['*a ', '<', '`', '_*~', ':a', '<@', '*a* ', '> '])
            mrkdwn(piece.repeat(20000), directory);
          return performance.now() - start;
        }"""
    )

    assert took < 4000


def test_a_diff_is_coloured_and_its_text_is_untouched(visit):
    page = visit()

    diff = page.locator("[data-testid=messages] pre.diff")

    expect(diff.locator(".diff-added")).to_contain_text('+  instance_type = "m5.large"')
    expect(diff.locator(".diff-removed")).to_have_count(1)
    lines = diff.text_content().split("\n")
    assert lines[2] == '-  instance_type = "t3.medium"'
    assert len(lines) == 5


def test_messages_are_grouped_by_author_and_divided_by_day(visit):
    page = visit()

    alice = page.locator("article[data-author=U0ALICE]")

    assert alice.count() == 2
    expect(alice.nth(0).locator(".author")).to_have_text("Alice Martin")
    expect(alice.nth(1).locator(".author")).to_have_count(0)
    expect(page.locator("[data-testid=messages] .day")).to_have_count(2)
    expect(page.locator("article[data-ephemeral=true]")).to_contain_text(
        "Only visible to you"
    )
    expect(
        page.locator("article", has_text="Resize web-2").locator(".badge")
    ).to_have_text("APP")


@pytest.mark.parametrize("width", [320, 390])
def test_a_phone_never_scrolls_sideways(visit, double, width):
    page = visit(size={"width": width, "height": 700}, has_touch=True)

    assert fits(page)
    hook(page, "open-drawer").click()
    expect(hook(page, "workspace")).to_be_in_viewport()
    page.locator("#sidebar [data-channel=C0ACMEOPS]").click()
    hook(page, "open-thread").click()
    expect(hook(page, "thread")).to_be_in_viewport(ratio=1)
    assert fits(page)
    hook(page, "close-thread").click()
    hook(page, "person-switcher").click()
    expect(hook(page, "people")).to_be_visible()
    assert fits(page)
    page.keyboard.press("Escape")
    double.tell("view", {"op": "open", "view": MODAL})
    expect(hook(page, "modal")).to_be_in_viewport(ratio=0.99)
    assert fits(page)


def test_the_dark_page_is_dark(visit):
    page = visit(color_scheme="dark")

    paper = page.locator(".panes").evaluate(
        "node => getComputedStyle(node).backgroundColor"
    )

    assert paper == "rgb(26, 29, 33)"
