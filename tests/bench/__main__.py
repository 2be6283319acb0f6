"""
`python -m tests.bench`: how fast, against what, measured in one run on this machine.

* **Durable ack**: signed slash commands until the 200, at 1, 16 and 64 at a time, for
  Tandem (the operation, its audit record, its card and its next job are on disk by
  then) and for bare Bolt (nothing is). They take turns; the ratio counts.
* **Policies** and **edits**: p50 and p99 of each, and the time to index 5,000 files.
* **Ask to card, click to start**: the whole sandbox, from a person's gesture to what
  the Slack stand-in's own ledger and the audit saw.
* **Start**: the sandbox as a newcomer starts it, in a new folder and again.

Figures are printed and written as JSON to `artifacts/bench.json`. Nothing here fails on
a slow machine except what is promised everywhere: no ack lost, none over 3 seconds.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from deploy.sandbox.demo import ALICE, BOB, People
from deploy.sandbox.places import secret
from deploy.sandbox.process import Child
from deploy.sandbox.whole import Sandbox, Wishes
from tests.bench import editing, policy, starting
from tests.bench.bare_bolt import SIGNING_SECRET
from tests.bench.load import Figures, load

CONCURRENCY = (1, 16, 64)
ROUNDS = 9  # short ones: what else the machine does changes by the second
_GAP = 0.02  # seconds between two looks at the page: the figures' own grain


@dataclass(frozen=True)
class Pair:
    """One concurrency, one round: Tandem and the baseline, one after the other."""

    tandem: Figures
    bolt: Figures

    @property
    def ratio(self) -> float:
        """Tandem's rate over bare Bolt's."""
        return self.tandem.rate / self.bolt.rate


async def acks(sandbox: Sandbox, *, requests: int) -> dict[int, list[Pair]]:
    """Measure both servers in turn; the worker is not running meanwhile."""
    bare = Child(
        "bare-bolt",
        ("tests.bench.bare_bolt", str(sandbox.places.bot + 1)),
        log=sandbox.logs / "bare-bolt.log",
        environment=sandbox.environment(worker=False),
    )
    await bare.start()
    bolt = f"http://127.0.0.1:{sandbox.places.bot + 1}/slack/events"
    tandem = f"{sandbox.places.bot_url}/slack/events"
    ours = secret(sandbox.state, "slack-signing-secret")
    await bare.answers(bolt.replace("/slack/events", "/openapi.json"))
    found: dict[int, list[Pair]] = {}
    try:
        for url, key in ((bolt, SIGNING_SECRET), (tandem, ours)):
            await load(url, secret=key, concurrency=4, requests=200)  # warm
        for concurrency in CONCURRENCY:
            many = requests if concurrency > 1 else requests // 3
            for _ in range(ROUNDS):
                b = await load(
                    bolt, secret=SIGNING_SECRET, concurrency=concurrency, requests=many
                )
                t = await load(
                    tandem, secret=ours, concurrency=concurrency, requests=many
                )
                found.setdefault(concurrency, []).append(Pair(t, b))
    finally:
        await bare.stop()
    return found


async def latencies(sandbox: Sandbox, *, times: int) -> dict[str, list[float]]:
    """Measure from gesture to effect, in milliseconds, one operation after another."""
    people = People(sandbox.places.slack_url)
    asked: list[float] = []
    clicked: list[float] = []
    try:
        for _ in range(times):
            seen = {message["ts"] for message in await people.sees(BOB)}
            began = time.perf_counter()
            await people.types(ALICE, "/infra backup db-staging")
            await people.waits_for(
                BOB, lambda one, old=seen: one.ts not in old, gap=_GAP
            )
            asked.append((time.perf_counter() - began) * 1000)
            card = await people.waits_for(
                BOB,
                lambda one, old=seen: one.ts not in old and "approve" in one.buttons,
            )
            began = time.perf_counter()
            await people.clicks(BOB, card, "approve")
            await people.waits_for(
                BOB,
                lambda one, ts=card.ts: one.ts == ts and "approve" not in one.buttons,
                gap=_GAP,
            )
            clicked.append((time.perf_counter() - began) * 1000)
    finally:
        await people.close()
    return {"ask to card": asked, "click to start": clicked}


def told(found: dict[int, list[Pair]]) -> list[dict[str, object]]:
    """Print the acks' figures and return them as rows."""
    rows: list[dict[str, object]] = []
    print(
        f"{'':12}{'c':>4}{'acks/s':>9}{'p50 ms':>9}{'p99 ms':>9}{'max ms':>9}{'bad':>5}"
    )
    for concurrency, pairs in found.items():
        for name in ("bolt", "tandem"):
            runs: list[Figures] = [getattr(pair, name) for pair in pairs]
            row: dict[str, object] = {
                "what": name,
                "concurrency": concurrency,
                "rate": statistics.median(run.rate for run in runs),
                "p50": statistics.median(run.percentile(0.5) for run in runs),
                "p99": statistics.median(run.percentile(0.99) for run in runs),
                "max": max(run.times[-1] for run in runs),
                "failed": sum(run.failed for run in runs),
            }
            rows.append(row)
            print(
                f"{name:12}{concurrency:>4}{row['rate']:>9.0f}{row['p50']:>9.1f}"
                f"{row['p99']:>9.1f}{row['max']:>9.1f}{row['failed']:>5}"
            )
        ratio = statistics.median(pair.ratio for pair in pairs)
        rows.append({"what": "ratio", "concurrency": concurrency, "rate": ratio})
        print(f"{'ratio':12}{concurrency:>4}{ratio:>9.2f}  (tandem / bare bolt)")
    return rows


