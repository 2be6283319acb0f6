"""
`python -m deploy.sandbox.slack`: the stand-in as a process of its own.

Secrets come in files, never in arguments. One JSON line on standard output says where
it listens; it ends on SIGINT or SIGTERM, and loses nothing by SIGKILL.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from pathlib import Path

from pydantic import SecretStr

from deploy.sandbox.slack.courier import Route
from deploy.sandbox.slack.limits import Rates
from deploy.sandbox.slack.serve import Address, serve
from deploy.sandbox.slack.state import Secrets, SlackWorld


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m deploy.sandbox.slack")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--state", type=Path, help="folder that survives restarts")
    parser.add_argument("--request-url", default="", help="where signed HTTP goes")
    parser.add_argument(
        "--transport", choices=("auto", "http", "socket"), default="auto"
    )
    parser.add_argument("--signing-secret-file", type=Path)
    parser.add_argument("--bot-token-file", type=Path)
    parser.add_argument("--app-token-file", type=Path)
    parser.add_argument("--contracts", type=Path, help="JSON Schemas to hold to")
    parser.add_argument(
        "--unlimited-rates", action="store_true", help="for storms and benchmarks"
    )
    parser.add_argument(
        "--subscribe", action="append", default=[], help="an event type, repeatable"
    )
    return parser


def _secret(path: Path | None, default: SecretStr) -> SecretStr:
    if path is None:
        return default
    text = path.read_text(encoding="utf-8").strip()
    if not text:
        raise SystemExit(f"{path}: the file is empty; a secret is wanted")
    return SecretStr(text)


def _world(asked: argparse.Namespace) -> SlackWorld:
    given = Secrets()
    return SlackWorld.sample(
        secrets=Secrets(
            signing_secret=_secret(asked.signing_secret_file, given.signing_secret),
            bot_token=_secret(asked.bot_token_file, given.bot_token),
            app_token=_secret(asked.app_token_file, given.app_token),
        ),
        folder=asked.state,
        contracts=asked.contracts,
        route=Route(request_url=asked.request_url, transport=asked.transport),
        rates=Rates.unlimited() if asked.unlimited_rates else None,
        subscriptions=frozenset(asked.subscribe),
    )


def main() -> None:
    """Serve until told to stop."""
    asked = _parser().parse_args()
    world = _world(asked)

    def ready(address: Address) -> None:
        line = {"url": address.url, "port": address.port}
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()

    asyncio.run(serve(world, host=asked.host, port=asked.port, ready=ready))


if __name__ == "__main__":
    main()
