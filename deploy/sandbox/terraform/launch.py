"""
Starts a stand-in from anywhere, without trusting the directory it is started in.

The first word says which: `terraform` or `approved-plan`. The launchers run this file
with `python -I`: the checkout of a merge request is the working directory, and its
authors must not be able to bring a `deploy` package along.
"""

from __future__ import annotations

import sys
from pathlib import Path


def _start() -> int:
    sys.path.insert(0, str(Path(__file__).resolve().parents[3]))
    if sys.argv.pop(1) == "approved-plan":
        from deploy.sandbox.terraform.approved import main  # noqa: PLC0415 - importable only now
    else:
        from deploy.sandbox.terraform.cli import main  # noqa: PLC0415 - importable only now
    return main()


if __name__ == "__main__":
    sys.exit(_start())
