"""
Starts the stand-in from anywhere, without trusting the directory it is started in.

The launcher runs this file with `python -I`: the checkout of a merge request is the
working directory, and its authors must not be able to bring a `deploy` package along.
"""

from __future__ import annotations

import sys
from pathlib import Path


def _start() -> int:
    sys.path.insert(0, str(Path(__file__).resolve().parents[3]))
    from deploy.sandbox.terraform.cli import main  # noqa: PLC0415 - importable only now

    return main()


if __name__ == "__main__":
    sys.exit(_start())
