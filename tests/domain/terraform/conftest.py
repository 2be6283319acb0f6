"""Short ways to edit, to be refused, and to ask the real Terraform."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.domain.errors import Refused
from bot.domain.terraform.address import Address
from bot.domain.terraform.edit import set_attribute

FIXTURES = Path(__file__).parent / "fixtures"


@dataclass(frozen=True)
class Tool:
    """The real `terraform`, away from the network and from anyone's settings."""

    binary: str
    home: Path

    def run(self, *words, stdin=b"", cwd=None):
        settings = self.home / "terraform.rc"
        settings.touch()
        return subprocess.run(
            [self.binary, *words],
            input=stdin,
            cwd=cwd or self.home,
            capture_output=True,
            check=False,
            timeout=60,
            env={
                "CHECKPOINT_DISABLE": "1",
                "HOME": str(self.home),
                "TF_CLI_CONFIG_FILE": str(settings),
            },
        )

    def dirty(self, sources):
        """Return the indexes of the sources that `terraform fmt` would change."""
        listed = self._fmt(sources, "-check")
        return {int(name[:-3]) for name in listed.stdout.decode().split()}

    def formatted(self, sources):
        """Return the sources as `terraform fmt` leaves them."""
        self._fmt(sources)
        count = range(len(sources))
        return [(self.home / "fmt" / f"{each}.tf").read_bytes() for each in count]

    def _fmt(self, sources, *options):
        folder = self.home / "fmt"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for index, source in enumerate(sources):
            (folder / f"{index}.tf").write_bytes(source)
        done = self.run("fmt", "-list=true", *options, cwd=folder)
        assert not done.stderr, done.stderr.decode()
        return done


@pytest.fixture(scope="session")
def terraform(tmp_path_factory):
    binary = shutil.which("terraform")
    if binary is None:
        pytest.skip("terraform is not installed")
    return Tool(binary, tmp_path_factory.mktemp("terraform"))


@pytest.fixture(scope="session")
def edit():
    """Edit `attribute` of `address` in files given as text or bytes, by path."""

    def do(files, address, attribute, value, *, root="", var_files=()):
        if isinstance(files, str | bytes):
            files = {"main.tf": files}
        encoded = {
            path: text.encode() if isinstance(text, str) else text
            for path, text in files.items()
        }
        return set_attribute(
            encoded,
            root=root,
            address=Address.parse(address),
            attribute=attribute,
            value=value,
            var_files=var_files,
        )

    return do


@pytest.fixture(scope="session")
def refusal(edit):
    """Return (reason, file, line, what) of the refusal that an edit ends in."""

    def do(*args, **kwargs):
        with pytest.raises(Refused) as caught:
            edit(*args, **kwargs)
        message = caught.value.message
        reason = message.key.removeprefix("refused.terraform-")
        args = message.args
        return reason, args["file"], args["line"], args["what"]

    return do


@pytest.fixture(scope="session")
def plan_json():
    """Return the bytes of a stored plan."""
    return lambda name: (FIXTURES / f"{name}.json").read_bytes()
