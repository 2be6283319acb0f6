"""
Which `terraform` the pipeline's jobs find first on their PATH, and `approved-plan`.

For the runner: put `path_entries` before the job's PATH and `environment` over its
variables. The jobs' files are the same either way.
"""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from deploy.sandbox.terraform import launch
from deploy.sandbox.terraform.real import Missing, find_real
from deploy.sandbox.terraform.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Mapping

Preference = Literal["auto", "real", "standin"]


class NoRealTerraformError(Exception):
    """The real terraform was asked for by name and is not usable here; says why."""


@dataclass(frozen=True)
class Toolchain:
    """A terraform for jobs; `reason` says why it is this one."""

    path_entries: tuple[str, ...]
    environment: Mapping[str, str]
    kind: Literal["real", "standin"]
    version: str
    reason: str


def toolchain(state_dir: Path, *, prefer: Preference) -> Toolchain:
    """
    Return the terraform to use, with its files made ready under `state_dir`.

    `auto` takes the real one where it and its provider are there. Raises
    `NoRealTerraformError` when `real` is wanted and cannot be had. Blocking: the first
    use of the real one unpacks its provider (some seconds).
    """
    home = (state_dir / "terraform").absolute()
    home.mkdir(parents=True, exist_ok=True)
    if prefer == "standin":
        return _standin(home, reason="the stand-in was asked for")
    found = find_real(home)
    if isinstance(found, Missing):
        if prefer == "real":
            raise NoRealTerraformError(found.reason)
        return _standin(home, reason=found.reason)
    tools = home / "tools"
    _launcher(tools, "approved-plan")
    return Toolchain(
        (str(tools), str(found.program.parent)),
        found.environment,
        "real",
        found.version,
        reason=f"{found.program} and the AWS provider are here",
    )


def _standin(home: Path, *, reason: str) -> Toolchain:
    folder = home / "bin"
    for name in ("terraform", "approved-plan"):
        _launcher(folder, name)
    return Toolchain((str(folder),), {}, "standin", VERSION, reason=reason)


def _launcher(folder: Path, name: str) -> None:
    folder.mkdir(exist_ok=True)
    words = [sys.executable, "-I", str(Path(launch.__file__).resolve()), name]
    draft = folder / f".{name}.draft"
    draft.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n')
    draft.chmod(0o755)
    # Renamed over the old one: a job that is just starting finds one or the other.
    draft.replace(folder / name)
