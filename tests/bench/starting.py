"""How long a newcomer waits: the sandbox's first start, and those after it."""

from __future__ import annotations

import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

AGAIN: Final = 3
_ROOT: Final = Path(__file__).parents[2]
_READY: Final = re.compile(r"sandbox is ready")


def run() -> list[dict[str, object]]:
    """Start it in a new folder and again, and return the seconds until it is ready."""
    folder = Path(tempfile.mkdtemp(prefix="tandem-start-"))
    folder.chmod(0o711)  # PostgreSQL may be another user's
    try:
        first = _start(folder / "state")
        again = [_start(folder / "state") for _ in range(AGAIN)]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    rows: list[dict[str, object]] = [
        {"what": "first start", "seconds": first},
        {"what": "second start", "seconds": statistics.median(again)},
    ]
    for row in rows:
        print(f"{row['what']:16}{row['seconds']:>11.1f} s")
    return rows


def _start(state: Path) -> float:
    """Start the program until it says that it is ready, and stop it by Ctrl-C."""
    began = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-m", "deploy.sandbox", "--port", "0", "--state", state],
        cwd=_ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        said: list[str] = []
        for line in process.stdout or ():
            said.append(line)
            if _READY.search(line):
                seconds = time.perf_counter() - began
                process.send_signal(signal.SIGINT)
                process.communicate(timeout=60)
                return seconds
    raise RuntimeError(f"the sandbox did not start: {''.join(said)[-2000:]}")
