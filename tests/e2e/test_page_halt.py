"""A playbook that runs wild is stopped by a click, and what became of it is said."""

from __future__ import annotations

import os
import subprocess

import psutil
import pytest
from playwright.sync_api import expect

from deploy.sandbox.hosts import missing
from tests.e2e.page import ALICE, BOB, approves, asks, says, shot

pytestmark = [
    pytest.mark.page,
    pytest.mark.timeout(600),
    pytest.mark.skipif(bool(missing()), reason=f"this machine has no {missing()}"),
]

SECONDS = "86406"
WILD = f"""\
- hosts: target
  gather_facts: false
  tasks:
    - name: rebuild the search index
      command: sleep {SECONDS}
"""


def commits(sandbox, *, branch):
    """Commit a playbook that does not end, on a branch of the client's project."""
    git = ["/usr/bin/git", "-C", sandbox.state / "gitlab" / "repositories" / "1.git"]
    mallory = {"NAME": "Mallory", "EMAIL": "m@example.com"}
    who = {
        f"GIT_{role}_{name}": value
        for role in ("AUTHOR", "COMMITTER")
        for name, value in mallory.items()
    }
    index = {"GIT_INDEX_FILE": str(sandbox.state / "wild-index")}

    def does(*words, given=None):
        return subprocess.run(
            [*git, *words],
            input=given,
            check=True,
            capture_output=True,
            text=True,
            env={"PATH": os.defpath, **index, **who},
        ).stdout.strip()

    does("read-tree", "main")
    blob = does("hash-object", "-w", "--stdin", given=WILD)
    entry = f"100644,{blob},ansible/deploy/shop/site.yml"
    does("update-index", "--cacheinfo", entry)
    made = does("commit-tree", does("write-tree"), "-p", "main", "-m", "index all")
    does("update-ref", f"refs/heads/{branch}", made)


def sleeping():
    return [
        one
        for one in psutil.process_iter(["cmdline"])
        if one.info["cmdline"] == ["sleep", SECONDS]
    ]


def settles(bob, card, found):
    """Say what became of it, once more while a worker is just looking."""
    short = card.inner_text().rpartition("Operation ")[2].split()[0]
    while found not in card.inner_text():
        says(bob, f"/infra settle {short} failed {found}")
        bob.wait_for_timeout(3000)


def test_what_runs_wild_is_stopped_and_settled(become, sandbox):
    commits(sandbox, branch="wild")
    alice, bob = become(ALICE), become(BOB)

    card = asks(alice, "/infra deploy shop wild on web-host", seen_by=bob)
    expect(card.locator('[data-action-id="approve"]')).to_be_visible()
    approves(bob, card)
    stop = card.locator('[data-action-id="halt"]')
    expect(stop).to_be_visible()
    # Stopped before its first task it did nothing, and there is nothing to settle.
    while not sleeping():
        bob.wait_for_timeout(200)
    shot(bob, "halt-1-runs")
    stop.click()
    expect(bob.get_by_test_id("confirm-yes")).to_be_visible()
    shot(bob, "halt-2-asked-once-more")
    bob.get_by_test_id("confirm-yes").click()

    expect(card).to_contain_text("Bob Durand stopped it")
    expect(card.locator('[data-action-id="halt"]')).to_have_count(0)
    while sleeping():
        bob.wait_for_timeout(200)
    shot(bob, "halt-3-in-doubt")
    settles(bob, card, "Stopped while it rebuilt the index")
    shot(bob, "halt-4-settled")
