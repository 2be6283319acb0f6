"""The sandbox comes back, quickly and whole, however it went."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import httpx
import pytest

from tests.e2e.conftest import ROOT, start, stop

pytestmark = [pytest.mark.world, pytest.mark.timeout(240)]


def messages(started):
    answer = httpx.get(
        f"{started.url}/page/channels/C0ACMEOPS/messages",
        params={"as": "U0ALICE"},
        trust_env=False,
    )
    return [message["ts"] for message in answer.json()["messages"]]


def types(started, line):
    body = {"as": "U0ALICE", "channel": "C0ACMEOPS", "text": line}
    httpx.post(f"{started.url}/page/command", json=body, trust_env=False, timeout=10)


def test_a_killed_sandbox_comes_back_with_everything(folder):
    first = start(folder / "killed")
    try:
        types(first, "/infra help")
        types(first, "/infra backup db-staging")
        until = time.monotonic() + 30
        while len(messages(first)) < 2 and time.monotonic() < until:
            time.sleep(0.1)
        before = messages(first)
    finally:
        os.kill(first.process.pid, signal.SIGKILL)
        first.process.communicate()

    second = start(folder / "killed")

    try:
        assert before == messages(second)[: len(before)]
    finally:
        stop(second)


def test_the_demo_tells_the_whole_story_and_verifies_the_audit(folder):
    told = subprocess.run(
        [
            sys.executable,
            "-m",
            "deploy.sandbox",
            "--demo",
            "--port",
            "0",
            "--state",
            str(folder / "demo"),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
        env={"PATH": os.defpath, "HOME": str(folder), "LANG": "C.UTF-8"},
    )

    assert told.returncode == 0, told.stdout[-3000:] + told.stderr[-2000:]
    assert "holds: acme" in told.stdout
