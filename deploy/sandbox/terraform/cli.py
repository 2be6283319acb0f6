"""
The stand-in's front door: `terraform [-chdir=DIR] COMMAND …`.

Only this module touches the process: its environment, directory, streams, exit code.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from deploy.sandbox.terraform.arguments import parse_arguments
from deploy.sandbox.terraform.commands import COMMANDS
from deploy.sandbox.terraform.errors import TerraformError
from deploy.sandbox.terraform.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_ALIASES = {"-version": "version", "--version": "version", "-v": "version"}


def main() -> int:
    """Run the command line of this process and return its exit code."""
    environment = dict(os.environ)  # noqa: TID251 - terraform's interface is its environment
    return run(sys.argv[1:], environment=environment, directory=Path.cwd())


def run(
    words: Sequence[str], *, environment: Mapping[str, str], directory: Path
) -> int:
    """Run one command; 0 is done, 1 is refused or failed, 2 is "there are changes"."""
    try:
        return _run(words, environment, directory)
    except TerraformError as fault:
        sys.stderr.write(f"\n{fault}\n")
        return 1


def _run(words: Sequence[str], environment: Mapping[str, str], directory: Path) -> int:
    if words and words[0].startswith("-chdir="):
        directory /= words[0].removeprefix("-chdir=")
        words = words[1:]
        if not directory.is_dir():
            raise TerraformError("Error handling -chdir option", detail=str(directory))
    name = _ALIASES.get(words[0], words[0]) if words else ""
    if name not in COMMANDS:
        raise TerraformError(
            f'The sandbox\'s terraform stand-in has no command "{name}"',
            detail="It has: " + ", ".join(COMMANDS) + ".",
        )
    command, allowed = COMMANDS[name]
    arguments = parse_arguments(words[1:], allowed=allowed)
    return command(Workspace(directory, environment, _say), arguments)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
