"""
What becomes of a request that nobody decides, on the page, in real minutes.

The catalog is the sample's with shorter times, as `--catalog` takes it.
"""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import yaml
from playwright.sync_api import expect

from tests.e2e.conftest import ROOT, start, stop
from tests.e2e.page import ALICE, BOB, asks, shot

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.page, pytest.mark.long, pytest.mark.timeout(900)]
DAVE, ERIN = "U0DAVE", "U0ERIN"
MINUTES = 60_000


def hurried(into: Path) -> Path:
    """Copy the sample catalog: one is on call, it is night, and all goes in minutes."""
    shutil.copytree(ROOT / "deploy" / "sandbox" / "catalog", into)
    provider = yaml.safe_load((into / "provider.yaml").read_text())
    now = datetime.now(UTC)  # noqa: TID251 - which part of the day is night
    provider["on_call"] = [
        {
            "members": ["bob", "dave"],
            "rotates": {
                "every": "week",
                "timezone": "UTC",
                "since": now.date(),
                "at": "00:00",
            },
        }
    ]
    provider["escalation"] = {"next_after": "1m", "manager_after": "2m"}
    provider["quiet"] = {
        "timezone": "UTC",
        "from": f"{now - timedelta(hours=1):%H:%M}",
        "until": f"{now + timedelta(hours=2):%H:%M}",
    }
    (into / "provider.yaml").write_text(yaml.safe_dump(provider))
    routes = yaml.safe_load((into / "routes.yaml").read_text())
    for one in routes["routes"]:
        one |= {"expires": "4m", "remind_before": "3m"}
    (into / "routes.yaml").write_text(yaml.safe_dump(routes))
    return into


@pytest.fixture(scope="module")
def sandbox(folder):
    started = start(
        folder / "waiting", "--catalog", str(hurried(folder / "hurried-catalog"))
    )
    yield started
    stop(started)


def test_who_can_decide_is_reminded_then_the_next_then_managers_then_it_is_over(become):
    alice, bob, dave = become(ALICE), become(BOB), become(DAVE)
    erin = become(ERIN)

    quiet = asks(alice, "/infra backup db-staging")
    expect(quiet).to_contain_text("nobody is called for it before the morning")
    shot(alice, "waiting-1-quiet")

    card = asks(alice, "/infra resize web-2 m5.large", seen_by=bob)
    expect(card).to_contain_text("Waiting for approval")
    alice.get_by_test_id("open-thread").last.click(timeout=2 * MINUTES)
    thread = alice.get_by_test_id("thread-messages")
    expect(thread).to_contain_text("still waits for a decision", timeout=3 * MINUTES)
    expect(thread).to_contain_text("so these were told: Dave", timeout=3 * MINUTES)
    expect(thread).to_contain_text("so these were told: Erin", timeout=3 * MINUTES)
    shot(alice, "waiting-2-thread")
    expect(thread).to_contain_text("Nobody decided in time", timeout=4 * MINUTES)
    expect(card).to_contain_text("Expired")
    shot(bob, "waiting-3-expired")
    shot(dave, "waiting-4-next")
    shot(erin, "waiting-5-manager")
    # The night does not count into the time of what is of low risk.
    expect(quiet).to_contain_text("Waiting for approval")
