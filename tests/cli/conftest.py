"""The program `tandem`, run as an operator runs it: a process with its own settings."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import signal
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import pytest_asyncio

from bot.domain.writes import Writes
from bot.outbound import clock
from tests.outbound.slack_samples import operation_of
from tests.outbound.store_support import opened

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "deploy" / "sandbox" / "catalog"
PATIENCE = 60
# By these, and no other, the program knows that its coverage is measured.
MEASURED = {
    name: value
    for name, value in os.environ.items()  # noqa: TID251 - read, never changed
    if name.startswith("COVERAGE_")
}


@dataclass(frozen=True)
class Ended:
    """How a run of the program ended, and what it said where."""

    status: int
    out: str
    err: str

    @property
    def complaint(self):
        """The one line that it failed with."""
        assert self.status == 1, self
        (line,) = self.err.splitlines()
        return line


@dataclass(frozen=True)
class Tandem:
    """The program, and the settings it is started with."""

    settings: dict[str, str] = field(default_factory=dict)

    def having(self, **settings):
        """Return the same with other settings; None takes one away."""
        both = {**self.settings, **settings}
        kept = {name: value for name, value in both.items() if value is not None}
        return replace(self, settings=kept)

    async def __call__(self, *words, until=None):
        """Run it to its end; with `until`, ask it to stop once it has said that."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bot",
            *words,
            cwd=ROOT,
            env={**MEASURED, "PATH": os.defpath, "LANG": "C.UTF-8", **self.settings},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            async with asyncio.timeout(PATIENCE):
                began = await _heard(process.stderr, until) if until else b""
                if until:
                    process.send_signal(signal.SIGTERM)
                out, err = await process.communicate()
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        return Ended(process.returncode, out.decode(), (began + err).decode())


async def _heard(stream, words):
    said = b""
    while words.encode() not in said:
        line = await stream.readline()
        assert line, said
        said += line
    return said


@pytest.fixture
def bare():
    """The program without any setting."""
    return Tandem()


@pytest.fixture
def catalog(tmp_path):
    """A copy of the sample catalog that a test may spoil."""
    return Path(shutil.copytree(SAMPLE, tmp_path / "catalog"))


@pytest_asyncio.fixture
async def tandem(database):
    """The program with a migrated database and the sample catalog."""
    return Tandem(
        {
            "TANDEM_DATABASE_URL": database.app.get_secret_value(),
            "TANDEM_CATALOG": str(SAMPLE),
        }
    )


@pytest_asyncio.fixture
async def store(database):
    async with opened(database, size=2) as found:
        yield found


@pytest_asyncio.fixture
async def proposed(store):
    """An operation of Alice's that waits for a decision by the provider's on-call."""
    now = clock.now()
    made = operation_of("resize", id=clock.new_id(), asked_at=now)
    one = made.model_copy(update={"expires_at": now + made.route.expires})
    await store.write(Writes(client="acme", at=now, adds=(one,)))
    return one


def spoil(folder, file, old, new):
    """Change the file and return the line of the change, counted from 1."""
    path = folder / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    return text[: text.index(old)].count("\n") + 1


def plain(text):
    """Return what was said without what colours it, in one line."""
    return " ".join(re.sub(r"\x1b\[[0-9;]*m", "", text).split())
