"""
`python -m deploy.sandbox`: start the whole world and say where the page is.

This module imports next to nothing, so that one nursery has begun to import before this
process does the same for itself. The other is split off as soon as what both need is
there, and goes on from it by itself.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from deploy.sandbox.births import Births


def _catalog(text: str) -> Path:
    if not (folder := Path(text)).joinpath("provider.yaml").is_file():
        raise argparse.ArgumentTypeError(
            f"{text} holds no provider.yaml; begin with a copy of "
            "deploy/sandbox/catalog"
        )
    return folder


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tandem sandbox", description=__doc__)
    parser.add_argument("--port", type=int, help="where the page is (default: 8000)")
    parser.add_argument(
        "--state", type=Path, default=Path(".sandbox"), help="where its state is kept"
    )
    parser.add_argument(
        "--terraform",
        choices=("auto", "real", "standin"),
        default="standin",
        help="what the pipelines run; real needs terraform and the AWS provider",
    )
    parser.add_argument(
        "--catalog",
        type=_catalog,
        help="other rules: a changed copy of deploy/sandbox/catalog",
    )
    parser.add_argument(
        "--contracts",
        type=Path,
        help="recorded wire contracts, which payloads must fit",
    )
    parser.add_argument(
        "--demo", action="store_true", help="tell the story without a browser, and end"
    )
    return parser


def main() -> None:
    """Run until Ctrl-C; a fault is one sentence and exit status 1."""
    began = time.monotonic()
    asked = _parser().parse_args()
    aws = Births("deploy.sandbox.aws.serve")
    try:
        from deploy.sandbox.common import warm  # noqa: PLC0415 - see above

        warm()
        others = Births(
            "deploy.sandbox.slack.serve",
            "deploy.sandbox.gitlab.serve",
            "deploy.sandbox.hosts",
            "bot.cli.app",
            "bot.wiring.serve",
            "bot.wiring.work",
            "bot.outbound.speech:Speech",
            fork=True,
        )
        names = ("gitlab", "hosts", "serve", "slack", "work")
        births = {"aws": aws, **dict.fromkeys(names, others)}

        from deploy.sandbox.running import run  # noqa: PLC0415 - see above

        sys.exit(run(asked, births=births, began=began))
    except KeyboardInterrupt:  # before there was anything to stop
        sys.exit(130)


if __name__ == "__main__":
    main()
