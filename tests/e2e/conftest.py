"""The whole sandbox as a newcomer starts it, once for all tests of this folder."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.e2e.page import ARGS, CHROMIUM, PATIENCE

ROOT = Path(__file__).parents[2]
CONTRACTS = (ROOT / "../shared/contracts").resolve()


@dataclass(frozen=True)
class Started:
    """A sandbox that runs: where its page is, and the folder with its state."""

    url: str
    state: Path
    seconds: float
    process: subprocess.Popen[str]


def start(state: Path, *more: str) -> Started:
    """Start the sandbox and return once it says that it is ready."""
    began = time.monotonic()
    words = ["--port", "0", "--state", str(state), *more]
    if CONTRACTS.is_dir():
        words += ["--contracts", str(CONTRACTS)]
    process = subprocess.Popen(
        [sys.executable, "-m", "deploy.sandbox", *words],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={"PATH": os.defpath, "HOME": str(state), "LANG": "C.UTF-8"},
    )
    said = ""
    for line in process.stdout:
        said += line
        found = re.search(r"sandbox is ready .*: (http://127\.0\.0\.1:\d+)", line)
        if found:
            return Started(found[1], state, time.monotonic() - began, process)
    pytest.fail(f"the sandbox did not start: {said[-3000:]}")


def stop(started: Started) -> None:
    """Press Ctrl-C and wait until all of it is gone."""
    started.process.send_signal(signal.SIGINT)
    started.process.communicate(timeout=60)


@pytest.fixture(scope="session")
def folder():
    # PostgreSQL runs as another user where this is root, and must get through.
    with tempfile.TemporaryDirectory(prefix="tandem-e2e-") as name:
        Path(name).chmod(0o711)
        yield Path(name)


@pytest.fixture(scope="session")
def sandbox(folder):
    started = start(folder / "sandbox")
    yield started
    stop(started)


@pytest.fixture(scope="module")
def browser():
    if not CHROMIUM.exists():
        pytest.skip("Chromium is not installed at /usr/bin/chromium")
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        yield found
        found.close()


@pytest.fixture
def become(browser, sandbox):
    """Open the page as someone; anything the page logs as an error fails the test."""
    contexts, trouble = [], []

    def go(who, *, width=1280, height=900, channel="C0ACMEOPS"):
        context = browser.new_context(viewport={"width": width, "height": height})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.on(
            "console",
            lambda said: (
                said.type == "error" and trouble.append(f"{said.text} {said.location}")
            ),
        )
        page.goto(f"{sandbox.url}/?as={who}&channel={channel}")
        page.wait_for_selector("[data-ready=yes]")
        return page

    yield go
    for context in contexts:
        context.close()
    assert trouble == []