def _folder() -> Path:
    """Return a new folder that PostgreSQL may enter, as another user too."""
    state = Path(tempfile.mkdtemp(prefix="tandem-bench-"))
    state.chmod(0o711)
    return state


def _keep(rows: list[dict[str, object]]) -> None:
    artifacts = Path("artifacts")
    artifacts.mkdir(exist_ok=True)
    (artifacts / "bench.json").write_text(json.dumps(rows, indent=1))


async def run(requests: int, times: int) -> int:
    """Measure everything and return 1 if an ack was lost or came too late."""
    state = _folder()
    sandbox = Sandbox(
        state, Wishes(terraform="standin", unlimited_rates=True, snapshot_seconds=0.2)
    )
    try:
        await sandbox.start_world()
        front = await sandbox.start_part("serve")
        await front.answers(f"{sandbox.places.bot_url}/readyz")
        rows = [*policy.run(), *editing.run()]
        rows += told(await acks(sandbox, requests=requests))
    finally:
        await sandbox.stop()
    shutil.rmtree(state, ignore_errors=True)
    state = _folder()
    sandbox = Sandbox(state, Wishes(terraform="standin", snapshot_seconds=0.2))
    try:
        await sandbox.start()
        for name, values in (await latencies(sandbox, times=times)).items():
            values.sort()
            middle, worst = statistics.median(values), values[-1]
            rows.append({"what": name, "p50": middle, "max": worst})
            print(f"{name:16}p50 {middle:8.0f} ms   max {worst:8.0f} ms")
    finally:
        await sandbox.stop()
        shutil.rmtree(state, ignore_errors=True)
    rows += await asyncio.to_thread(starting.run)
    await asyncio.to_thread(_keep, rows)
    late = [
        r for r in rows if r["what"] == "tandem" and (r["failed"] or r["max"] > 3000)
    ]
    if late:
        print(f"promise broken: {late}")
    return 1 if late else 0


if __name__ == "__main__":
    words = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    words.add_argument(
        "what",
        nargs="?",
        choices=("all", "policy", "editing", "start"),
        default="all",
    )
    words.add_argument("--requests", type=int, default=1000)
    words.add_argument("--times", type=int, default=8)
    asked = words.parse_args()
    if asked.what != "all":
        parts = {"policy": policy.run, "editing": editing.run, "start": starting.run}
        parts[asked.what]()
        sys.exit(0)
    sys.exit(asyncio.run(run(asked.requests, asked.times)))
