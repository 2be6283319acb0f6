"""`python -m deploy.sandbox.gitlab --state DIR --seeds DIR`: the stand-in's process."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from pathlib import Path

from deploy.sandbox.gitlab.serve import serve
from deploy.sandbox.gitlab.world import PATH, GitLabWorld


async def run(options: argparse.Namespace) -> None:
    """Serve until told to stop; one line on standard output says where."""
    world = await GitLabWorld.sample(
        options.state,
        seeds=options.seeds,
        base_url=options.base_url,
        contracts=options.contracts,
        path=options.path,
    )
    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, over.set)
    async with serve(world, port=options.port) as url:
        state = "on" if world.contracts.on else "off (no contracts folder)"
        sys.stdout.write(f"gitlab ready at {url}; payload contracts {state}\n")
        sys.stdout.flush()
        await over.wait()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m deploy.sandbox.gitlab")
    parser.add_argument("--port", type=int, default=0, help="0 takes any free port")
    parser.add_argument("--state", type=Path, required=True, help="kept over restarts")
    parser.add_argument(
        "--seeds", type=Path, required=True, help="holds <client>-infra folders"
    )
    parser.add_argument(
        "--base-url", default="http://127.0.0.1", help="how browsers reach this"
    )
    parser.add_argument("--contracts", type=Path, help="JSON Schemas to hold to")
    parser.add_argument("--path", default=PATH, help="where jobs find programs")
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
