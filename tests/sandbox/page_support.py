"""What the tests of the sandbox's page share: a browser, the double, and its hooks."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from tests.sandbox.page_double import PageDouble, served

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
ALICE = "?as=U0ALICE&channel=C0ACMEOPS"
BOB = "?as=U0BOB&channel=C0ACMEOPS"
PARENT = "1795428600.000000"


@pytest.fixture(scope="module")
def chromium():
    if not CHROMIUM.exists():
        pytest.skip("Chromium is not installed at /usr/bin/chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def running():
    double = PageDouble()
    with served(double) as url:
        yield double, url


@pytest.fixture
def double(running):
    running[0].reset()
    return running[0]


@pytest.fixture
def visit(chromium, running, double):
    """Open the page as someone; anything it logs as an error fails the test."""
    contexts, trouble = [], []

    def go(query=ALICE, *, size=None, **options):
        context = chromium.new_context(
            viewport=size or {"width": 1280, "height": 800}, locale="en-GB", **options
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(8000)
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.on("dialog", lambda dialog: trouble.append(f"dialog: {dialog.message}"))
        page.on("console", note)
        page.on("request", lambda request: near(request.url))
        page.goto(running[1] + "/" + query)
        page.wait_for_selector("[data-ready=yes]")
        return page

    def note(said):
        lost = "ERR_INCOMPLETE_CHUNKED_ENCODING" in said.text  # Tests cut streams.
        if said.type == "error" and not lost:
            trouble.append(said.text)

    def near(url):
        if not url.startswith(running[1]):
            trouble.append(f"asked another machine: {url}")

    yield go
    for context in contexts:
        context.close()
    assert trouble == []


def hook(page, name):
    return page.get_by_test_id(name)


def act(page, action_id, scope="[data-testid=messages]"):
    return page.locator(f'{scope} [data-action-id="{action_id}"]')


def composer(page):
    return hook(page, "composer")


def sent(page, double, path, *, count=1):
    """The last body the page posted to a path, once there are `count` of them."""
    for _ in range(200):
        bodies = [body for to, body in double.sent if to == path]
        if len(bodies) >= count:
            return bodies[-1]
        page.wait_for_timeout(25)
    pytest.fail(f"{path} was sent {len(bodies)} times, not {count}")


def fits(page):
    return page.evaluate(
        "() => [...document.querySelectorAll('html, body, .scroller, dialog, main')]"
        ".every(node => node.scrollWidth <= node.clientWidth + 1)"
    )


def bot(double, **more):
    return {"ts": double.tick(), "user": "U0TANDEM", "bot_id": "B0TANDEM", **more}
