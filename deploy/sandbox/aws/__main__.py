"""`python -m deploy.sandbox.aws --port P --state DIR --issuer URL`: AWS on loopback."""

from __future__ import annotations

import argparse
import signal
import sys
from datetime import timedelta
from pathlib import Path

from deploy.sandbox.aws.serve import SNAPSHOT_TAKES, serve
from deploy.sandbox.aws.world import WorldError


def main() -> None:
    """Serve until told to stop; say on standard output where."""
    parser = argparse.ArgumentParser(prog="python -m deploy.sandbox.aws")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--issuer", required=True)
    parser.add_argument(
        "--snapshot-seconds", type=float, default=SNAPSHOT_TAKES.total_seconds()
    )
    told = parser.parse_args()
    # Blocked before any thread starts, so that `sigwait` is the one to see them.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    serving = serve(
        told.state,
        issuer=told.issuer,
        port=told.port,
        snapshot_takes=timedelta(seconds=told.snapshot_seconds),
    )
    try:
        with serving as cloud:
            sys.stdout.write(f"ready {cloud.endpoint}\n")
            sys.stdout.flush()
            signal.sigwait({signal.SIGINT, signal.SIGTERM})
    except WorldError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
